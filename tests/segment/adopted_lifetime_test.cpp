// SPDX-License-Identifier: MIT
// adopted_lifetime_test ORDER: adopted memory, and what of it ends in that order around
// MPI_Finalize. Success is exit status 0: its owner was released exactly once, and when it was to
// be.
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/view_of.hpp"

#include "support/host_window.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

namespace {

using shmwin::shape;

// NOLINTBEGIN(*-avoid-non-const-global-variables): read when all is destroyed
int failures = 0;
int n_released = 0;
// NOLINTEND(*-avoid-non-const-global-variables)

void expect(bool is_true, char const* what) {
    if (is_true) return;
    ++failures;
    static_cast<void>(std::fprintf(stderr, "adopted_lifetime: not true: %s\n", what));
}

shmwin::segment open(shmwin::node const& on) {
    return shmwin::segment(on, {.capacity = std::size_t{1} << 20U});
}

// 100 numbers of this process.
shmwin::array<int, 1> adopt(shmwin::segment const& seg) {
    auto memory = std::make_unique<int[]>(100); // NOLINT(*-avoid-c-arrays)
    memory[99] = 99;
    auto* const first = memory.release();
    return seg.adopt("u", shmwin::view_of(first, shape(100), [](int const* at) {
                         ++n_released;
                         delete[] at; // NOLINT(*-owning-memory)
                     }));
}

// --- the orders ----------------------------------------------------------------------------------

void unclosed_without_handles() {
    shmwin::node const on(MPI_COMM_WORLD);
    auto const seg = open(on);
    adopt(seg);
    expect(n_released == 0, "the segment holds the owner");
    MPI_Finalize();
    expect(n_released == 1, "MPI_Finalize ends it");
}

void handle_after_finalize() {
    shmwin::node on(MPI_COMM_WORLD);
    auto seg = std::make_unique<shmwin::segment>(open(on));
    auto u = std::make_optional(adopt(*seg));
    auto const view = u->view();
    seg->close();
    seg.reset();
    on.close();
    MPI_Finalize();
    expect(n_released == 0, "a handle holds the owner");
    expect(view(99) == 99, "its elements are there");
    u.reset();
    expect(n_released == 1, "the last handle releases it");
}

void segment_after_finalize() {
    shmwin::node const on(MPI_COMM_WORLD);
    auto seg = std::make_optional(open(on));
    auto u = std::make_optional(adopt(*seg));
    MPI_Finalize();
    expect((*u)(99) == 99, "its elements are there");
    expect(seg->contains("u"), "its name is there");
    expect(seg->verify().ok(), "the segment is sound");
    seg->close(); // nothing
    u.reset();
    expect(n_released == 1, "the last handle releases it");
    seg.reset();
}

void segment_destroyed_before_finalize() {
    shmwin::node const on(MPI_COMM_WORLD);
    {
        auto seg = open(on);
        adopt(seg);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    expect(n_released == 1, "without handles it goes with the segment");
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
}

void window_freed_after_close() {
    shmwin::node on(MPI_COMM_WORLD);
    {
        shmwin::test::host_window const window(MPI_COMM_WORLD, 80);
        auto seg = open(on);
        auto const u = seg.adopt<double>("u", window.get(), shape(10 * seg.n_ranks()));
        u(10 * seg.rank()) = 1;
        seg.close();
        u(10 * on.rank() + 1) = 2; // the host's memory, as long as the host keeps it
        MPI_Barrier(MPI_COMM_WORLD);
        expect(*reinterpret_cast<double*>(window.part(0)) == 1, "not freed by the segment");
    }
    on.close();
    MPI_Finalize();
    n_released = 1; // by the host
}

void statics() {
    static std::optional<shmwin::node> on;
    static std::optional<shmwin::segment> seg;
    static std::optional<shmwin::array<int, 1>> u;
    on.emplace(MPI_COMM_WORLD);
    seg.emplace(open(*on));
    u.emplace(adopt(*seg));
    MPI_Finalize();
    expect((*u)(99) == 99, "its elements are there");
}

struct order {
    std::string_view name;
    void (*run)();
};

constexpr order orders[] = {
    {"unclosed_without_handles", unclosed_without_handles},
    {"handle_after_finalize", handle_after_finalize},
    {"segment_after_finalize", segment_after_finalize},
    {"segment_destroyed_before_finalize", segment_destroyed_before_finalize},
    {"window_freed_after_close", window_freed_after_close},
    {"statics", statics},
};

// Destroyed after all that main() made, statics too.
struct last_look {
    last_look() = default;
    last_look(last_look const&) = delete;
    last_look(last_look&&) = delete;
    last_look& operator=(last_look const&) = delete;
    last_look& operator=(last_look&&) = delete;
    ~last_look() {
        expect(n_released == 1, "released once in all");
        if (failures != 0) std::_Exit(EXIT_FAILURE); // main() has returned its status
    }
};

} // namespace

int main(int argc, char** argv) {
    static last_look const last;
    MPI_Init(&argc, &argv);
    for (auto const& each : orders) {
        if (argc == 2 && each.name == argv[1]) {
            each.run();
            return EXIT_SUCCESS;
        }
    }
    static_cast<void>(std::fputs("usage: adopted_lifetime_test ORDER\n", stderr));
    MPI_Abort(MPI_COMM_WORLD, 2);
}
