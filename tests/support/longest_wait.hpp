// SPDX-License-Identifier: MIT
// How long survivors of a kill waited: told at the end of each test, and held to what is promised.
#pragma once

#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace shmwin::test {

/// Of one test; in the process that makes the children.
class longest_wait {
  public:
    using clock = std::chrono::steady_clock;

    longest_wait() = default;
    longest_wait(longest_wait const&) = delete;
    longest_wait(longest_wait&&) = delete;
    longest_wait& operator=(longest_wait const&) = delete;
    longest_wait& operator=(longest_wait&&) = delete;
    ~longest_wait() {
        auto const* const test = testing::UnitTest::GetInstance()->current_test_info();
        if (test == nullptr || n_ == 0) return;
        static_cast<void>(std::printf("[ WAITED   ] %s.%s: %lld ms at most, %d times\n",
                                      test->test_suite_name(),
                                      test->name(),
                                      static_cast<long long>(milliseconds(longest_).count()),
                                      n_));
    }

    /// Somebody waited so long.
    void note(clock::duration waited) {
        longest_ = std::max(longest_, waited);
        ++n_;
        EXPECT_LT(waited, longest_wait_for_the_dead());
    }
    /// Somebody has waited since then.
    void note_since(clock::time_point begin) { note(clock::now() - begin); }

  private:
    static std::chrono::milliseconds milliseconds(clock::duration time) {
        return std::chrono::ceil<std::chrono::milliseconds>(time);
    }

    clock::duration longest_{};
    int n_ = 0;
};

} // namespace shmwin::test
