// SPDX-License-Identifier: MIT
// How ranks wait: chosen by the cores that they may use together, then by environment and options.
#include "shmwin/segment/segment.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <sched.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::size_t small = std::size_t{4} << 20U;

// What a segment on a node of its own chose. Collective.
wait_policy chosen(segment_options options = {}) {
    options.capacity = small;
    node on(MPI_COMM_WORLD);
    segment seg(on, options);
    auto const policy = seg.wait_policy();
    seg.close();
    on.close();
    return policy;
}

// Binds the rank to one core, until it ends.
class bound_to_core {
  public:
    explicit bound_to_core(int core) {
        CPU_ZERO(&before_);
        ::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(core), &one);
        EXPECT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    }
    bound_to_core(bound_to_core const&) = delete;
    bound_to_core(bound_to_core&&) = delete;
    bound_to_core& operator=(bound_to_core const&) = delete;
    bound_to_core& operator=(bound_to_core&&) = delete;
    ~bound_to_core() { ::sched_setaffinity(0, sizeof before_, &before_); }

  private:
    cpu_set_t before_{};
};

std::vector<int> usable_cores() {
    cpu_set_t mine;
    CPU_ZERO(&mine);
    ::sched_getaffinity(0, sizeof mine, &mine);
    std::vector<int> all;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(static_cast<std::size_t>(core), &mine)) all.push_back(core);
    }
    return all;
}

struct WaitPolicyOfASegment : testing::Test {
    int const rank = rank_in(MPI_COMM_WORLD);
    int const size = size_of(MPI_COMM_WORLD);
    int const long_spin = shmwin::wait_policy{}.spin;
};

TEST_F(WaitPolicyOfASegment, SpinsLittleWhereAllRanksAreBoundToOneCore) {
    bound_to_core const bound(usable_cores().front());
    auto const policy = chosen();
    if (size == 1) {
        EXPECT_EQ(policy.spin, long_spin);
    } else {
        EXPECT_LT(policy.spin, long_spin);
    }
}

TEST_F(WaitPolicyOfASegment, SpinsLongWhereEachRankIsBoundToACoreOfItsOwn) {
    auto const cores = usable_cores();
    auto const enough = on_all(MPI_COMM_WORLD, static_cast<int>(cores.size()) >= size);
    auto const mine = static_cast<std::size_t>(rank) % cores.size();
    bound_to_core const bound(cores[mine]); // a rank alone sees one core; together they see all
    auto const policy = chosen();
    if (enough) {
        EXPECT_EQ(policy.spin, long_spin);
    } else {
        EXPECT_LT(policy.spin, long_spin);
    }
}

TEST_F(WaitPolicyOfASegment, IsWhatTheOptionsSay) {
    auto const policy =
        chosen({.spin = rank, .wait_slice = microseconds(700 + rank), .wait_warn = seconds(30)});
    EXPECT_EQ(policy.spin, rank); // each rank may have its own
    EXPECT_EQ(policy.slice, microseconds(700 + rank));
    EXPECT_EQ(policy.warn_after, seconds(30));
}

TEST_F(WaitPolicyOfASegment, TakesOptionsBeforeTheEnvironment) {
    scoped_variable const spin("SHMWIN_SPIN", "17");
    scoped_variable const slice("SHMWIN_WAIT_SLICE_US", "1234");
    scoped_variable const warn("SHMWIN_WAIT_WARN", "5");
    auto const of_environment = chosen();
    EXPECT_EQ(of_environment.spin, 17);
    EXPECT_EQ(of_environment.slice, microseconds(1234));
    EXPECT_EQ(of_environment.warn_after, seconds(5));
    auto const of_options =
        chosen({.spin = 0, .wait_slice = microseconds(99), .wait_warn = seconds(0)});
    EXPECT_EQ(of_options.spin, 0);
    EXPECT_EQ(of_options.slice, microseconds(99));
    EXPECT_EQ(of_options.warn_after, seconds(0)); // none at all
}

TEST_F(WaitPolicyOfASegment, KeepsSpinAndSleepBounded) {
    auto const policy =
        chosen({.spin = 2'000'000'000,
                .wait_slice = std::chrono::duration_cast<microseconds>(std::chrono::hours(1))});
    EXPECT_EQ(policy.spin, shmwin::wait_policy::max_spin);
    EXPECT_EQ(policy.slice, shmwin::wait_policy::max_slice);
    EXPECT_EQ(chosen({.wait_slice = microseconds(1)}).slice, shmwin::wait_policy::min_slice);
}

} // namespace
} // namespace shmwin
