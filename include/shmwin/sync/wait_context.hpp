// SPDX-License-Identifier: MIT
// wait_context: what a primitive in the segment needs of the process that uses it. Who takes part,
// how to wait, and the one place where a rank sleeps: so there it says what it waits for, and
// finds out that those it waits for are gone.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/parking_lot.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/rendezvous.hpp"
#include "shmwin/sync/wait.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// Process-local. Any thread may use it.
class wait_context {
  public:
    SHMWIN_API wait_context(participants const& who,
                            wait_policy const& policy,
                            parking_lot const& lot,
                            rendezvous const& meeting,
                            activity const& log = {}) noexcept;

    /// Local. wait_while() of this rank's policy, in one sleep: who may have to sleep again uses a
    /// long_wait.
    SHMWIN_API bool wait_while(waitable& w,
                               std::uint32_t old,
                               awaited const& what,
                               function_ref<void(bool)> check,
                               wait_deadline until = no_deadline) const;

    /// Local. parking_lot::park() likewise; the key is the position of what is waited for.
    SHMWIN_API bool park(awaited const& what,
                         function_ref<bool()> ready,
                         function_ref<void(bool)> check,
                         wait_deadline until = no_deadline) const;

    /// Local. The check of waits that any rank may end: throws peer_left if somebody is missing.
    /// @param code  peer_left, or barrier_broken
    SHMWIN_API void check_peers(awaited const& what, bool look, errc code = errc::peer_left) const;

    [[nodiscard]] participants const& who() const noexcept { return who_; }
    [[nodiscard]] wait_policy const& policy() const noexcept { return policy_; }
    [[nodiscard]] parking_lot const& lot() const noexcept { return lot_; }
    [[nodiscard]] rendezvous const& meeting() const noexcept { return meeting_; }
    [[nodiscard]] activity const& log() const noexcept { return log_; }
    [[nodiscard]] int self() const noexcept { return who_.self(); }

  private:
    participants who_;
    wait_policy policy_;
    parking_lot lot_;
    rendezvous meeting_;
    activity log_;
};

} // namespace shmwin::inline v1::detail
