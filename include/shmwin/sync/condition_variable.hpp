// SPDX-License-Identifier: MIT
// condition_variable: ranks sleep until another one says that something changed. Its word counts
// the notifications; whoever waits looks at it before it gives the lock up, and sleeps only while
// the word is what it was then. So no notification is lost, and none can be eaten: also those who
// were not woken see the new word at the end of their slice, whoever was woken and killed.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/wait.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <cstdint>
#include <exception>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is valid.
struct condition_state {
    waitable notified;
};
static_assert(sizeof(condition_state) == 8);

/// How a wait ended: kept until the lock is held again.
struct condition_outcome {
    bool notified = false; ///< false: nobody notified until the deadline
    std::exception_ptr failed{};

    /// Throws what the wait ended with.
    [[nodiscard]] bool get() const {
        if (failed) std::rethrow_exception(failed);
        return notified;
    }
};

/// To be called with the lock held; what wait_for_notification() takes.
[[nodiscard]] inline std::uint32_t ticket(condition_state const& condition) noexcept {
    return condition.notified.word.load(std::memory_order_acquire);
}

/// Waits until somebody notifies after the ticket was taken. The outcome throws barrier_broken if a
/// rank is missing.
[[nodiscard]] SHMWIN_API condition_outcome
wait_for_notification(condition_state& condition,
                      std::uint32_t ticket,
                      wait_context const& in,
                      awaited const& what,
                      wait_deadline until = no_deadline) noexcept;

/// Local. Wakes one who waits, at least.
SHMWIN_API void notify_one(condition_state& condition) noexcept;
/// Local. Wakes all who wait.
SHMWIN_API void notify_all(condition_state& condition) noexcept;

} // namespace shmwin::inline v1::detail
