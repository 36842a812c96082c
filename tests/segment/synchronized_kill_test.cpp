// SPDX-License-Identifier: MIT
// Holders, repairers and waiters of synchronized data are killed at random moments. They are
// forked: a launcher of MPI would end the rest.
#include "shmwin/base/error.hpp"
#include "shmwin/segment/synchronized_guard.hpp"

#include "support/killed_holders.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace shmwin::test {
namespace {

/// Locks as synchronized<T> does: by guards.
class guard_of_rank {
  public:
    using mutex_type = detail::mutex_state;

    guard_of_rank(mutex_type& mutex, detail::wait_context const& by, detail::awaited const& what)
        : mutex_(mutex), by_(by), what_(what) {}

    template <typename Mend>
    void lock(Mend const& mend) {
        try {
            mutex_.lock(by_, what_);
            hold(false);
        } catch (owner_died const&) {
            hold(mutex_.lock_to_repair(by_, what_));
            if (!held_->owner_died()) return;
            mend();
            held_->mark_consistent();
        }
    }
    void unlock() { held_.reset(); }

  private:
    void hold(bool died) { held_.emplace(&data_, mutex_, by_, what_.object, died); }

    mutex_type& mutex_;
    detail::wait_context const& by_;
    detail::awaited what_;
    int data_ = 0; // the test's are beside the mutex
    std::optional<synchronized_guard<int>> held_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(OfGuards, KilledHolders, guard_of_rank);

} // namespace
} // namespace shmwin::test
