// SPDX-License-Identifier: MIT
// Small blocks from the heap in the segment, beside Boost.Interprocess in the same memory and
// beside malloc in private memory; and what an object takes.
#include "heap_world.hpp"

#include <array>

namespace {

using bench::context;
using bench::meter;
using bench::world;

constexpr int n_slots = 1000;

void in_order(context const& on) {
    world all(on);
    int const n_rounds = on.quick() ? 20 : 200;
    auto const n_pairs = double{n_slots} * n_rounds * on.n_ranks();
    all.compare(n_pairs, true, [&on, n_rounds](auto memory) {
        std::array<void*, n_slots> blocks{};
        meter spent(on);
        spent.count([&] {
            for (int i = 0; i < n_rounds; ++i) {
                for (auto& each : blocks) {
                    each = memory.allocate(64);
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

void at_random(context const& on) {
    world all(on);
    std::size_t const n_steps = on.quick() ? 20'000 : 200'000;
    struct step {
        std::uint32_t slot;
        std::uint32_t n_bytes;
    };
    std::vector<step> steps(n_steps);
    bench::quick_random random(static_cast<std::uint64_t>(on.rank()) + 1);
    for (auto& each : steps) {
        each = {random.below(n_slots), random.between(8, 512)};
    }
    auto const n_pairs = static_cast<double>(n_steps) * on.n_ranks();
    all.compare(n_pairs, true, [&on, &steps](auto memory) {
        std::array<void*, n_slots> blocks{};
        for (std::size_t i = 0; i < n_slots; ++i) {
            blocks[i] = memory.allocate(steps[i].n_bytes);
        }
        meter spent(on);
        spent.count([&] {
            for (auto const [slot, n_bytes] : steps) {
                memory.deallocate(blocks[slot]);
                blocks[slot] = memory.allocate(n_bytes);
            }
        });
        for (auto* const each : blocks) {
            memory.deallocate(each);
        }
        return spent.of_all();
    });
    all.end();
}

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
// What 100,000 objects take, each.
void bytes_per_object(context const& on, std::size_t n_bytes) {
    world all(on);
    constexpr int n = 100'000;
    std::vector<void*> blocks(n);
    auto const ours = [&] {
        auto const before = all.seg.heap().stats();
        for (auto& each : blocks) {
            each = all.seg.heap().allocate(n_bytes, 8);
        }
        auto const after = all.seg.heap().stats();
        for (auto* const each : blocks) {
            all.seg.heap().deallocate(each);
        }
        all.seg.heap().collect();
        return static_cast<double>(after.in_pages - before.in_pages + after.metadata
                                   - before.metadata);
    };
    auto const boosts = [&] {
        auto const before = all.boosts().get_free_memory();
        for (auto& each : blocks) {
            each = all.boosts().allocate(n_bytes);
        }
        auto const taken = before - all.boosts().get_free_memory();
        for (auto* const each : blocks) {
            all.boosts().deallocate(each);
        }
        return static_cast<double>(taken);
    };
    on.compare(bench::bytes, {{"shmwin", n, ours}, {"boost_interprocess", n, boosts}});
    all.end();
}
#endif

} // namespace

int main(int argc, char** argv) {
    std::vector<bench::row> rows{{"heap/in_order_64B", {1, 2, 4}, in_order},
                                 {"heap/random_8_512B", {1, 2, 4}, at_random}};
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    for (std::size_t const n_bytes : {8U, 24U, 64U, 200U}) {
        rows.push_back({"heap/bytes_per_object_" + std::to_string(n_bytes) + "B",
                        {1},
                        [n_bytes](auto const& on) { bytes_per_object(on, n_bytes); }});
    }
#endif
    return bench::run(argc, argv, rows);
}
