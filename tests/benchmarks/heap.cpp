// SPDX-License-Identifier: MIT
// Small blocks from the heap in the segment, beside Boost.Interprocess in the same memory and
// beside malloc in private memory. Figures are CPU nanoseconds of an allocate and a deallocate, so
// that more ranks than cores do not matter; rows that end in _wall count the clock's.
#include "harness.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <shmwin/shmwin.hpp>
#include <string>

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#endif

namespace {

using namespace shmwin::literals;
using bench::context;
using bench::side;

constexpr int n_slots = 1000;

// Seconds of the processor, or of the clock, that `work` takes on this rank.
template <typename Work>
double cost_of(context const& on, bool wall, Work&& work) {
    auto const now = [&] {
        std::timespec at{};
        ::clock_gettime(wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &at);
        return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
    };
    MPI_Barrier(on.comm());
    auto const begin = now();
    work();
    return now() - begin;
}

// Whatever gives memory and takes it back. Templates: no call more than it takes.
struct of_shmwin {
    shmwin::heap const* heap;
    void* allocate(std::size_t n) const { return heap->allocate(n, 8); }
    void deallocate(void* block) const { heap->deallocate(block); }
};
struct of_malloc {
    static void* allocate(std::size_t n) { return std::malloc(n); }
    static void deallocate(void* block) { std::free(block); }
};

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
namespace ipc = boost::interprocess;
using boost_buffer = ipc::
    basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::mutex_family>, ipc::iset_index>;
struct of_boost {
    boost_buffer* buffer;
    void* allocate(std::size_t n) const { return buffer->allocate(n); }
    void deallocate(void* block) const { buffer->deallocate(block); }
};
#endif

// A segment with a heap for each, in the same pages.
struct world {
    explicit world(context const& where)
        : on(where), node(on.comm()), seg(node, {.capacity = 512_MiB}) {
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
        constexpr std::size_t n_bytes = 192_MiB;
        memory = seg.create_array<std::byte>(
            "boost", shmwin::shape(std::int64_t{n_bytes}), {.align = 4096});
        if (on.rank() == 0) {
            buffer = std::make_unique<boost_buffer>(ipc::create_only, memory.data(), n_bytes);
        }
        seg.fence();
        if (on.rank() != 0) {
            buffer = std::make_unique<boost_buffer>(ipc::open_only, memory.data(), n_bytes);
        }
#endif
        seg.fence();
    }

    // Collective. Compares run(allocator) of all.
    template <typename Run>
    void compare(bench::unit_of_figure const& unit, double amount, bool with_malloc, Run run) {
        std::vector<side> sides{
            {"shmwin", amount, [=, this] { return run(of_shmwin{&seg.heap()}); }}};
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
        sides.push_back(
            {"boost_interprocess", amount, [=, this] { return run(of_boost{buffer.get()}); }});
#endif
        if (with_malloc)
            sides.push_back({"glibc_malloc", amount, [=] { return run(of_malloc{}); }});
        if (sides.size() > 1) on.compare(unit, sides);
    }
    void end() {
        seg.fence();
        seg.close();
    }

    context const& on;
    shmwin::node node;
    shmwin::segment seg;
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    shmwin::array<std::byte, 1> memory;
    std::unique_ptr<boost_buffer> buffer;
#endif
};

void in_order(context const& on, bool wall) {
    world all(on);
    int const n_rounds = on.quick() ? 20 : 200;
    all.compare(bench::nanoseconds, double{n_slots} * n_rounds, true, [&, wall](auto memory) {
        std::array<void*, n_slots> blocks{};
        return cost_of(on, wall, [&] {
            for (int i = 0; i < n_rounds; ++i) {
                for (auto& each : blocks) {
                    each = memory.allocate(64);
                }
                for (auto* const each : blocks) {
                    memory.deallocate(each);
                }
            }
        });
    });
    all.end();
}

void at_random(context const& on, bool wall) {
    world all(on);
    std::size_t const n_pairs = on.quick() ? 20'000 : 200'000;
    struct step {
        std::uint32_t slot;
        std::uint32_t n_bytes;
    };
    std::vector<step> steps(n_pairs);
    std::minstd_rand random(static_cast<unsigned>(on.rank() + 1));
    for (auto& each : steps) {
        each = {static_cast<std::uint32_t>(random() % n_slots),
                static_cast<std::uint32_t>(8 + random() % 505)};
    }
    all.compare(bench::nanoseconds, static_cast<double>(n_pairs), true, [&, wall](auto memory) {
        std::array<void*, n_slots> blocks{};
        for (std::size_t i = 0; i < n_slots; ++i) {
            blocks[i] = memory.allocate(steps[i].n_bytes);
        }
        auto const cost = cost_of(on, wall, [&] {
            for (auto const [slot, n_bytes] : steps) {
                memory.deallocate(blocks[slot]);
                blocks[slot] = memory.allocate(n_bytes);
            }
        });
        for (auto* const each : blocks) {
            memory.deallocate(each);
        }
        return cost;
    });
    all.end();
}

// Each rank frees what the one before it allocated.
void remote_free(context const& on, bool wall) {
    world all(on);
    int const n_rounds = on.quick() ? 20 : 200;
    auto const hand_over = all.seg.create_array<std::int64_t>(
        "hand_over", shmwin::shape(std::int64_t{on.n_ranks()}, std::int64_t{n_slots}));
    auto const next = (on.rank() + 1) % on.n_ranks();
    auto const* const origin = reinterpret_cast<std::byte const*>(hand_over.data());
    all.compare(bench::nanoseconds, double{n_slots} * n_rounds, false, [&, wall](auto memory) {
        double cost = 0;
        for (int i = 0; i < n_rounds; ++i) {
            cost += cost_of(on, wall, [&] {
                for (int k = 0; k < n_slots; ++k) {
                    hand_over(on.rank(), k) = static_cast<std::byte*>(memory.allocate(64)) - origin;
                }
            });
            all.seg.fence();
            cost += cost_of(on, wall, [&] {
                for (int k = 0; k < n_slots; ++k) {
                    memory.deallocate(const_cast<std::byte*>(origin) + hand_over(next, k));
                }
            });
            all.seg.fence();
        }
        return cost;
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
        auto const before = all.buffer->get_free_memory();
        for (auto& each : blocks) {
            each = all.buffer->allocate(n_bytes);
        }
        auto const taken = before - all.buffer->get_free_memory();
        for (auto* const each : blocks) {
            all.buffer->deallocate(each);
        }
        return static_cast<double>(taken);
    };
    on.compare(bench::bytes, {{"shmwin", n, ours}, {"boost_interprocess", n, boosts}});
    all.end();
}
#endif

} // namespace

int main(int argc, char** argv) {
    std::vector<bench::row> rows{
        {"heap/in_order_64B", {1, 2, 4}, [](auto const& on) { in_order(on, false); }},
        {"heap/in_order_64B_wall", {1, 2}, [](auto const& on) { in_order(on, true); }},
        {"heap/random_8_512B", {1, 2, 4}, [](auto const& on) { at_random(on, false); }},
        {"heap/random_8_512B_wall", {1, 2}, [](auto const& on) { at_random(on, true); }},
        {"heap/remote_free", {2, 4}, [](auto const& on) { remote_free(on, false); }}};
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    for (std::size_t const n_bytes : {8U, 24U, 64U, 200U}) {
        rows.push_back({"heap/bytes_per_object_" + std::to_string(n_bytes) + "B",
                        {1},
                        [n_bytes](auto const& on) { bytes_per_object(on, n_bytes); }});
    }
#endif
    return bench::run(argc, argv, rows);
}
