// SPDX-License-Identifier: MIT
#include "shmwin/segment/event.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Event : open_segment {};

TEST_F(Event, WakesAllRanks) {
    auto const ready = seg.create_event("ready");
    auto const number = seg.create_array<int>("number", shape(1));
    EXPECT_FALSE(ready.is_set());
    seg.fence();
    if (rank == last) {
        number(0) = 42;
        ready.set();
    }
    ready.wait();
    EXPECT_EQ(number(0), 42);
    EXPECT_TRUE(ready.is_set());
    EXPECT_TRUE(ready.wait_for(0ms));
}

TEST_F(Event, WaitsNoLongerThanItsDeadline) {
    auto const never = seg.create_event("never");
    EXPECT_FALSE(never.wait_for(1ms));
    EXPECT_FALSE(never.wait_until(std::chrono::system_clock::now() + 1ms));
    EXPECT_FALSE(never.wait_until(std::chrono::steady_clock::now() - 1ms));
}

TEST_F(Event, PassesATokenRound) {
    auto const mine = [&] {
        event found;
        for (int r = 0; r < size; ++r) {
            auto const made = seg.create_event("turn " + std::to_string(r));
            if (r == rank) found = made;
        }
        return found;
    }();
    auto const next = seg.find_event("turn " + std::to_string((rank + 1) % size));
    auto const n_turns = seg.create_value<int>("n_turns");
    if (rank == 0) mine.set();
    for (int round = 0; round < 200; ++round) {
        mine.wait();
        mine.clear();
        EXPECT_EQ(n_turns.fetch_add(1), round * size + rank);
        next.set();
    }
    seg.fence();
    EXPECT_EQ(n_turns.load(), 200 * size);
}

} // namespace
} // namespace shmwin
