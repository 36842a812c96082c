// SPDX-License-Identifier: MIT
// How long it takes to make something that all ranks share, beside an MPI window for each thing.
// Only making is timed. What a batch made is destroyed after it, by both: a segment has the memory
// then, a window must get new pages from the system. In the rows named _fresh nothing is destroyed,
// so that both pay for pages.
#include "harness.hpp"

#include <cstring>
#include <new>
#include <shmwin/shmwin.hpp>
#include <string>
#include <vector>

namespace {
struct object_of_a_line {
    long words[8];
};
} // namespace

SHMWIN_NAME(object_of_a_line, "benchmark.line/1");

namespace {

using namespace shmwin::literals;
using bench::context;

// One MPI_Win_allocate_shared for each object: what programs do without a segment.
class windows {
  public:
    // Collective. `mine` bytes on this rank; address of rank 0's.
    void* add(MPI_Comm comm, MPI_Aint mine, void** my_part = nullptr) {
        MPI_Win window = MPI_WIN_NULL;
        void* part = nullptr;
        MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, comm, &part, &window);
        MPI_Aint n_bytes = 0;
        int unit = 0;
        void* first = nullptr;
        MPI_Win_shared_query(window, 0, &n_bytes, &unit, &first);
        all_.push_back(window);
        if (my_part != nullptr) *my_part = part;
        return first;
    }
    void free_all() {
        for (auto& each : all_) {
            MPI_Win_free(&each);
        }
        all_.clear();
    }

  private:
    std::vector<MPI_Win> all_;
};

// `batch` makes `n` objects and tells how long it took on this rank.
template <typename Batch>
bench::side in_batches(context const& on, char const* name, int n, Batch batch) {
    constexpr int n_batches = 5;
    return {name, static_cast<double>(n), [&on, batch]() mutable {
                return on.fastest(n_batches, batch);
            }};
}

// Formatting names is not what is measured.
std::vector<std::string> names_of(int batch, int n, std::string const& prefix) {
    std::vector<std::string> names;
    for (int i = 0; i < n; ++i) {
        names.push_back(prefix + std::to_string(batch) + "/" + std::to_string(i));
    }
    return names;
}

bench::side window_for_each_object(context const& on, int n) {
    return in_batches(on, "mpi_window", n, [&on, n, made = windows()]() mutable {
        auto const seconds = on.time([&] {
            for (int i = 0; i < n; ++i) {
                auto* const at =
                    made.add(on.comm(),
                             on.rank() == 0 ? static_cast<MPI_Aint>(sizeof(object_of_a_line)) : 0);
                if (on.rank() == 0) new (at) object_of_a_line{};
            }
        });
        made.free_all();
        return seconds;
    });
}

void create_object(context const& on, bool fresh) {
    int const n_ours = on.quick() ? 100 : 500;
    int const n_peer = on.quick() ? 10 : 50;
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 256_MiB});
    int n_done = 0;
    auto const ours = in_batches(on, "shmwin", n_ours, [&] {
        auto const names = names_of(n_done++, n_ours, "o/");
        auto const seconds = on.time([&] {
            for (auto const& name : names) {
                seg.create_object<object_of_a_line>(name);
            }
        });
        if (!fresh && on.rank() == 0) {
            for (auto const& name : names) {
                seg.destroy<object_of_a_line>(name);
            }
        }
        return seconds;
    });
    on.compare(bench::microseconds, {ours, window_for_each_object(on, n_peer)});
    seg.close();
}

void construct(context const& on) {
    int const n_ours = on.quick() ? 100 : 500;
    int const n_peer = on.quick() ? 10 : 50;
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 256_MiB});
    auto const prefix = std::to_string(on.rank()) + "/";
    int n_done = 0;
    auto const ours = in_batches(on, "shmwin", n_ours, [&] {
        auto const names = names_of(n_done++, n_ours, prefix);
        auto const seconds = on.time([&] {
            for (auto const& name : names) {
                seg.construct<object_of_a_line>(shmwin::transient, name);
            }
        });
        for (auto const& name : names) {
            seg.destroy<object_of_a_line>(name);
        }
        return seconds;
    });
    on.compare(bench::microseconds, {ours, window_for_each_object(on, n_peer)});
    seg.close();
}

constexpr std::size_t array_bytes = std::size_t{64} << 10U;

// Each rank zeroes its share.
bench::side window_for_each_array(context const& on, int n) {
    return in_batches(on, "mpi_window", n, [&on, n, made = windows()]() mutable {
        auto const mine = array_bytes / static_cast<std::size_t>(on.n_ranks());
        auto const seconds = on.time([&] {
            for (int i = 0; i < n; ++i) {
                void* share = nullptr;
                made.add(on.comm(), static_cast<MPI_Aint>(mine), &share);
                std::memset(share, 0, mine);
                MPI_Barrier(on.comm());
            }
        });
        made.free_all();
        return seconds;
    });
}

void create_array(context const& on, bool fresh) {
    int const n = on.quick() ? 10 : 50;
    constexpr auto n_elements = static_cast<std::int64_t>(array_bytes / sizeof(double));
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 256_MiB});
    int n_done = 0;
    std::vector<shmwin::array<double, 1>> made;
    auto const ours = in_batches(on, "shmwin", n, [&] {
        auto const names = names_of(n_done++, n, "a/");
        made.clear();
        auto const seconds = on.time([&] {
            for (auto const& name : names) {
                made.push_back(seg.create_array<double>(name, shmwin::shape(n_elements)));
            }
        });
        for (auto const& each : made) {
            if (!fresh) seg.destroy(each);
        }
        return seconds;
    });
    on.compare(bench::microseconds, {ours, window_for_each_array(on, n)});
    made.clear();
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    auto const reused = [](auto row) { return [row](context const& on) { row(on, false); }; };
    auto const fresh = [](auto row) { return [row](context const& on) { row(on, true); }; };
    return bench::run(argc,
                      argv,
                      {{"segment/create_object", {2, 4}, reused(create_object)},
                       {"segment/create_object_fresh", {2, 4}, fresh(create_object)},
                       {"segment/create_array", {2, 4}, reused(create_array)},
                       {"segment/create_array_fresh", {2, 4}, fresh(create_array)},
                       {"segment/construct", {1, 2, 4}, construct}});
}
