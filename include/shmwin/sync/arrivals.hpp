// SPDX-License-Identifier: MIT
// arrivals: who has come to which meeting. One word a rank, in a line of its own:
//
//     | tag of the call (31 bits) | at the centre (1) | number of the meeting (32) |
//
// A rank arrives by a compare-exchange of its own word from the last meeting's number to this
// one's, and then looks at the others' words: one transfer of a line after the last has come, all
// know that all are there. If all words of a number are equal and none says `at the centre`, the
// meeting is met; if not, each rank sees one that differs from its own, or says so itself, and
// all go to the centre (rendezvous).
//
// Of a rank that does not come any more the others change the word, to `abandoned` in this
// meeting: its own compare-exchange fails then. So each word of a meeting is decided once, and all
// ranks agree on whether it was met.
//
// Layer: sync. D. Hensgen, R. Finkel, U. Manber, "Two algorithms for barrier synchronization",
// 1988, has the flags of each rank that the others look at.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/operation.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// What the completion hands to all ranks.
using meeting_values = std::array<std::uint64_t, 4>;

/// In the segment: where a rank is. All zero is one that came to none.
struct alignas(128) meeting_slot {
    /// Its arrival. The others look at it all the time: nothing else stands in its line, and not in
    /// the one beside it, which some processors fetch along.
    std::atomic<std::uint64_t> word;

    // The call that it is in; read at the centre, and to name it.
    alignas(128) std::uint32_t tag;
    operation op;
    std::int32_t code; ///< errc of its local failure
    std::uint16_t n_extents;
    std::uint16_t site; ///< in call_sites: the line of the call
    std::uint64_t options;
    meeting_values brought; ///< rank 0's are the meeting's values, before its completion
    std::array<std::int64_t, 8> extents;
    std::array<char, 64> type;
    std::array<char, 256> object;
    std::array<char, 328> text; ///< of its local failure
};
static_assert(sizeof(meeting_slot) == 896);

/// Process-local handle to the words of all ranks. Cheap to copy.
class arrivals {
  public:
    /// What has become of a meeting that this rank came to.
    enum class outcome : std::uint8_t {
        open,      ///< somebody has not come yet
        met,       ///< by all, in the same call
        differs,   ///< not so: all go to the centre
        abandoned, ///< somebody does not come any more
    };

    /// @param bell  where those sleep who wait for others to arrive
    arrivals(std::span<meeting_slot> slots, int self, waitable& bell) noexcept
        : slots_(slots), self_(self), bell_(bell) {}

    /// Local. The number in a word: how many meetings the rank came to, modulo 2^32.
    [[nodiscard]] static std::uint32_t number_of(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word);
    }
    [[nodiscard]] static bool is_abandoned(std::uint64_t word) noexcept {
        return word >> 32U == abandoned;
    }

    /// Local. This rank's word; its number is, between two meetings, the same on all ranks.
    [[nodiscard]] std::atomic<std::uint64_t>& mine() const noexcept { return word(self_); }

    /// Local. Arrives at the next meeting. Everything that the caller stored is visible to who
    /// sees that.
    /// @param tag  1 to 2^31 - 1; the same on all ranks that are in the same call
    /// @returns  the word of it; 0 if this meeting, or one before, was abandoned
    SHMWIN_API std::uint64_t arrive(std::uint32_t tag, bool at_centre) const noexcept;

    /// Local. Waits for the meeting that `word` is the arrival at, until it is not open. `check` as
    /// in wait_while().
    SHMWIN_API outcome wait(std::uint64_t word,
                            wait_policy const& policy,
                            function_ref<void(bool)> check) const;

    /// Local. Decides for all who have not come to that meeting that they do not come to it any
    /// more. Only who has come to it may say so.
    SHMWIN_API void abandon(std::uint64_t word) const noexcept;

    /// Local. This rank, which has come to a meeting that nobody can meet, is not in it any more.
    void withdraw(std::uint64_t word) const noexcept { mine().store(abandoned_at(word)); }

    /// Local. Makes all who wait here look again.
    SHMWIN_API void wake() const noexcept;

    /// Local. The number of the meeting under way, or of the last one.
    [[nodiscard]] SHMWIN_API std::uint32_t last_number() const noexcept;

    /// Local. True if the rank came to the meeting of that number, the last one, and nobody can be
    /// out of it yet without the centre. A snapshot.
    [[nodiscard]] SHMWIN_API bool is_in(int rank, std::uint32_t number) const noexcept;

  private:
    static constexpr std::uint64_t abandoned = 1; // no tag is 0

    [[nodiscard]] static std::uint64_t abandoned_at(std::uint64_t number) noexcept {
        return abandoned << 32U | number_of(number);
    }
    [[nodiscard]] std::atomic<std::uint64_t>& word(int rank) const noexcept {
        return slots_[static_cast<std::size_t>(rank)].word;
    }
    [[nodiscard]] int size() const noexcept { return static_cast<int>(slots_.size()); }
    [[nodiscard]] outcome look(std::uint64_t mine, int& rank) const noexcept;
    void sleep(function_ref<bool()> decided,
               wait_policy const& policy,
               function_ref<void(bool)> check) const;

    std::span<meeting_slot> slots_;
    int self_;
    waitable& bell_;
};

} // namespace shmwin::inline v1::detail
