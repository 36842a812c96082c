// SPDX-License-Identifier: MIT
// Workloads in which each rank frees what it allocated: of the Hoard and glibc benchmarks, written
// anew from their descriptions, with ranks for threads. malloc serves each rank from memory of
// its own, so ranks cannot get into each other's way there.
#include "heap_world.hpp"

#include <array>

namespace {

using bench::context;
using bench::meter;
using bench::world;

// E. Berger et al., "Hoard: a scalable memory allocator for multithreaded applications", 2000:
// 100,000 blocks of 8 bytes, shared out among the ranks, are allocated, then freed.
void threadtest(context const& on) {
    world all(on);
    int const n_rounds = on.quick() ? 2 : 20;
    auto const n_blocks = static_cast<std::size_t>(100'000 / on.n_ranks());
    auto const n_pairs = static_cast<double>(n_blocks) * n_rounds * on.n_ranks();
    all.compare(n_pairs, true, [&on, n_blocks, n_rounds](auto memory) {
        std::vector<void*> blocks(n_blocks);
        meter spent(on);
        spent.count([&] {
            for (int i = 0; i < n_rounds; ++i) {
                for (auto& each : blocks) {
                    each = memory.allocate(8);
                    bench::touch_first(each);
                }
                for (auto* const each : blocks) {
                    memory.deallocate(each);
                }
            }
        });
        return spent.of_all();
    });
    all.end();
}

// glibc's benchtests: 25, 100, 400 and 1600 blocks are allocated and freed in order, again and
// again; here of 16 to 1024 bytes, all of one size at a time.
void glibc_simple(context const& on) {
    world all(on);
    int const n_each = on.quick() ? 1'600 : 16'000; // pairs of a size and a number
    constexpr std::array<int, 4> numbers{25, 100, 400, 1600};
    constexpr std::array<std::size_t, 4> sizes{16, 64, 256, 1024};
    auto const n_pairs = static_cast<double>(n_each) * on.n_ranks() * numbers.size() * sizes.size();
    auto const run = [](auto memory, void** blocks, int n, int n_rounds, std::size_t n_bytes) {
        for (int i = 0; i < n_rounds; ++i) {
            for (int k = 0; k < n; ++k) {
                blocks[k] = memory.allocate(n_bytes);
            }
            for (int k = 0; k < n; ++k) {
                memory.deallocate(blocks[k]);
            }
        }
    };
    all.compare(n_pairs, true, [&, n_each](auto memory) {
        std::array<void*, 1600> blocks{};
        meter spent(on);
        spent.count([&] {
            for (auto const n_bytes : sizes) {
                for (int const n : numbers) {
                    run(memory, blocks.data(), n, n_each / n, n_bytes);
                }
            }
        });
        return spent.of_all();
    });
    all.end();
}

// The cache benchmarks of Hoard: each rank writes 500 times into a block of 8 bytes before it takes
// the next. Blocks of different ranks in one cache line make writing slow (false sharing).
// Scratch: before, each rank frees a block that rank 0 allocated, next to the others'; an
// allocator that gives it back to the rank that freed it brings the false sharing about.
void cache(context const& on, bool scratch) {
    world all(on);
    int const n_blocks = on.quick() ? 2'000 : 40'000;
    constexpr int n_writes = 500;
    auto const handed_out =
        all.seg.create_array<std::uint64_t>("blocks", shmwin::shape(std::int64_t{on.n_ranks()}));
    auto const n_pairs = static_cast<double>(n_blocks) * on.n_ranks();
    all.compare(n_pairs, false, [&, n_blocks, scratch](auto memory) {
        for (int i = 0; scratch && on.rank() == 0 && i < on.n_ranks(); ++i) {
            handed_out(i) = all.offset_of(memory.allocate(8));
        }
        all.seg.fence();
        if (scratch) memory.deallocate(all.at(handed_out(on.rank())));
        meter spent(on);
        spent.count([&] {
            for (int i = 0; i < n_blocks; ++i) {
                auto* const block = memory.allocate(8);
                auto volatile& word = *static_cast<std::uint64_t*>(block);
                for (int k = 0; k < n_writes; ++k) {
                    word = word + 1;
                }
                memory.deallocate(block);
            }
        });
        return spent.of_all();
    });
    all.end();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc,
                      argv,
                      {{"heap/threadtest", {2, 4}, threadtest},
                       {"heap/glibc_simple", {2, 4}, glibc_simple},
                       {"heap/cache_scratch", {2, 4}, [](context const& on) { cache(on, true); }},
                       {"heap/cache_thrash", {2, 4}, [](context const& on) { cache(on, false); }}});
}
