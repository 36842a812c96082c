// SPDX-License-Identifier: MIT
// mutex and recursive_mutex: handles to locks in the segment.
//
// Layer: segment.
#pragma once

#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/lock_handle.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/recursive_mutex.hpp"

SHMWIN_NAME(shmwin::detail::mutex_state, "shmwin.mutex/1");
SHMWIN_NAME(shmwin::detail::recursive_mutex_state, "shmwin.recursive_mutex/1");

namespace shmwin::inline v1 {

/// A lock of 8 bytes. All functions: detail::lock_handle.
class mutex : public detail::lock_handle<detail::mutex_state> {
  public:
    using lock_handle::lock_handle;
};

/// A lock of 16 bytes that its thread may lock again, and then unlocks as often.
/// All functions: detail::lock_handle.
class recursive_mutex : public detail::lock_handle<detail::recursive_mutex_state> {
  public:
    using lock_handle::lock_handle;
};

} // namespace shmwin::inline v1
