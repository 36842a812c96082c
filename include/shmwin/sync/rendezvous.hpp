// SPDX-License-Identifier: MIT
// rendezvous: where all ranks meet. One atomic addition a rank is at once the barrier, the check
// that all are in the same call with the same arguments, and the agreement on errors. A running
// sum; what was added since the last meeting is
//
//     | sum of call tags (32 bits) | 0 (2) | failures (15) | arrived (15) |
//
// The last to arrive compares the sum with its own tag times the number of ranks, does the work
// of the call for all (the completion), and lets everybody go. Rank 0 first spins for a while
// without adding anything: if the others come meanwhile, it completes, and what the last
// completion touched is in its cache. Only when the sum or the failures say so are the ranks'
// slots read, to find out who is where.
//
// A meeting is decided once, by a compare-exchange: completed by one rank, or abandoned. When a
// rank left or died, those who wait abandon it, unless somebody completes it. No meeting succeeds
// after that, and every wait ends with peer_left, which names the rank that was noticed first:
// those that leave because of it follow.
//
// Layer: sync. The barrier is central; D. Hensgen, R. Finkel, U. Manber, "Two algorithms for
// barrier synchronization", 1988.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/call_sites.hpp"
#include "shmwin/sync/operation.hpp"
#include "shmwin/sync/parking_lot.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace shmwin::inline v1::detail {

/// What the completion hands to all ranks.
using meeting_values = std::array<std::uint64_t, 4>;

/// In the segment: which call a rank is in.
struct alignas(64) meeting_slot {
    std::uint32_t tag;
    operation op;
    std::int32_t code; ///< errc of its local failure
    std::uint16_t n_extents;
    std::uint16_t site; ///< in call_sites: the line of the call
    std::uint64_t options;
    meeting_values brought; ///< rank 0's are the meeting's values, before its completion
    std::atomic<std::uint16_t> came_to; ///< number_of() the meeting that the rank is in
    std::array<std::int64_t, 8> extents;
    std::array<char, 64> type;
    std::array<char, 256> object;
    std::array<char, 320> text; ///< of its local failure
};
static_assert(sizeof(meeting_slot) == 768);

/// In the segment: why a meeting failed.
struct alignas(64) meeting_failure {
    std::int32_t rank;
    std::array<char, 1020> text;
};
static_assert(sizeof(meeting_failure) == 1024);

/// In the segment. All zero is a valid start.
struct rendezvous_state {
    alignas(64) std::atomic<std::uint64_t> arrivals;
    // In the line that all wait for: whoever leaves a meeting has what it needs.
    alignas(64) waitable generation;
    std::atomic<std::int32_t> outcome;       ///< errc of the last meeting
    std::atomic<std::int32_t> first_missing; ///< rank + 1; 0 while nobody is missing
    std::uint64_t arrivals_before;           ///< the sum when this generation began
    meeting_values values;
    alignas(64) std::atomic<std::uint64_t> fate; ///< generation (upper half), and how it ended
    meeting_failure failure;
};
static_assert(sizeof(rendezvous_state) == 192 + sizeof(meeting_failure));

/// A call in words, for who may not allocate.
struct meeting_words {
    operation op = operation::none;
    std::array<char, 256> object{}; ///< ends with 0
};

/// Process-local. Is told of this rank's part in meetings.
class meeting_observer {
  public:
    meeting_observer() = default;
    meeting_observer(meeting_observer const&) = delete;
    meeting_observer(meeting_observer&&) = delete;
    meeting_observer& operator=(meeting_observer const&) = delete;
    meeting_observer& operator=(meeting_observer&&) = delete;
    virtual ~meeting_observer() = default;

    /// Before others can know that this rank is there.
    virtual void arriving() noexcept = 0;
    /// After a meeting that succeeded.
    virtual void met() noexcept = 0;
};

/// Process-local handle. One thread of a rank at a time may be in a meeting.
class rendezvous {
  public:
    static constexpr int max_ranks = 0x7fff;

    /// @param slots  one for each participant
    /// @param sites  where the lines of calls stand; null: they are not noted
    /// @param log    where waits are noted
    SHMWIN_API
    rendezvous(rendezvous_state& state,
               std::span<meeting_slot> slots,
               participants const& who,
               parking_lot const& lot,
               wait_policy const& policy,
               call_sites* sites = nullptr,
               activity const& log = {}) noexcept;

    /// Local. From now on `who` is told; it stays where it is as long as there are meetings.
    void observe(meeting_observer& who) noexcept { observer_ = &who; }

    /// Local. Number of meetings so far, modulo 2^32; between two, the same on all ranks.
    [[nodiscard]] std::uint32_t generation() const noexcept {
        return state_.generation.word.load(std::memory_order_relaxed);
    }

    /// Local. Where that number stands.
    [[nodiscard]] futex_word const& generation_word() const noexcept {
        return state_.generation.word;
    }

    /// Node, collective. Waits for all; then exactly one rank runs `completion`, and all return
    /// what it stored. All stores before it, on any rank, are visible to all ranks after it.
    /// @param failure  what went wrong on this rank before the call; null if nothing
    /// @param brought  rank 0's are the values when `completion` begins: the result of work that
    ///                 rank 0 did before it came; other ranks' are ignored
    /// @throws the lowest failing rank's error, or the completion's, or disagreement, or
    ///         peer_left: the same on all ranks
    SHMWIN_API meeting_values meet(collective_call const& call,
                                   error_info const* failure,
                                   function_ref<void(meeting_values&)> completion,
                                   meeting_values const& brought = {}) const;

    /// Node, collective. meet() without failure and values; without completion, too.
    SHMWIN_API void meet(collective_call const& call,
                         function_ref<void(meeting_values&)> completion) const;
    SHMWIN_API void meet(collective_call const& call) const;

    /// Local. True if the rank is in the meeting that is not over yet. A snapshot.
    [[nodiscard]] bool is_here(int rank) const noexcept {
        return slot(rank).came_to.load(std::memory_order_acquire) == number_of(generation());
    }

    /// Local. The call that the rank is in, or was in last, in words: create_array("u", ...). What
    /// it is in may change meanwhile, and then be half of each.
    [[nodiscard]] SHMWIN_API meeting_words words_of(int rank) const noexcept;

    /// Local. Ends the caller's part, makes all further meetings fail and wakes every waiter.
    SHMWIN_API void leave(std::string_view call, std::string_view text) const noexcept;

    /// Local. The last collective call that a rank came to, "fence at solver.cpp:120"; empty if
    /// there was none. Of another rank only while it waits in that call, or is gone.
    [[nodiscard]] SHMWIN_API std::string last_call(int rank) const;

    /// Local. The check of every wait in the segment: throws peer_left if somebody is missing.
    SHMWIN_API void check_peers(collective_call const& waiting_in, bool look) const;

    /// Local. The lowest participant that left or died, as far as anybody noticed; processes are
    /// looked up only if `look`. Once one is noted, all ranks get that one.
    [[nodiscard]] SHMWIN_API std::optional<participants::departure> first_missing(bool look) const;

  private:
    struct meeting; // one call of this rank

    void arrive(collective_call const& call,
                error_info const* failure,
                function_ref<void(meeting_values&)> completion,
                meeting_values const& brought) const;
    // Never 0, which is no meeting. Short numbers do: no rank is behind by one meeting.
    [[nodiscard]] static std::uint16_t number_of(std::uint32_t generation) noexcept {
        return static_cast<std::uint16_t>(generation % 0xffff + 1);
    }
    void write_slot(std::uint32_t tag,
                    std::uint32_t generation,
                    collective_call const& call,
                    error_info const* failure,
                    meeting_values const& brought) const noexcept;
    [[nodiscard]] std::uint64_t add(meeting const& mine) const noexcept;
    void complete(meeting const& mine,
                  std::uint64_t sum,
                  function_ref<void(meeting_values&)> completion) const;
    [[nodiscard]] error_info run(function_ref<void(meeting_values&)> completion,
                                 meeting_values& values) const;
    void wait(meeting const& mine) const;
    [[nodiscard]] std::uint32_t decide(std::uint32_t generation, std::uint32_t how) const noexcept;
    int note_missing(int rank) const noexcept;
    [[noreturn]] void raise_missing(collective_call const& call) const;
    void finish() const;
    [[nodiscard]] error_info judge() const;
    [[nodiscard]] error_info disagreement(int different) const;
    [[nodiscard]] std::string place_of(int rank) const;
    [[nodiscard]] participants::departure departure_of(int rank) const;
    [[nodiscard]] meeting_slot& slot(int rank) const noexcept;

    rendezvous_state& state_;
    std::span<meeting_slot> slots_;
    participants who_;
    parking_lot lot_;
    wait_policy policy_;
    call_sites* sites_;
    activity log_;
    meeting_observer* observer_ = nullptr;
};

} // namespace shmwin::inline v1::detail
