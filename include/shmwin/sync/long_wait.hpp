// SPDX-License-Identifier: MIT
// long_wait: one wait of a thread, however many sleeps it takes. Others may end a sleep in vain:
// who shares the line, or takes what was given. So what counts the time of the wait outlives the
// sleeps: the note of what is waited for, and the clock of the looks for the dead.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/look_clock.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// Process-local, from the begin of the wait to its end.
class SHMWIN_API long_wait {
  public:
    long_wait(wait_context const& by, awaited const& what) noexcept;

    /// Local. One sleep, as wait_while(); its `check` is called also at the deadline, if the thread
    /// has not looked for 100 ms: who waits for short times, again and again, finds out too.
    /// @pre  the caller has found that what it waits for is not there
    [[nodiscard]] bool
    sleep(waitable& w, std::uint32_t old, function_ref<void(bool)> check, wait_deadline until);

    /// Local. One sleep, as sleep_on(); else as above.
    [[nodiscard]] bool sleep(futex_word& word,
                             std::uint32_t old,
                             function_ref<bool()> changed,
                             function_ref<void(bool)> check,
                             wait_deadline until);

    [[nodiscard]] wait_policy const& policy() const noexcept { return policy_; }

  private:
    void look_between_sleeps(function_ref<void(bool)> check);
    void look_at_the_end(void const* word, function_ref<void(bool)> check) const;

    wait_policy const& policy_;
    std::uint64_t object_;
    wait_note note_;
    look_clock looks_;
    bool is_first_ = true; // the first sleep begins without a look at the clock
};

} // namespace shmwin::inline v1::detail
