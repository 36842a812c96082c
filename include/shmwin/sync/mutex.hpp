// SPDX-License-Identifier: MIT
// mutex_state: a lock of 8 bytes in the segment that survives its holder. One word of 64 bits, so
// that taking and giving back are one atomic each, and say who it was:
//
//     | thread that holds it (32 bits) | sleepers (1) | inconsistent (1) | not recoverable (1) |
//     | 0 (13) | participant that holds it + 1 (16) |
//
//     free                      all zero
//     held                      thread, participant + 1
//     its holder died           inconsistent; in the place of the thread: who died, + 1
//     held by who repairs       thread, participant + 1, inconsistent
//     unlocked without repair   not recoverable; in the place of the thread: who gave up, + 1
//
// Waiters sleep on the lower half, a futex word. Newcomers may pass them: hand-over in order
// collapses when ranks outnumber cores (U. Drepper, "Futexes are tricky", 2011). A wake-up that is
// lost, because who gave it or who got it was killed, costs one slice of sleep.
//
// Who waits looks at the holder's process every 100 ms. A holder that left or closed and lives on
// has half a second to unlock or to end; then its waiters get peer_left, and the lock stays its.
//
// Layer: sync. Model: src/sync/models/mutex.pml.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/futex.hpp"
#include "shmwin/sync/thread_number.hpp"
#include "shmwin/sync/wait.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace shmwin::inline v1 {

/// Who holds a lock. A snapshot.
struct lock_holder {
    int rank = -1;            ///< of the node; -1: nobody
    std::uint32_t thread = 0; ///< its number, as debuggers show it

    explicit operator bool() const noexcept { return rank >= 0; }
    friend bool operator==(lock_holder const&, lock_holder const&) = default;
};

namespace detail {

class patience;

/// What a lock's functions are called in errors and reports.
struct lock_calls {
    char const* lock;
    char const* try_lock;
    char const* try_lock_for;
    char const* try_lock_until;
    char const* lock_to_repair;
    char const* mark_consistent;
    char const* unlock;
};

/// What owner_died says.
struct lock_words {
    char const* how_it_broke = "died while it held the lock";
    char const* remedy = "lock_to_repair(), mend the data, mark_consistent()";
};

enum class mutex_outcome : std::uint8_t {
    locked,
    to_repair, ///< locked; the holder before died, and nobody has repaired yet
    timed_out, ///< not locked
};

/// In the segment. All zero is a free lock. Safe from any thread.
class mutex_state {
  public:
    static constexpr lock_calls calls{"mutex::lock",
                                      "mutex::try_lock",
                                      "mutex::try_lock_for",
                                      "mutex::try_lock_until",
                                      "mutex::lock_to_repair",
                                      "mutex::mark_consistent",
                                      "mutex::unlock"};

    /// Waits until the lock is the calling thread's.
    /// @throws owner_died                         not held: its last holder died
    /// @throws runtime_failure (not_recoverable)  not held, never again: nobody repaired
    /// @throws runtime_failure (would_deadlock)   this thread holds it
    /// @throws peer_left                          its holder left and lives on
    void lock(wait_context const& by, awaited const& what) {
        if (!take(name_of(by))) static_cast<void>(wait(by, what, no_deadline, false));
    }
    /// @returns  false at `until`; after a time that has passed it tries once
    [[nodiscard]] bool
    lock_until(wait_context const& by, awaited const& what, wait_deadline until) {
        return take(name_of(by)) || wait(by, what, until, false) != mutex_outcome::timed_out;
    }
    /// Does not wait. False also if this thread holds it.
    /// @throws owner_died, runtime_failure (not_recoverable)  as lock(): who only tries finds out
    [[nodiscard]] bool try_lock(wait_context const& by, awaited const& what) {
        return take(name_of(by)) || try_again(by, what);
    }
    /// lock() for who can repair.
    /// @returns  true if the last holder died
    [[nodiscard]] bool lock_to_repair(wait_context const& by, awaited const& what) {
        return !take(name_of(by)) && wait(by, what, no_deadline, true) == mutex_outcome::to_repair;
    }

    /// The data are whole again. Nothing happens if they were.
    /// @throws argument_error (invalid_argument)  this thread does not hold it
    SHMWIN_API void mark_consistent(wait_context const& by, awaited const& what);

    /// @throws argument_error (invalid_argument)  this thread does not hold it
    void unlock(wait_context const& by, awaited const& what) {
        auto expected = name_of(by);
        if (!word_.compare_exchange_strong(
                expected, 0, std::memory_order_release, std::memory_order_relaxed)) {
            give_back(by, what);
        }
    }

    /// True if the calling thread holds it.
    [[nodiscard]] bool is_mine(wait_context const& by) const noexcept {
        return (word_.load(std::memory_order_relaxed) & ~flags) == name_of(by);
    }
    [[nodiscard]] lock_holder holder() const noexcept {
        return holder_in(word_.load(std::memory_order_relaxed));
    }

    /// True from the death of a holder until mark_consistent(). A snapshot.
    [[nodiscard]] bool is_inconsistent() const noexcept {
        return (word_.load(std::memory_order_relaxed) & inconsistent) != 0;
    }
    /// True if nobody can take it any more. A snapshot.
    [[nodiscard]] bool is_not_recoverable() const noexcept {
        return (word_.load(std::memory_order_relaxed) & not_recoverable) != 0;
    }

  private:
    static constexpr std::uint64_t sleepers = 0x8000'0000U;
    static constexpr std::uint64_t inconsistent = 0x4000'0000U;
    static constexpr std::uint64_t not_recoverable = 0x2000'0000U;
    static constexpr std::uint64_t flags = sleepers | inconsistent | not_recoverable;
    static constexpr std::uint64_t participant_mask = 0xffff;

    // The word while the calling thread holds it.
    [[nodiscard]] static std::uint64_t name_of(wait_context const& by) noexcept {
        auto const participant = static_cast<std::uint32_t>(by.self()) + 1;
        return std::uint64_t{this_thread_number()} << 32U | participant;
    }
    [[nodiscard]] static lock_holder holder_in(std::uint64_t word) noexcept {
        auto const rank = static_cast<int>(word & participant_mask) - 1;
        return {rank, rank < 0 ? 0 : static_cast<std::uint32_t>(word >> 32U)};
    }
    [[nodiscard]] bool take(std::uint64_t mine) noexcept {
        std::uint64_t expected = 0;
        return word_.compare_exchange_strong(
            expected, mine, std::memory_order_acquire, std::memory_order_relaxed);
    }
    // Only for the kernel, which compares these 32 bits: the program never reads through it.
    [[nodiscard]] futex_word& lower_half() noexcept {
        static_assert(std::endian::native == std::endian::little);
        auto* const bytes = reinterpret_cast<std::byte*>(&word_);
        return *reinterpret_cast<futex_word*>(bytes);
    }

    [[nodiscard]] bool taken_soon(std::uint64_t mine, wait_policy const& policy) noexcept;
    [[nodiscard]] SHMWIN_API mutex_outcome wait(wait_context const& by,
                                                awaited const& what,
                                                wait_deadline until,
                                                bool to_repair);
    [[nodiscard]] std::optional<mutex_outcome>
    take_free(std::uint64_t& seen, std::uint64_t mine, bool to_repair, awaited const& what);
    [[nodiscard]] SHMWIN_API bool try_again(wait_context const& by, awaited const& what);
    SHMWIN_API void give_back(wait_context const& by, awaited const& what);
    [[nodiscard]] bool note_sleeper(std::uint64_t& seen) noexcept;
    bool end_of_dead(std::uint64_t seen, wait_context const& by);
    void look_at_holder(wait_context const& by, awaited const& what, patience& left);
    static void require_sound(std::uint64_t seen, awaited const& what);

    std::atomic<std::uint64_t> word_;
};
static_assert(sizeof(mutex_state) == 8 && std::atomic<std::uint64_t>::is_always_lock_free);

} // namespace detail
} // namespace shmwin::inline v1
