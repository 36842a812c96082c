// SPDX-License-Identifier: MIT
// shared_mutex: handle to a lock that one writes under, or many read. It survives both.
//
// Layer: segment.
#pragma once

#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/shared_mutex.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

SHMWIN_NAME(shmwin::detail::shared_mutex_line, "shmwin.shared_mutex/1");

namespace shmwin::inline v1 {

/// Handle to a lock that ranks and their threads share. Cheap to copy, owns nothing. Meets
/// SharedTimedLockable: std::unique_lock, std::scoped_lock and std::shared_lock work.
///
/// All functions are local. To read costs an addition to a line of the rank's own, to write a look
/// at one line a rank. A writer that waits lets no new reader in, and readers that waited go before
/// the next writer, for a millisecond. Who waits drives MPI, and at a deadline gets false.
///
/// Death: a reader that is killed is noticed within a second by who waits to write, and is then no
/// reader any more. If a writer is killed while it holds the lock, all functions that lock throw
/// owner_died, without holding it, until lock_to_repair(), mark_consistent() and unlock(): as of
/// mutex. One that is killed while it waits leaves nothing behind.
///
/// Not recursive: a thread that reads and locks again, to read or to write, may wait for ever.
///
/// Errors of all that lock:
///   owner_died                         a writer died inside, and nobody has repaired yet
///   runtime_failure (not_recoverable)  who locked to repair unlocked without mark_consistent()
///   runtime_failure (would_deadlock)   the caller is the writer (try_lock, try_lock_shared: false)
///   peer_left                          who holds it left the segment and lives on; for waits of
///                                      a second or more: who only tries, or polls, gets false
class shared_mutex : public detail::sync_handle<detail::shared_mutex_line> {
  public:
    /// Refers to nothing.
    shared_mutex() = default;
    /// Internal: made by segment and group.
    shared_mutex(std::shared_ptr<detail::segment_core> core, detail::placed_object where)
        : sync_handle(std::move(core), std::move(where)) {
        this->core().note_locks();
    }

    // --- to write ---------------------------------------------------------------------------

    /// Waits until no other thread reads or writes.
    void lock() const {
        static_cast<void>(access("shared_mutex::lock").lock_until(detail::no_deadline));
    }
    [[nodiscard]] bool try_lock() const { return access("shared_mutex::try_lock").try_lock(); }
    template <typename Rep, typename Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return access("shared_mutex::try_lock_for").lock_until(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return access("shared_mutex::try_lock_until").lock_until(detail::deadline_of(when));
    }
    /// @throws argument_error (invalid_argument)  the caller is not the writer
    void unlock() const { access("shared_mutex::unlock").unlock(); }

    /// lock() for who can mend the data.
    /// @returns  true if a writer died inside: mend the data and call mark_consistent(), else
    ///           unlock() makes the lock not recoverable
    [[nodiscard]] bool lock_to_repair() const {
        return access("shared_mutex::lock_to_repair").lock_to_repair();
    }
    /// The data are whole again.
    /// @throws argument_error (invalid_argument)  the caller is not the writer
    void mark_consistent() const { access("shared_mutex::mark_consistent").mark_consistent(); }

    // --- to read ----------------------------------------------------------------------------

    /// Waits until no thread writes.
    void lock_shared() const {
        static_cast<void>(
            access("shared_mutex::lock_shared").lock_shared_until(detail::no_deadline));
    }
    [[nodiscard]] bool try_lock_shared() const {
        return access("shared_mutex::try_lock_shared").try_lock_shared();
    }
    template <typename Rep, typename Period>
    [[nodiscard]] bool
    try_lock_shared_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return access("shared_mutex::try_lock_shared_for")
            .lock_shared_until(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool
    try_lock_shared_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return access("shared_mutex::try_lock_shared_until")
            .lock_shared_until(detail::deadline_of(when));
    }
    /// @throws argument_error (invalid_argument)  no thread of this rank reads
    void unlock_shared() const { access("shared_mutex::unlock_shared").unlock_shared(); }

    // --- who --------------------------------------------------------------------------------

    /// The writer, or who waits for the readers to go. A snapshot.
    [[nodiscard]] lock_holder holder() const { return access("").holder(); }
    /// Readers of all ranks. A snapshot. O(ranks)
    [[nodiscard]] std::uint64_t n_readers() const { return access("").n_readers(); }

  private:
    [[nodiscard]] detail::shared_mutex_access access(char const* call) const noexcept {
        return {{&state(), static_cast<std::size_t>(where().extents[0])}, waits(), what(call)};
    }
};

} // namespace shmwin::inline v1
