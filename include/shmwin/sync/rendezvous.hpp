// SPDX-License-Identifier: MIT
// rendezvous: where all ranks meet. It is at once the barrier, the check that all are in the same
// call with the same arguments, and the agreement on errors. A rank first says in a word of its
// own that it has come, and to what (arrivals): where nobody has work for the meeting, a failure or
// values, looking at each other's words is all. If one has, or the words differ, or ranks share
// cores, or they are many, all meet at the centre: a running sum, of which what was added since
// the last meeting there is
//
//     | sum of call tags (32 bits) | 0 (2) | failures (15) | arrived (15) |
//
// The last to arrive compares the sum with its own tag times the number of ranks, does the work
// of the call for all (the completion), and lets everybody go. Rank 0 first spins for a while
// without adding anything: if the others come meanwhile, it completes, and what the last
// completion touched is in its cache. Only when the sum or the failures say so are the ranks'
// slots read, to find out who is where.
//
// A meeting is decided once. Without the centre: each rank's word, by a compare-exchange, as its
// arrival or as abandoned. At the centre: completed by one rank, or abandoned. When a rank left or
// died, those who wait abandon it, unless somebody completes it, or all had come. No meeting
// succeeds after that, and every wait ends with peer_left, which names the rank that was noticed
// first: those that leave because of it follow.
//
// Layer: sync. The centre is a central barrier; D. Hensgen, R. Finkel, U. Manber, "Two algorithms
// for barrier synchronization", 1988. tests/sync/models/rendezvous.pml is a model.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/arrivals.hpp"
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

/// In the segment: why a meeting failed.
struct alignas(64) meeting_failure {
    std::int32_t rank;
    std::array<char, 1020> text;
};
static_assert(sizeof(meeting_failure) == 1024);

/// In the segment. All zero is a valid start.
struct rendezvous_state {
    alignas(64) std::atomic<std::uint64_t> arrivals;
    // In the line that all wait for: whoever leaves a meeting there has what it needs. Without the
    // centre it is only read.
    alignas(64) waitable generation;         ///< how many meetings the centre has seen
    waitable bell;                           ///< of arrivals
    std::atomic<std::int32_t> outcome;       ///< errc of the last meeting at the centre
    std::atomic<std::int32_t> first_missing; ///< rank + 1; 0 while nobody is missing
    std::uint64_t arrivals_before;           ///< the sum when this generation began
    meeting_values values;
    alignas(64) std::atomic<std::uint64_t> fate; ///< generation (upper half), and how it ended
    std::atomic<std::uint32_t> last_number;      ///< of the meeting that ended at the centre last
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

    /// Local. Number of meetings that this rank came to, modulo 2^32; between two, the same on all
    /// ranks.
    [[nodiscard]] std::uint32_t generation() const noexcept {
        return arrivals::number_of(words_.mine().load(std::memory_order_relaxed));
    }

    /// Local. Where that number stands, in the lower half.
    [[nodiscard]] std::atomic<std::uint64_t> const& generation_word() const noexcept {
        return words_.mine();
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

    /// Node, collective. meet() without failure and values.
    SHMWIN_API void meet(collective_call const& call,
                         function_ref<void(meeting_values&)> completion) const;
    /// Node, collective. As that, but where no rank says `needed`, the completion, which then has
    /// nothing to do, may not be run: all wait for each other, and that is all.
    SHMWIN_API void meet(collective_call const& call,
                         bool needed,
                         function_ref<void(meeting_values&)> completion) const;
    /// Node, collective. meet() without completion; without failure, too.
    SHMWIN_API void meet(collective_call const& call, error_info const* failure) const;
    SHMWIN_API void meet(collective_call const& call) const;

    /// Local. True if the rank is in the meeting that is not over yet. A snapshot. O(ranks)
    [[nodiscard]] SHMWIN_API bool is_here(int rank) const noexcept;

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
    struct part; // this rank's, in one meeting

    void enter(part const& mine) const;
    [[nodiscard]] bool met_without_centre(part const& mine, std::uint64_t word) const;
    void meet_at_centre(part const& mine, std::uint64_t word) const;
    void write_slot(part const& of) const noexcept;
    [[nodiscard]] std::uint64_t add(std::uint64_t before, std::uint64_t share) const noexcept;
    void complete(part const& mine,
                  std::uint64_t word,
                  std::uint32_t generation,
                  std::uint64_t sum) const;
    [[nodiscard]] error_info run(function_ref<void(meeting_values&)> completion,
                                 meeting_values& values) const;
    void wait(part const& mine, std::uint64_t word, std::uint32_t generation) const;
    [[nodiscard]] std::uint32_t decide(std::uint32_t generation, std::uint32_t how) const noexcept;
    int note_missing(int rank) const noexcept;
    [[noreturn]] void give_up(part const& mine, std::uint64_t word) const;
    [[noreturn]] void raise_missing(collective_call const& call) const;
    void finish() const;
    [[nodiscard]] error_info judge() const;
    [[nodiscard]] error_info disagreement(int different) const;
    [[nodiscard]] std::string place_of(int rank) const;
    [[nodiscard]] participants::departure departure_of(int rank) const;
    [[nodiscard]] meeting_slot& slot(int rank) const noexcept;

    rendezvous_state& state_;
    std::span<meeting_slot> slots_;
    arrivals words_;
    participants who_;
    parking_lot lot_;
    wait_policy policy_;
    call_sites* sites_;
    activity log_;
    meeting_observer* observer_ = nullptr;
};

} // namespace shmwin::inline v1::detail
