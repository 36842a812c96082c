// SPDX-License-Identifier: MIT
// Ranks that use a primitive all at once: 2, 4 and 8 of them, on one core and on two. They are
// processes; threads under ThreadSanitizer, which sees one process only.
#pragma once

#include "shmwin/sync/wait.hpp"

#include "support/on_cores.hpp"
#include "support/shared_pages.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <sched.h>
#include <string>

namespace shmwin::test {

struct crowd {
    int n_ranks;
    int n_cores;
};

/// Base of suites, one for each crowd.
class Together : public testing::TestWithParam<crowd> {
  protected:
    void SetUp() override {
        if (!cores_.are_there()) GTEST_SKIP() << "fewer cores";
    }

    [[nodiscard]] static int n_ranks() { return GetParam().n_ranks; }

    /// A number of turns, more in soaks.
    [[nodiscard]] static int n_turns(int usual) { return usual * soak_factor(); }

    /// Nobody looks before it sleeps, and nothing but a wake-up ends a sleep: whoever misses one
    /// sleeps for longer than a child may live.
    [[nodiscard]] static wait_policy sleepy() {
        auto how = shared_pages::policy();
        how.spin = 0;
        how.yield = 0;
        how.slice = std::chrono::hours(1);
        return how;
    }

    /// Calls body(rank) as each rank, in all at the same time, and waits. True if all returned
    /// true.
    template <typename Body>
    [[nodiscard]] static bool all_ranks(shared_pages const& pages, Body const& body) {
        shared_object<std::array<std::atomic<int>, 2>> n_there; // at the begin, and at the end
        auto const with_the_others = [&](int rank) {
            meet(n_there->front());
            // Who ended before the others would be missing; who failed is.
            bool right = false;
            try {
                right = body(rank);
            } catch (...) {
                ++n_there->back();
                throw;
            }
            if (right) {
                meet(n_there->back());
            } else {
                ++n_there->back();
            }
            return right;
        };
        if (!under_tsan) return as_processes(pages, n_ranks(), with_the_others);
        std::atomic<bool> all{true};
        as_threads(n_ranks(), [&](int rank) {
            if (!with_the_others(rank)) all = false;
        });
        return all;
    }

  private:
    static void meet(std::atomic<int>& n_there) {
        ++n_there;
        while (n_there < n_ranks()) {
            ::sched_yield();
        }
    }

    on_cores cores_{GetParam().n_cores};
};

inline std::string name_of_crowd(testing::TestParamInfo<crowd> const& info) {
    return std::to_string(info.param.n_ranks) + "RanksOn" + std::to_string(info.param.n_cores);
}

inline auto const crowds =
    testing::Values(crowd{2, 1}, crowd{2, 2}, crowd{4, 1}, crowd{4, 2}, crowd{8, 1}, crowd{8, 2});

} // namespace shmwin::test
