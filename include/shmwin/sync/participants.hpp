// SPDX-License-Identifier: MIT
// participants: who takes part in a segment, and whether they still do. One slot a rank, in the
// segment:
//
//     | state, pid, start time, pid namespace (64 bytes) | call (64) | text (384) |
//
// Layer: sync. Works on any range that is mapped by several processes.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/sync/process.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shmwin::inline v1 {

enum class participant_state : std::uint32_t {
    absent = 0, ///< has not attached yet
    active = 1,
    closed = 2, ///< ended as agreed
    left = 3,   ///< threw, returned or exited; its text says what
    died = 4,   ///< the process is gone; somebody else noticed
};

/// In the segment. All zero is a valid, absent participant.
struct alignas(64) participant_slot {
    std::atomic<participant_state> state;
    std::atomic<std::int32_t> pid;
    std::atomic<std::uint64_t> start_time;
    std::atomic<std::uint64_t> pid_namespace;
    std::array<std::byte, 40> reserved;
    std::array<char, 64> call;  ///< where it was when it left; written before `state`
    std::array<char, 384> text; ///< why it left
};
static_assert(sizeof(participant_slot) == 512);

/// Process-local handle to the slots. Cheap to copy.
class SHMWIN_API participants {
  public:
    /// Who left, and how.
    struct departure {
        int rank;
        participant_state how;
        std::string call; ///< of one that died: the last collective call, if it is known
        std::string text;
    };

    /// Local. Refers to the slots; `self` is the caller's index among them.
    participants(std::span<participant_slot> slots, int self) noexcept
        : slots_(slots), self_(self) {}

    [[nodiscard]] int size() const noexcept { return static_cast<int>(slots_.size()); }
    [[nodiscard]] int self() const noexcept { return self_; }

    /// Local. Enters the caller's process as active.
    void attach() const;

    /// Local. Ends the caller's part as agreed by all: it no longer counts as missing.
    void close() const noexcept;

    /// Local. Ends the caller's part before the others': notes where (`call`) and why (`text`),
    /// each cut to its field. Does nothing if the caller is not active.
    /// @returns true if the state changed
    bool leave(std::string_view call, std::string_view text) const noexcept;

    [[nodiscard]] participant_state state(int rank) const noexcept;

    /// Local. False if the participant left, died or closed. Looks at its process only if `look`.
    [[nodiscard]] bool alive(int rank, bool look) const;

    /// Local. True if the participant's process is gone, whatever state it was in: who left may
    /// live on, and may die later. Marks it as died if it was active. Some 20 us.
    [[nodiscard]] bool gone(int rank) const;

    /// Local. The lowest participant that left or died. If `look`, processes are looked up and
    /// the dead ones marked. Some 20 us a rank then.
    [[nodiscard]] std::optional<departure> missing(bool look) const;

    /// Local. Which process it is, or was.
    [[nodiscard]] process_identity process(int rank) const noexcept;
    /// Local. Of one that left: where it was, and why, as they stand in the segment.
    [[nodiscard]] char const* call_of(int rank) const noexcept { return slot(rank).call.data(); }
    [[nodiscard]] char const* text_of(int rank) const noexcept { return slot(rank).text.data(); }

    /// Local. What is known of one that left or died.
    [[nodiscard]] departure departure_of(int rank) const;

    /// Local. The error that a wait for `who` ends with.
    [[nodiscard]] static error_info describe(departure const& who);

  private:
    [[nodiscard]] participant_slot& slot(int rank) const noexcept {
        return slots_[static_cast<std::size_t>(rank)];
    }

    std::span<participant_slot> slots_;
    int self_;
};

} // namespace shmwin::inline v1
