// SPDX-License-Identifier: MIT
// The program that the scripts of the file tests start: see usage below. Exit status 0: all is as
// it should be, on all ranks.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/io/checkpoint_store.hpp"

#include "io/fail_point.hpp"
#include "support/io_elastic_state.hpp"
#include "support/io_state.hpp"
#include "support/ranks.hpp"
#include "support/save_kinds.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using namespace shmwin;
using namespace shmwin::literals;
using namespace shmwin::test;

constexpr char const* usage = R"(usage: io_program COMMAND PATH
  write PATH    saves every kind of object as step 7 of the store PATH; empty arrays, too,
                unless PATH has "full" in it
  read PATH     restores them, in place and into an empty segment, and compares
  spread PATH   saves those, and what depends on the number of ranks; compressed, if PATH has
                "deflate" in it
  gather PATH   restores what spread saved, in place and into an empty segment, and compares
  verify FILE   prints the verdict and the problems
  known PATH    saves the objects that io_judge.py knows, as steps 1 and 2
  nodes PATH    expects to be refused: the ranks are on several nodes
  fault PATH    restores what is there, compares, saves the next version; FAULT_REPLACES: of the
                same step; FAULT_KIND: a kind of save; prints what it does. FAULT_PASSED: each rank
                prints the fail points that it came to
  fail_points - prints the kinds of saves, and the names of the fail points
  leave PATH    saves every kind of object asynchronously as step 7 of the store PATH and ends
                while it is in flight: by MPI_Finalize; LEAVE=exit, unwind: by exit(), and while
                an exception leaves the ranks' scopes; LEAVE=store: the store ends first
  soak PATH     restores what is there, compares, then saves without end; prints what it does.
                SOAK_KIND: a kind of save; all is overwritten while an asynchronous one is written
)";

MPI_Comm const world = MPI_COMM_WORLD;

int fail(std::string const& why) {
    static_cast<void>(std::fprintf(stderr, "rank %d: %s\n", rank_in(world), why.c_str()));
    return 1;
}

bool has_empty_ones(std::string const& path) {
    return path.find("full") == std::string::npos;
}

int write(node const& on, std::string const& path) {
    segment seg(on, {.capacity = 64_MiB});
    every_object all(seg, has_empty_ones(path));
    all.create();
    all.flip();
    all.fill(42);
    checkpoint_store store(world, path);
    store.save(seg, {.step = 7, .time = 1.25});
    seg.close();
    return 0;
}

int read(node const& on, std::string const& path) {
    checkpoint_store store(world, path, {.verify_first = true});
    int status = 0;
    for (bool const in_place : {false, true}) {
        segment seg(on, {.capacity = 64_MiB});
        every_object all(seg, has_empty_ones(path));
        if (in_place) all.create();
        auto const at = store.restore_latest(seg);
        if (!at || at->step != 7 || at->time != 1.25) status = fail("no checkpoint of step 7");
        auto const different = all.difference(42);
        if (!different.empty()) status = fail("differs: " + different);
        seg.close();
    }
    return status;
}

// With "deflate" in PATH, compressed.
int spread(node const& on, std::string const& path) {
    segment seg(on, {.capacity = 64_MiB});
    every_object all(seg);
    elastic_objects more(seg);
    all.create();
    all.flip();
    all.fill(42);
    more.create_containers();
    more.adopt();
    more.fill();
    checkpoint_store store(
        world, path, {.deflate = path.find("deflate") == std::string::npos ? 0 : 1});
    store.save(seg, {.step = 7});
    seg.close();
    return 0;
}

int gather_again(node const& on, std::string const& path) {
    checkpoint_store store(world, path);
    int status = 0;
    for (bool const in_place : {false, true}) {
        segment seg(on, {.capacity = 64_MiB});
        every_object all(seg);
        elastic_objects more(seg);
        more.create_containers();
        if (in_place) {
            all.create();
            more.adopt();
        }
        auto const at = store.restore_latest(seg);
        if (!at) status = fail("no checkpoint");
        auto const different = all.difference(42) + more.difference(in_place);
        if (!different.empty()) status = fail("differs: " + different);
        seg.close();
    }
    return status;
}

int verify(node const& /*on*/, std::string const& path) {
    checkpoint_store store(world, path + ".store");
    auto const report = store.verify(path);
    if (rank_in(world) != 0) return 0;
    std::printf("%s\n",
                report.result == verdict::intact     ? "intact"
                : report.result == verdict::repacked ? "repacked"
                                                     : "damaged");
    for (auto const& each : report.problems) {
        std::printf("%s\n", each.c_str());
    }
    return 0;
}

int known(node const& on, std::string const& path) {
    segment seg(on, {.capacity = 16_MiB});
    known_objects(seg).create();
    checkpoint_store store(world, path);
    store.save(seg, {.step = 1, .time = 0.5});
    store.save(seg, {.step = 2, .time = 0.75});
    seg.close();
    return 0;
}

int nodes(node const& on, std::string const& path) {
    segment seg(on, {.capacity = 4_MiB});
    checkpoint_store store(world, path);
    int status = on.n_nodes() > 1 ? 0 : fail("there is one node only");
    auto const expect_refusal = [&](char const* call, auto&& f) {
        auto const thrown = error_of(f);
        if (thrown && thrown->code == errc::unsupported) return;
        status = fail(std::string(call) + ": " + (thrown ? thrown->text : "no error"));
    };
    expect_refusal("save", [&] { store.save(seg, {.step = 1}); });
    expect_refusal("restore", [&] { store.restore(seg, "none.h5"); });
    seg.fence(); // it is usable
    seg.close();
    return status;
}

// --- ends with a save in flight ------------------------------------------------------------------

int leave(node const& on, std::string const& path) {
    char const* const found = std::getenv("LEAVE"); // NOLINT(*-mt-unsafe)
    std::string_view const how = found == nullptr ? "" : found;
    segment seg(on, {.capacity = 64_MiB});
    every_object all(seg);
    all.create();
    all.flip();
    all.fill(42);
    {
        checkpoint_store store(world, path);
        auto const pending = store.save_async(seg, {.step = 7, .time = 1.25});
        all.fill(43);
        if (pending.test()) return fail("it was over too soon: this proves nothing");
        if (how == "exit") std::exit(0); // NOLINT(*-mt-unsafe): one thread of the host's
        if (how == "unwind") throw std::runtime_error("as wanted");
        if (how != "store") return 0;
    }
    seg.close();
    return 0;
}

save_kind kind_in(char const* variable) {
    char const* const name = std::getenv(variable); // NOLINT(*-mt-unsafe)
    if (name == nullptr) return save_kind::plain;
    auto const found = save_kind_of(name);
    if (!found) throw std::runtime_error(std::string("no kind of save: ") + name);
    return *found;
}

// Element i of the array in the state after `step`.
double soak_value(std::int64_t step, std::int64_t i) {
    return static_cast<double>(step) * 1e7 + static_cast<double>(i);
}

struct soak_state {
    explicit soak_state(segment& seg, std::int64_t rows = 300)
        : rank(seg.rank()),
          n_rows(rows),
          u(seg.create_levels<double>("fields/u", shape(rows, 700))),
          ids(seg.create_array<std::int64_t>("ids", shape(5000))),
          done(seg.create_value<std::int64_t>("done", -1)) {}

    void advance(std::int64_t step) {
        auto const next = u.next();
        for (auto const i : u.rows()) {
            for (std::int64_t j = 0; j < 700; ++j) {
                next(i, j) = soak_value(step, i * 700 + j);
            }
        }
        for (auto const i : ids.rows()) {
            ids(i) = step * 10000 + i;
        }
        if (rank == 0) done.store(step);
        u.flip();
    }

    // Local. Writes to this rank's part of everything, again and again.
    void overwrite_until(detail::function_ref<bool()> over) {
        for (double value = -1; !over(); value -= 1) {
            for (auto const i : u.rows()) {
                for (int level = 0; level < 2; ++level) {
                    std::fill_n(&u.level(level)(i, 0), 700, value);
                }
            }
            for (auto const i : ids.rows()) {
                ids(i) = -1;
            }
            if (rank == 0) done.store(-1);
        }
    }

    // Every value is that of `step`.
    [[nodiscard]] bool is_of(std::int64_t step) const {
        bool right = done.load() == step;
        auto const now = u.now();
        for (std::int64_t i = 0; i < n_rows; ++i) {
            for (std::int64_t j = 0; j < 700; ++j) {
                right = right && now(i, j) == soak_value(step, i * 700 + j);
            }
        }
        for (std::int64_t i = 0; i < 5000; ++i) {
            right = right && ids(i) == step * 10000 + i;
        }
        return right;
    }

    int rank;
    std::int64_t n_rows;
    levels<double, 2> u;
    array<std::int64_t, 1> ids;
    value<std::int64_t> done;
};

bool has_temporaries(std::filesystem::path const& directory) {
    std::filesystem::directory_iterator const all(directory);
    return std::any_of(
        begin(all), end(all), [](auto const& each) { return each.path().extension() == ".tmp"; });
}

int soak(node const& on, std::string const& path) {
    segment seg(on, {.capacity = 16_MiB});
    soak_state state(seg);
    bool const durable = std::getenv("SOAK_NOT_DURABLE") == nullptr; // NOLINT(*-mt-unsafe)
    auto const kind = kind_in("SOAK_KIND");
    checkpoint_store store(world, path, options_of(kind, {.keep = 2, .durable = durable}));
    if (has_temporaries(std::filesystem::path(path).parent_path())) {
        return fail("temporaries were not swept");
    }
    auto const all = store.list();
    auto const at = store.restore_latest(seg);
    // The first whole one was committed, or nothing was: what is visible is whole.
    if (at && at->file != all.back())
        return fail("the newest was not whole: " + all.back().string());
    auto step = at ? at->step : -1;
    if (at && !state.is_of(step)) return fail("wrong values of step " + std::to_string(step));
    seg.fence(); // all have looked
    std::printf("restored %lld pid %d\n", static_cast<long long>(step), ::getpid());
    static_cast<void>(std::fflush(stdout));
    for (;;) {
        state.advance(++step);
        if (is_async(kind)) {
            auto pending = store.save_async(seg, {.step = step});
            state.overwrite_until([&] { return pending.test(); }); // none of it is in the file
            pending.wait();
            seg.fence();
        } else {
            store.save(seg, {.step = step});
        }
        if (seg.rank() == 0) {
            std::printf("saved %lld\n", static_cast<long long>(step));
            static_cast<void>(std::fflush(stdout));
        }
    }
}

// --- deaths at fail points: io_fail_points.py --------------------------------------------------

bool is_explained(std::string_view name) {
    return name == ".state.lock"
           || (name.starts_with("state-0") && name.ends_with(".h5") && name.size() == 21);
}

void print(std::string const& line) {
    static_cast<void>(std::printf("%s\n", line.c_str()));
    static_cast<void>(std::fflush(stdout));
}

void print_passed(int rank) {
    if (std::getenv("FAULT_PASSED") == nullptr) return; // NOLINT(*-mt-unsafe)
    for (auto const& each : detail::passed_fail_points()) {
        print("passed " + std::to_string(rank) + ' ' + each);
    }
}

// Restores what is there, saves the next version, as the next step or in place of the same one.
// The model time is the version.
int fault(node const& on, std::string const& path) {
    segment seg(on, {.capacity = 32_MiB});
    soak_state state(seg, 600); // a chunk for each of 3 ranks
    auto const kind = kind_in("FAULT_KIND");
    auto const steady = seg.create_array<double>("steady", shape(6 << 15)); // as it was before
    checkpoint_store store(world, path, options_of(kind));
    for (auto const& each :
         std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
        auto const name = each.path().filename().string();
        if (!is_explained(name)) return fail("unexplained file: " + name);
    }
    auto const at = store.restore_latest(seg);
    auto const found = at ? static_cast<std::int64_t>(at->time) : -1;
    if (at && at->file != store.list().back()) {
        return fail("the newest was not whole: " + store.list().back().string());
    }
    if (at && !state.is_of(found)) return fail("wrong values of version " + std::to_string(found));
    seg.fence(); // all have looked
    if (seg.rank() == 0) print("restored " + std::to_string(found));
    bool const replaces = std::getenv("FAULT_REPLACES") != nullptr; // NOLINT(*-mt-unsafe)
    state.advance(found + 1);
    auto const step = (at ? at->step : 0) + (replaces ? 0 : 1);
    save_as(kind, store, seg, {.step = step, .time = static_cast<double>(found + 1)}, [&] {
        state.advance(found + 2);
    });
    if (seg.rank() == 0) print("saved " + std::to_string(found + 1));
    print_passed(seg.rank());
    seg.close();
    return 0;
}

int fail_points(node const& /*on*/, std::string const& /*path*/) {
    if (rank_in(world) != 0) return 0;
    for (auto const& each : save_kind_names) {
        print("kind " + std::string(each));
    }
    for (auto const& each : detail::fail_point_names()) {
        print("point " + each);
    }
    return 0;
}

int run(std::string_view command, std::string const& path) {
    node const on(world);
    using function = int (*)(node const&, std::string const&);
    struct row {
        std::string_view name;
        function what;
    };
    for (auto const& each : {row{"write", write},
                             row{"read", read},
                             row{"spread", spread},
                             row{"gather", gather_again},
                             row{"verify", verify},
                             row{"known", known},
                             row{"nodes", nodes},
                             row{"leave", leave},
                             row{"soak", soak},
                             row{"fault", fault},
                             row{"fail_points", fail_points}}) {
        if (command == each.name) return each.what(on, path);
    }
    return fail(usage);
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int status = 1;
    try {
        status = argc == 3 ? run(argv[1], argv[2]) : fail(usage);
    } catch (std::runtime_error const& failed) {
        bool const wanted = std::string_view(failed.what()) == "as wanted";
        status = wanted ? 0 : fail(failed.what());
    } catch (std::exception const& failed) {
        status = fail(failed.what());
    }
    if (status != 0) MPI_Abort(world, status);
    MPI_Finalize();
    return status;
}
