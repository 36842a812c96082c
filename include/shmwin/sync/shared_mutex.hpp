// SPDX-License-Identifier: MIT
// shared_mutex: one writer or many readers, and a state that survives both. Lines of 64 bytes, one
// a rank for its readers, so that readers of different ranks do not share one ("big reader"):
//
//     | writer's word, those who sleep | readers of rank 0 | readers of rank 1 | ...
//
//     writer's word:  | thread (32 bits) | inside (1) | inconsistent (1) | not recoverable (1) |
//                     | 0 (13) | participant + 1 (16) |
//
//     free, readers come and go      all zero
//     a writer waits for readers     thread, participant + 1: no reader enters any more
//     it holds the lock              the same, inside
//     it died inside                 inconsistent; in the place of the thread: who, + 1
//     unlocked without repair        not recoverable; in the place of the thread: who, + 1
//
// A reader counts itself and then looks at the word, a writer changes the word and then looks at
// the counts: one of the two sees the other. What a dead reader counted the next writer clears; a
// writer that died before it was inside leaves nothing behind.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/long_wait.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/thread_number.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is valid. The first line has the first three, the others the rest.
struct alignas(64) shared_mutex_line {
    std::atomic<std::uint64_t> writer;
    waitable turn;                        ///< until no writer has the word
    waitable drained;                     ///< until no reader holds the lock
    std::atomic<std::uint32_t> n_readers; ///< of this rank
    std::atomic<std::uint32_t> n_waiting; ///< readers of this rank that wait for their turn
};
static_assert(sizeof(shared_mutex_line) == 64);

/// Process-local, for a call: the lines, and who calls. Errors of all functions that lock:
///   owner_died                         not held: a writer died inside, and nobody has repaired yet
///   runtime_failure (not_recoverable)  not held, never again: nobody repaired
///   runtime_failure (would_deadlock)   this thread is the writer
///   peer_left                          who holds it left and lives on
class shared_mutex_access {
  public:
    /// @param lines  1 + number of ranks
    shared_mutex_access(std::span<shared_mutex_line> lines,
                        wait_context const& by,
                        awaited const& what,
                        lock_words const& words = {"died while it wrote"}) noexcept
        : lines_(lines), by_(by), what_(what), words_(words) {}

    /// False at `until`; after a time that has passed it tries once.
    [[nodiscard]] bool lock_shared_until(wait_deadline until) {
        return enter() || wait_to_enter(until);
    }
    /// The same, as a part of a wait that has others.
    [[nodiscard]] bool lock_shared_until(wait_deadline until, long_wait& whole) {
        return enter() || wait_to_enter(until, whole);
    }
    /// Does not wait.
    [[nodiscard]] bool try_lock_shared() { return enter() || try_to_enter(); }
    /// @throws argument_error (invalid_argument)  no thread of this rank reads
    SHMWIN_API void unlock_shared();

    [[nodiscard]] SHMWIN_API bool lock_until(wait_deadline until);
    [[nodiscard]] SHMWIN_API bool try_lock();
    /// @returns  true if a writer died inside, and nobody has repaired yet
    [[nodiscard]] SHMWIN_API bool lock_to_repair();
    /// @throws argument_error (invalid_argument)  this thread is not the writer
    SHMWIN_API void mark_consistent();
    SHMWIN_API void unlock();
    /// unlock(), as if the writer had died: its data are not whole.
    SHMWIN_API void unlock_broken();

    /// True if a writer died or gave up inside, and nobody is repairing.
    [[nodiscard]] bool is_broken() const noexcept {
        auto const seen = word().load();
        return (seen & (inconsistent | not_recoverable)) != 0 && !holder_in(seen);
    }
    /// Ends what a dead writer holds. Some 20 us, if there is a writer.
    SHMWIN_API void notice_dead_writer() { end_of_dead(word().load()); }

    /// The writer, or who waits for the readers to go. A snapshot.
    [[nodiscard]] lock_holder holder() const noexcept { return holder_in(word().load()); }
    /// Readers of all ranks. A snapshot.
    [[nodiscard]] SHMWIN_API std::uint64_t n_readers() const noexcept;

    /// What a writer's word says, for reports.
    [[nodiscard]] static constexpr bool is_not_recoverable(std::uint64_t word) noexcept {
        return (word & not_recoverable) != 0;
    }

  private:
    static constexpr std::uint64_t inside = 0x8000'0000U;
    static constexpr std::uint64_t inconsistent = 0x4000'0000U;
    static constexpr std::uint64_t not_recoverable = 0x2000'0000U;
    static constexpr std::uint64_t flags = inside | inconsistent | not_recoverable;

    enum class on_inconsistent : std::uint8_t { raise, repair };
    class closed_gate;

    [[nodiscard]] std::atomic<std::uint64_t>& word() const noexcept { return lines_[0].writer; }
    [[nodiscard]] shared_mutex_line& line_of(int rank) const noexcept {
        return lines_[static_cast<std::size_t>(rank) + 1];
    }
    [[nodiscard]] std::uint64_t my_name() const noexcept {
        return std::uint64_t{this_thread_number()} << 32U
               | (static_cast<std::uint32_t>(by_.self()) + 1);
    }
    [[nodiscard]] static lock_holder holder_in(std::uint64_t word) noexcept {
        auto const rank = static_cast<int>(word & 0xffffU) - 1;
        return {rank, rank < 0 ? 0 : static_cast<std::uint32_t>(word >> 32U)};
    }
    [[nodiscard]] static std::uint64_t left_by(int rank, std::uint64_t how) noexcept;
    [[nodiscard]] bool enter() noexcept {
        line_of(by_.self()).n_readers.fetch_add(1);
        if (word().load() == 0) return true;
        leave();
        return false;
    }
    SHMWIN_API void leave() noexcept;
    [[nodiscard]] SHMWIN_API bool wait_to_enter(wait_deadline until);
    [[nodiscard]] SHMWIN_API bool wait_to_enter(wait_deadline until, long_wait& whole);
    [[nodiscard]] SHMWIN_API bool try_to_enter();

    [[nodiscard]] bool lock(wait_deadline until, on_inconsistent how, bool& to_repair);
    [[nodiscard]] bool wait_for_turn(wait_deadline until, long_wait& whole);
    void let_readers_in(wait_deadline until, long_wait& whole);
    [[nodiscard]] bool drain(wait_deadline until, long_wait& whole);
    [[nodiscard]] bool is_drained() const noexcept;
    [[nodiscard]] bool readers_wait() const noexcept;
    void clear_dead_readers() noexcept;
    [[nodiscard]] std::optional<int> reader_that_left() const;
    void end_of_dead(std::uint64_t seen);
    void require_there(patience& with, int holder) const;
    void look_again();
    void require_sound(std::uint64_t seen) const;
    void require_other(std::uint64_t seen) const;
    void require_mine() const;

    std::span<shared_mutex_line> lines_;
    wait_context const& by_;
    awaited what_;
    lock_words words_;
};

} // namespace shmwin::inline v1::detail
