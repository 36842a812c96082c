// SPDX-License-Identifier: MIT
// Ranks that use a primitive all at once: 2, 4 and 8 of them, on one core and on two. They are
// processes; threads under ThreadSanitizer, which sees one process only.
#pragma once

#include "support/shared_pages.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <sched.h>
#include <stdexcept>
#include <string>

namespace shmwin::test {

struct crowd {
    int n_ranks;
    int n_cores;
};

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

/// Base of suites, one for each crowd.
class Together : public testing::TestWithParam<crowd> {
  protected:
    void SetUp() override {
        if (!cores_.are_there()) GTEST_SKIP() << "fewer cores";
    }

    [[nodiscard]] static int n_ranks() { return GetParam().n_ranks; }

    /// A number of turns, more in soaks.
    [[nodiscard]] static int n_turns(int usual) { return usual * soak_factor(); }

    /// Calls body(rank) as each rank, in all at the same time, and waits. True if all returned
    /// true.
    template <typename Body>
    [[nodiscard]] static bool all_ranks(shared_pages const& pages, Body const& body) {
        shared_object<std::atomic<int>> n_ready;
        auto const with_the_others = [&](int rank) {
            ++*n_ready;
            while (*n_ready < n_ranks()) {
                ::sched_yield();
            }
            return body(rank);
        };
        if (!under_tsan) return as_processes(pages, n_ranks(), with_the_others);
        std::atomic<bool> all{true};
        as_threads(n_ranks(), [&](int rank) {
            if (!with_the_others(rank)) all = false;
        });
        return all;
    }

  private:
    on_cores cores_{GetParam().n_cores};
};

inline std::string name_of_crowd(testing::TestParamInfo<crowd> const& info) {
    return std::to_string(info.param.n_ranks) + "RanksOn" + std::to_string(info.param.n_cores);
}

inline auto const crowds =
    testing::Values(crowd{2, 1}, crowd{2, 2}, crowd{4, 1}, crowd{4, 2}, crowd{8, 1}, crowd{8, 2});

} // namespace shmwin::test
