// SPDX-License-Identifier: MIT
// lifetime_test ORDER: segments and handles that end in that order around MPI_Finalize. Success is
// exit status 0, of a program that sees all ranks' numbers to its very end.
#include "shmwin/segment/segment.hpp"

#include <mpi.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

namespace {

using shmwin::shape;

int failures = 0; // NOLINT(*-avoid-non-const-global-variables): read when all is destroyed

void expect(bool is_true, char const* what) {
    if (is_true) return;
    ++failures;
    static_cast<void>(std::fprintf(stderr, "lifetime: not true: %s\n", what));
}

// One handle of each kind.
struct handles {
    explicit handles(shmwin::segment const& seg)
        : grid(seg.create_array<int>("grid", shape(seg.n_ranks(), 3))),
          large(seg.create_array<double>("large", shape(seg.n_ranks(), 100'000))),
          levels(seg.create_levels<int>("levels", shape(seg.n_ranks()))),
          counter(seg.create_value<int>("counter")),
          work(seg.scratch_array<int>(shape(seg.n_ranks()))),
          group(seg.group("group")),
          rank(seg.rank()),
          n_ranks(seg.n_ranks()) {
        grid(rank, 2) = rank + 1;
        large(rank, 99'999) = rank + 0.5;
        levels.next()(rank) = rank;
        levels.flip();
        counter.fetch_add(1);
        work(rank) = -rank;
    }

    // Everything is still there, from all ranks.
    void look() const {
        for (int r = 0; r < n_ranks; ++r) {
            expect(grid(r, 2) == r + 1, "array");
            expect(large(r, 99'999) == r + 0.5, "large array");
            expect(levels.now()(r) == r, "levels");
            expect(work(r) == -r, "scratch array");
        }
        expect(counter.load() >= n_ranks, "value");
        expect(grid.is_valid() && levels.is_valid() && counter.is_valid(), "handles are valid");
        expect(!group.contains("nothing"), "group");
    }

    // After MPI_Finalize: what one rank stores, all others see.
    void talk_without_mpi() const {
        counter.fetch_add(1000);
        auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (counter.load() / 1000 < n_ranks) {
            if (std::chrono::steady_clock::now() > limit) break;
            std::this_thread::yield();
        }
        expect(counter.load() / 1000 == n_ranks, "stores after MPI_Finalize are shared");
    }

    shmwin::array<int, 2> grid;
    shmwin::array<double, 2> large;
    shmwin::levels<int, 1> levels;
    shmwin::value<int> counter;
    shmwin::scratch_array<int, 1> work;
    shmwin::object_group group;
    int rank;
    int n_ranks;
};

shmwin::segment open(shmwin::node const& on) {
    return shmwin::segment(on, {.capacity = std::size_t{16} << 20U});
}

// Looks once more when it is destroyed, with the other statics, after main().
struct late_look {
    late_look() = default;
    late_look(late_look const&) = delete;
    late_look(late_look&&) = delete;
    late_look& operator=(late_look const&) = delete;
    late_look& operator=(late_look&&) = delete;
    ~late_look() {
        if (kept) kept->look();
        if (failures != 0) std::_Exit(EXIT_FAILURE); // main() has returned its status
    }
    std::optional<handles> kept;
};

// --- the orders ----------------------------------------------------------------------------------

void closed_then_handles() {
    shmwin::node on(MPI_COMM_WORLD);
    auto seg = open(on);
    handles const kept(seg);
    seg.close();
    on.close();
    kept.look();
    MPI_Finalize();
    kept.look();
    kept.talk_without_mpi();
}

void handles_then_segment_unclosed() {
    shmwin::node const on(MPI_COMM_WORLD);
    auto const seg = std::make_unique<shmwin::segment>(open(on));
    auto kept = std::make_unique<handles>(*seg);
    seg->fence();
    kept->look();
    kept.reset();
    MPI_Finalize();
}

void segment_after_finalize() {
    shmwin::node const on(MPI_COMM_WORLD);
    auto seg = open(on);
    handles const kept(seg);
    seg.fence();
    MPI_Finalize();
    kept.look();
    kept.talk_without_mpi();
    expect(!seg.is_open(), "a segment is closed after MPI_Finalize");
    expect(seg.list().size() == 4, "its names are there");
    expect(seg.verify().ok(), "its heap is sound");
    seg.close(); // nothing
}

void node_first() {
    auto on = std::make_unique<shmwin::node>(MPI_COMM_WORLD);
    auto seg = open(*on);
    on.reset(); // the segment holds what it needs
    handles const kept(seg);
    seg.fence();
    seg.close();
    MPI_Finalize();
    kept.look();
}

void segment_destroyed_before_finalize() {
    shmwin::node const on(MPI_COMM_WORLD);
    std::optional<handles> kept;
    {
        auto seg = open(on);
        kept.emplace(seg);
        seg.fence();
        MPI_Barrier(MPI_COMM_WORLD); // all have left the fence
    }
    kept->look();
    MPI_Finalize();
    kept->look();
    kept->talk_without_mpi();
}

void several_each_rank_in_its_order() {
    shmwin::node const on(MPI_COMM_WORLD);
    std::optional<shmwin::segment> one(open(on));
    std::optional<shmwin::segment> two(open(on));
    std::optional<shmwin::segment> three(open(on));
    handles const kept(*two);
    two->fence();
    one->close();
    MPI_Barrier(MPI_COMM_WORLD);
    // Destructors wait for nobody, so ranks may differ.
    if (on.rank() % 2 == 0) {
        two.reset();
        three.reset();
        one.reset();
    } else {
        three.reset();
        one.reset();
        two.reset();
    }
    kept.look();
    MPI_Finalize();
    kept.look();
}

void windows_unfreed() {
    shmwin::node const on(MPI_COMM_WORLD);
    auto one = std::make_unique<shmwin::window>(on, 10'000);
    shmwin::window const two(
        on, 10'000, shmwin::window_options{shmwin::backing_kind::memfd, false});
    auto const keep = one->keep_alive();
    auto const bytes = one->bytes();
    one.reset();
    bytes[0] = std::byte{1};
    MPI_Finalize();
    bytes[1] = std::byte{2};
    two.bytes()[0] = std::byte{3};
    expect(bytes[1] == std::byte{2}, "window's bytes after MPI_Finalize");
}

void statics(bool closed) {
    static late_look late; // destroyed after the next one
    static std::optional<shmwin::node> on;
    static std::optional<shmwin::segment> seg;
    on.emplace(MPI_COMM_WORLD);
    seg.emplace(open(*on));
    late.kept.emplace(*seg);
    seg->fence();
    if (closed) seg->close();
    MPI_Finalize();
    late.kept->look();
    late.kept->talk_without_mpi();
}

struct order {
    std::string_view name;
    void (*run)();
};

constexpr order orders[] = {
    {"closed_then_handles", closed_then_handles},
    {"handles_then_segment_unclosed", handles_then_segment_unclosed},
    {"segment_after_finalize", segment_after_finalize},
    {"node_first", node_first},
    {"segment_destroyed_before_finalize", segment_destroyed_before_finalize},
    {"several_each_rank_in_its_order", several_each_rank_in_its_order},
    {"windows_unfreed", windows_unfreed},
    {"statics_closed", [] { statics(true); }},
    {"statics_unclosed", [] { statics(false); }},
};

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    for (auto const& each : orders) {
        if (argc == 2 && each.name == argv[1]) {
            each.run();
            return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    static_cast<void>(std::fputs("usage: lifetime_test ORDER\n", stderr));
    MPI_Abort(MPI_COMM_WORLD, 2);
}
