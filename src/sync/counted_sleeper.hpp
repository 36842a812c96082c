// SPDX-License-Identifier: MIT
// counted_sleeper: one of those whom a waker must wake, from before its look until it is awake.
//
// Layer: sync.
#pragma once

#include "shmwin/sync/wait.hpp"

namespace shmwin::inline v1::detail {

class counted_sleeper {
  public:
    explicit counted_sleeper(waitable& on) noexcept : on_(on) { on_.n_sleepers.fetch_add(1); }
    counted_sleeper(counted_sleeper const&) = delete;
    counted_sleeper(counted_sleeper&&) = delete;
    counted_sleeper& operator=(counted_sleeper const&) = delete;
    counted_sleeper& operator=(counted_sleeper&&) = delete;
    ~counted_sleeper() { on_.n_sleepers.fetch_sub(1); }

  private:
    waitable& on_;
};

} // namespace shmwin::inline v1::detail
