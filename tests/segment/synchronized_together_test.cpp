// SPDX-License-Identifier: MIT
// Synchronized data that all ranks change, on one core and on two: nobody sees another's change
// half done, and no change is lost, by whichever of the ways a rank comes in.
#include "shmwin/segment/synchronized.hpp"

#include "support/on_cores.hpp"
#include "support/open_segment.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <sched.h>
#include <span>

namespace shmwin {
namespace {

using std::chrono::microseconds;

/// All are equal whenever nobody changes them.
using numbers = std::array<std::int64_t, 16>;

class SynchronizedTogether : public test::open_segment_as<testing::TestWithParam<int>> {
  protected:
    void SetUp() override {
        if (!cores_.are_there()) GTEST_SKIP() << "fewer cores";
    }

    // Without end, for a moment at a time, or by trying first.
    template <typename Handle>
    static auto lock_somehow(Handle const& handle, int turn) {
        if (turn % 4 == 0) {
            for (;;) {
                if (auto got = handle.lock_for(microseconds(turn % 300))) return got;
            }
        }
        if (turn % 4 == 1) {
            if (auto got = handle.try_lock()) return got;
        }
        return handle.lock();
    }

    // False if they were not equal.
    template <typename Numbers>
    static bool add_one(Numbers&& all) {
        auto const before = *all.begin();
        bool const whole = std::all_of(all.begin(), all.end(), [&](auto n) { return n == before; });
        for (auto& each : all) {
            each = before + 1;
        }
        return whole;
    }

    [[nodiscard]] int n_turns() const { return 20'000 * test::soak_factor() / size; }
    void be_interrupted(int turn) const {
        if (turn % 64 == rank) ::sched_yield(); // on one core, too, others find it held
    }

  private:
    test::on_cores cores_{GetParam()};
};

TEST_P(SynchronizedTogether, NoChangeIsLostOrSeenHalfDone) {
    auto const shared = seg.create_synchronized<numbers>("numbers");
    int n_torn = 0;
    for (int i = 0; i < n_turns(); ++i) {
        auto held = lock_somehow(shared, i + rank);
        if (!add_one(*held)) ++n_torn;
        be_interrupted(i);
    }
    seg.fence();
    EXPECT_EQ(n_torn, 0);
    EXPECT_EQ((*shared.lock())[0], std::int64_t{n_turns()} * size);
}

TEST_P(SynchronizedTogether, NoChangeOfAnArrayIsLostOrSeenHalfDone) {
    auto const shared = seg.create_synchronized_array<std::int64_t>("array", shape(4, 5));
    int n_torn = 0;
    for (int i = 0; i < n_turns(); ++i) {
        auto const held = lock_somehow(shared, i + rank);
        auto const view = held.view();
        if (!add_one(std::span(view.data_handle(), 20))) ++n_torn;
        be_interrupted(i);
    }
    seg.fence();
    EXPECT_EQ(n_torn, 0);
    EXPECT_EQ(shared.lock()(3, 4), std::int64_t{n_turns()} * size);
}

INSTANTIATE_TEST_SUITE_P(Cores, SynchronizedTogether, testing::Values(1, 2));

} // namespace
} // namespace shmwin
