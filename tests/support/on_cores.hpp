// SPDX-License-Identifier: MIT
// Tests that choose how many cores their ranks share.
#pragma once

#include <cstddef>
#include <sched.h>
#include <stdexcept>

namespace shmwin::test {

/// While it lives, this thread and what it starts run on the first so many of its cores.
class on_cores {
  public:
    explicit on_cores(int n) {
        if (::sched_getaffinity(0, sizeof before_, &before_) != 0) {
            throw std::runtime_error("sched_getaffinity failed");
        }
        cpu_set_t some;
        CPU_ZERO(&some);
        for (std::size_t core = 0; core < CPU_SETSIZE && CPU_COUNT(&some) < n; ++core) {
            if (CPU_ISSET(core, &before_)) CPU_SET(core, &some);
        }
        are_there_ = CPU_COUNT(&some) == n && ::sched_setaffinity(0, sizeof some, &some) == 0;
    }
    on_cores(on_cores const&) = delete;
    on_cores(on_cores&&) = delete;
    on_cores& operator=(on_cores const&) = delete;
    on_cores& operator=(on_cores&&) = delete;
    ~on_cores() { ::sched_setaffinity(0, sizeof before_, &before_); }

    [[nodiscard]] bool are_there() const noexcept { return are_there_; }

  private:
    cpu_set_t before_{};
    bool are_there_ = false;
};

} // namespace shmwin::test
