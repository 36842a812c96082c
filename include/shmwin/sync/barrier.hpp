// SPDX-License-Identifier: MIT
// barrier: where some of the ranks meet, again and again. Each adds itself to a count; the last one
// moves a word on that the others look at, in another cache line. That word also says whether the
// barrier is broken: so each meeting is decided once, by one compare-exchange.
//
//     fate: meetings so far (31 bits) | 0
//           rank (29) | gave up | lowest bit of the meetings so far | 1      broken
//
// A rank cannot be more than one meeting behind, so one bit says whether its own was the broken
// one. The lowest member first spins for a while without adding itself: if the others come
// meanwhile, it lets them go, and what the last meeting touched is in its cache. In memory:
//
//     | arrivals (64 bytes) | fate, sleepers, arrivals before (64) | members: how many (64) | bits
//     |
//
// Layer: sync. Central: D. Hensgen, R. Finkel, U. Manber, "Two algorithms for barrier
// synchronization", 1988.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/missing.hpp"
#include "shmwin/sync/wait.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// In the segment. Behind it stand n_words words with a bit for each member.
struct barrier_state {
    alignas(64) std::atomic<std::uint64_t> arrivals; ///< of all meetings
    alignas(64) waitable fate;
    std::atomic<std::uint64_t> arrivals_before; ///< when this meeting began
    alignas(64) std::uint32_t n_members = 0;
    std::uint32_t n_words = 0;
    std::int32_t lowest_member = 0;

    [[nodiscard]] rank_bits members() const noexcept {
        return {reinterpret_cast<std::uint64_t const*>(this + 1), n_words};
    }
};
static_assert(sizeof(barrier_state) == 192);

/// Local. Bytes of a barrier for some of `n_ranks`, its bits included: a multiple of its state's.
[[nodiscard]] SHMWIN_API std::size_t barrier_bytes(int n_ranks) noexcept;

/// Local. Makes a barrier in barrier_bytes(n_ranks) zero bytes.
/// @throws argument_error (invalid_argument)  no members, one that is no rank, or one given twice
SHMWIN_API void make_barrier(void* at, int n_ranks, std::span<int const> members);

/// Waits until all members are in it. All stores before it, on any member, are visible to all of
/// them after it.
/// @returns  false if they were not at `until`: the barrier is broken from then on
/// @throws barrier_broken, argument_error (invalid_argument: the caller is no member)
SHMWIN_API bool meet_at(barrier_state& barrier,
                        wait_context const& in,
                        awaited const& what,
                        wait_deadline until = no_deadline);

/// Local. True from the moment it cannot be met any more, as far as anybody has noticed.
[[nodiscard]] SHMWIN_API bool is_broken(barrier_state const& barrier) noexcept;

} // namespace shmwin::inline v1::detail
