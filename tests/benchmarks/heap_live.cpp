// SPDX-License-Identifier: MIT
// What an allocate and a deallocate cost among 1,000 to 10,000,000 live blocks of 64 bytes, beside
// Boost.Interprocess and malloc with as many of their own.
//
// Replaced are 256 neighbours in the order of allocation, at a random place: all freed, then all
// allocated again. Nobody touches the blocks, and the table of pointers is read in sequence: so
// what misses the caches is what the allocator itself looks at (its share grows with what it keeps
// of each block), hardly ever the loop's table. Work that grows with the number of blocks would
// show at each of the 256.
#include "heap_world.hpp"

namespace {

using bench::context;
using bench::meter;
using bench::world;
using namespace shmwin::literals;

constexpr std::uint32_t n_neighbours = 256;

template <typename Memory>
auto among(context const& on, Memory memory, std::uint32_t n_live, int n_steps) {
    auto const blocks = std::make_shared<std::vector<void*>>(n_live);
    for (auto& each : *blocks) {
        each = memory.allocate(64);
    }
    bench::quick_random random(1);
    return [=, &on]() mutable {
        meter spent(on);
        spent.count([&] {
            for (int i = 0; i < n_steps; ++i) {
                auto* const first = blocks->data() + random.below(n_live - n_neighbours);
                for (std::uint32_t k = 0; k < n_neighbours; ++k) {
                    memory.deallocate(first[k]);
                }
                for (std::uint32_t k = 0; k < n_neighbours; ++k) {
                    first[k] = memory.allocate(64);
                }
            }
        });
        return spent.of_all();
    };
}

// The blocks that live at the end are left to the segment, and to the end of the process.
void live(context const& on, std::uint32_t n_live) {
    auto const n_bytes = std::size_t{n_live} * 72;
    world all(on, {.ours = n_bytes + 16_MiB, .boosts = n_bytes * 5 / 4 + 16_MiB, .touched = false});
    int const n_steps = on.quick() ? 200 : 2'000;
    auto const n_pairs = double{n_neighbours} * n_steps;
    all.compare_prepared(n_pairs, true, [&on, n_live, n_steps](auto memory) {
        return among(on, memory, n_live, n_steps);
    });
    all.end();
}

} // namespace

int main(int argc, char** argv) {
    auto const among_so_many = [](std::uint32_t n) {
        return [n](context const& on) { live(on, n); };
    };
    return bench::run(argc,
                      argv,
                      {{"heap/live_1k", {1}, among_so_many(1'000)},
                       {"heap/live_100k", {1}, among_so_many(100'000)},
                       {"heap/live_1M", {1}, among_so_many(1'000'000)},
                       {"heap/live_10M", {1}, among_so_many(10'000'000)}});
}
