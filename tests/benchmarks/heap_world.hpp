// SPDX-License-Identifier: MIT
// What the benchmarks of the heap have in common: a segment with our heap and with one of
// Boost.Interprocess in the same kind of pages, and a meter.
//
// A workload is a template over whatever allocates and frees, so that no call costs more than it
// does. Its figure is the processor time of all ranks together for one allocate and deallocate:
// more ranks than cores do not matter then. The rows named _wall have the pairs of all ranks
// together by the clock, from the same rounds.
#pragma once

#include "harness.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <sched.h>
#include <shmwin/shmwin.hpp>
#include <string>
#include <utility>
#include <vector>

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#endif

namespace bench {

using namespace shmwin::literals;

// --- who allocates -------------------------------------------------------------------------------

struct of_shmwin {
    shmwin::heap const* heap;
    [[nodiscard]] void* allocate(std::size_t n_bytes) const { return heap->allocate(n_bytes, 8); }
    void deallocate(void* block) const { heap->deallocate(block); }
};

// NOLINTBEGIN(cppcoreguidelines-no-malloc): it is what is measured
struct of_malloc {
    [[nodiscard]] static void* allocate(std::size_t n_bytes) { return std::malloc(n_bytes); }
    static void deallocate(void* block) { std::free(block); }
};
// NOLINTEND(cppcoreguidelines-no-malloc)

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
using boost_buffer = boost::interprocess::basic_managed_external_buffer<
    char,
    boost::interprocess::rbtree_best_fit<boost::interprocess::mutex_family>,
    boost::interprocess::iset_index>;

struct of_boost {
    boost_buffer* buffer;
    [[nodiscard]] void* allocate(std::size_t n_bytes) const { return buffer->allocate(n_bytes); }
    void deallocate(void* block) const { buffer->deallocate(block); }
};
#endif

// --- what is measured ----------------------------------------------------------------------------

/// Adds up what parts of a round cost this rank.
class meter {
  public:
    explicit meter(context const& on) : on_(on) {}

    /// Collective: all ranks begin together.
    template <typename Work>
    void count(Work&& work) {
        MPI_Barrier(on_.comm());
        auto const processor = now(CLOCK_PROCESS_CPUTIME_ID);
        auto const wall = now(CLOCK_MONOTONIC);
        work();
        wall_ += now(CLOCK_MONOTONIC) - wall;
        processor_ += now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    }

    /// Local, in a part that is counted. Lets others run until `ready()`, which is none of the
    /// heap's work: it counts by the clock alone.
    template <typename Ready>
    void wait_until(Ready&& ready) {
        if (ready()) return;
        auto const begin = now(CLOCK_PROCESS_CPUTIME_ID);
        do {
            ::sched_yield();
        } while (!ready());
        processor_ -= now(CLOCK_PROCESS_CPUTIME_ID) - begin;
    }

    /// Collective. The processors' time of all ranks, and the longest by the clock.
    [[nodiscard]] cost of_all() const {
        double sum = processor_;
        MPI_Allreduce(&processor_, &sum, 1, MPI_DOUBLE, MPI_SUM, on_.comm());
        return {sum, wall_};
    }

  private:
    [[nodiscard]] static double now(clockid_t which) {
        std::timespec at{};
        ::clock_gettime(which, &at);
        return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
    }

    context const& on_;
    double processor_ = 0;
    double wall_ = 0;
};

/// Random numbers that cost less than what is measured (a linear congruence modulo 2^64 with the
/// multiplier of D. Knuth's MMIX; the upper half is used).
class quick_random {
  public:
    explicit quick_random(std::uint64_t seed) : state_(seed * 0x9e37'79b9'7f4a'7c15U + 1) {}

    /// From 0 to n - 1.
    [[nodiscard]] std::uint32_t below(std::uint32_t n) {
        state_ = state_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
        return static_cast<std::uint32_t>((state_ >> 32U) * n >> 32U);
    }
    [[nodiscard]] std::uint32_t between(std::uint32_t least, std::uint32_t most) {
        return least + below(most - least + 1);
    }
    [[nodiscard]] bool chance(std::uint32_t percent) { return below(100) < percent; }

  private:
    std::uint64_t state_;
};

/// What a user does with a fresh block, at least.
inline void touch_first(void* block) {
    *static_cast<std::byte volatile*>(block) = std::byte{1};
}

// --- where ---------------------------------------------------------------------------------------

/// Collective. A segment, and Boost's in an array of it.
class world {
  public:
    struct sizes {
        std::size_t ours = 256_MiB;
        std::size_t boosts = 192_MiB;
        bool touched = true; ///< Boost's pages are there before it begins, as its users would do
    };

    explicit world(context const& where) : world(where, sizes{}) {}
    world(context const& where, sizes const& wanted)
        : on(where), node(on.comm()), seg(node, {.capacity = wanted.ours + wanted.boosts}) {
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
        namespace ipc = boost::interprocess;
        memory_ = seg.create_array<std::byte>(
            "boost",
            shmwin::shape(static_cast<std::int64_t>(wanted.boosts)),
            {.touch = wanted.touched ? shmwin::touch::by_rows : shmwin::touch::later,
             .align = 4096});
        if (on.rank() == 0) {
            boosts_ =
                std::make_unique<boost_buffer>(ipc::create_only, memory_.data(), wanted.boosts);
        }
        seg.fence();
        if (on.rank() != 0) {
            boosts_ = std::make_unique<boost_buffer>(ipc::open_only, memory_.data(), wanted.boosts);
        }
#endif
        seg.fence();
    }

    /// Local. A block's place in the segment, the same on all ranks, whoever gave it. 0: none.
    [[nodiscard]] std::uint64_t offset_of(void const* block) const {
        return seg.heap().offset_of(block);
    }
    [[nodiscard]] void* at(std::uint64_t offset) const {
        return seg.heap().at(offset);
    }

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    [[nodiscard]] boost_buffer& boosts() const {
        return *boosts_;
    }
#endif

    /// Local. Calls use(allocator) for each heap in the segment.
    template <typename Use>
    void for_each_shared(Use&& use) const {
        use(of_shmwin{&seg.heap()});
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
        use(of_boost{boosts_.get()});
#endif
    }

    /// Collective. Compares run(allocator) of all, which gives the cost of a round. `n_pairs` are
    /// those of all ranks together.
    template <typename Run>
    void compare(double n_pairs, bool with_malloc, Run run) {
        compare_prepared(n_pairs, with_malloc, [run](auto memory) {
            return [run, memory] { return run(memory); };
        });
    }

    /// Collective. As compare(), with what `prepare(allocator)` gives: a round that can be copied,
    /// and shares with its copies what it keeps between rounds.
    template <typename Prepare>
    void compare_prepared(double n_pairs, bool with_malloc, Prepare prepare) {
        std::vector<side> sides{{"shmwin", n_pairs, prepare(of_shmwin{&seg.heap()})}};
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
        sides.push_back({"boost_interprocess", n_pairs, prepare(of_boost{boosts_.get()})});
#endif
        if (with_malloc) sides.push_back({"glibc_malloc", n_pairs, prepare(of_malloc{})});
        if (sides.size() > 1) on.compare(nanoseconds, sides, &wall_line);
    }

    /// Collective.
    void end() {
        seg.fence();
        seg.close();
    }

    context const& on;   // NOLINT(*-avoid-const-or-ref-data-members): lives as long as a row
    shmwin::node node;   // NOLINT(*-non-private-member-*): what workloads work with
    shmwin::segment seg; // NOLINT(*-non-private-member-*)

  private:
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    shmwin::array<std::byte, 1> memory_;
    std::unique_ptr<boost_buffer> boosts_;
#endif
};

} // namespace bench
