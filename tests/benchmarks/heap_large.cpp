// SPDX-License-Identifier: MIT
// Blocks of whole pages: how long it takes to have one, beside Boost.Interprocess in the same kind
// of pages. All pages are there before, of both: what it takes to get them from the system is no
// part of an allocator's work, and Boost leaves it to the first store.
#include "heap_world.hpp"

#include <algorithm>
#include <functional>

namespace {

using bench::context;
using bench::meter;
using bench::of_shmwin;
using bench::quick_random;
using bench::world;
using namespace shmwin::literals;

// Stores to each page: what the user of a block does to all of it, in little time. To another line
// of each page, for those at equal distances from the pages' beginnings share few cache sets.
void touch_pages(void* block, std::size_t n_bytes) {
    constexpr std::size_t page = 4096;
    for (std::size_t at = 0; at < n_bytes; at += page) {
        auto const line = at / page % (page / 64) * 64;
        bench::touch_first(static_cast<std::byte*>(block) + std::min(at + line, n_bytes - 1));
    }
}

// All that is left of one heap, block by block.
struct all_blocks {
    static constexpr std::size_t n_bytes = 1_MiB;
    std::function<void*()> allocate;
    std::function<void(void*)> deallocate;
    std::vector<void*> blocks;

    // False if it is full.
    bool touch_another() {
        try {
            blocks.push_back(allocate());
        } catch (std::exception const&) {
            return false;
        }
        touch_pages(blocks.back(), n_bytes);
        return true;
    }
    void free() {
        for (auto* const each : blocks) {
            deallocate(each);
        }
        blocks.clear();
    }
};

// Stores to all free pages, each rank in turn, for each has page tables of its own. How fast a page
// is depends on where the system takes it from, so both heaps get the same mixture: one block of
// each in turn.
void touch_all(world& all) {
    std::vector<all_blocks> heaps;
    all.for_each_shared([&](auto memory) {
        heaps.push_back({[=] { return memory.allocate(all_blocks::n_bytes); },
                         [=](void* block) { memory.deallocate(block); },
                         {}});
    });
    for (int rank = 0; rank < all.on.n_ranks(); ++rank) {
        for (bool more = rank == all.on.rank(); more;) {
            more = false;
            for (auto& each : heaps) {
                if (each.touch_another()) more = true;
            }
        }
        for (auto& each : heaps) {
            each.free();
        }
        all.seg.fence();
    }
}

// Rounds of replacing one of `n_live` blocks at random; the same blocks live on between rounds.
struct replacing {
    int n_live;  // of all ranks together
    int n_steps; // of this rank
    std::uint32_t least;
    std::uint32_t most;
    bool touch; // each page of each block

    template <typename Memory>
    [[nodiscard]] auto prepare(context const& on, Memory memory) const {
        std::vector<void*> blocks(static_cast<std::size_t>(n_live / on.n_ranks()), nullptr);
        quick_random random(static_cast<std::uint64_t>(on.rank()) + 1);
        return [=, *this, &on]() mutable {
            meter spent(on);
            spent.count([&] {
                for (int i = 0; i < n_steps; ++i) {
                    auto& block = blocks[random.below(static_cast<std::uint32_t>(blocks.size()))];
                    if (block != nullptr) memory.deallocate(block);
                    auto const n_bytes = random.between(least, most);
                    block = memory.allocate(n_bytes);
                    touch_pages(block, touch ? n_bytes : 1);
                }
            });
            return spent.of_all();
        };
    }
};

// malloc-large of the mimalloc benchmarks: 5 to 25 MiB, 20 live. malloc gets each block from the
// system and gives it back.
void malloc_large(context const& on, bool touch) {
    world all(on, {.ours = 1_GiB, .boosts = 1_GiB, .touched = false});
    int const n_steps = (on.quick() ? 100 : 500) * (touch ? 1 : 20) / on.n_ranks();
    replacing const work{20, n_steps, 5U << 20U, 25U << 20U, touch};
    touch_all(all);
    all.compare_prepared(double{1} * n_steps * on.n_ranks(), true, [&](auto memory) {
        return work.prepare(on, memory);
    });
    all.end();
}

// --- beside many others --------------------------------------------------------------------------

void* reserve(world& all, of_shmwin memory, std::size_t n_bytes) {
    return all.at(memory.heap->reserve(n_bytes, 8));
}
template <typename Memory>
void* reserve(world& /*all*/, Memory memory, std::size_t n_bytes) {
    return memory.allocate(n_bytes);
}

// `n_runs` blocks of 32 to 36 KiB, and a hole of that size behind every tenth. Nobody stores to
// them, so they take addresses alone: our heap reserves them, Boost's never touches more than the
// heads of its blocks.
template <typename Memory>
void add_runs(world& all, Memory memory, int n_runs) {
    quick_random random(1);
    std::vector<void*> holes;
    for (int i = 0; all.on.rank() == 0 && i < n_runs + n_runs / 10; ++i) {
        auto* const block = reserve(all, memory, random.between(32'769, 36'864));
        if (i % 11 == 10) holes.push_back(block);
    }
    for (auto* const each : holes) {
        memory.deallocate(each);
    }
    all.seg.fence();
}

// Blocks of 1 to 64 MiB, 8 live, beside `n_runs` others.
void large(context const& on, int n_runs) {
    auto const for_runs = static_cast<std::size_t>(n_runs + n_runs / 10) * 36_KiB;
    world all(on,
              {.ours = for_runs + 1_GiB + 256_MiB,
               .boosts = for_runs + 1_GiB + 256_MiB,
               .touched = false});
    int const n_steps = on.quick() ? 1'000 : 20'000;
    replacing const work{8, n_steps, 1U << 20U, 64U << 20U, false};
    all.for_each_shared([&](auto memory) { add_runs(all, memory, n_runs); });
    touch_all(all);
    all.compare_prepared(double{1} * n_steps * on.n_ranks(), false, [&](auto memory) {
        return work.prepare(on, memory);
    });
    all.end();
}

} // namespace

int main(int argc, char** argv) {
    std::vector<bench::row> rows{
        {"heap/malloc_large", {2, 4}, [](context const& on) { malloc_large(on, false); }},
        {"heap/malloc_large_touched", {2, 4}, [](context const& on) { malloc_large(on, true); }}};
    for (int const n_runs : {10, 1'000, 100'000}) {
        rows.push_back({"heap/large_" + std::to_string(n_runs),
                        {1, 2},
                        [n_runs](context const& on) { large(on, n_runs); }});
    }
    return bench::run(argc, argv, rows);
}
