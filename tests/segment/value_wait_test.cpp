// SPDX-License-Identifier: MIT
// Ranks that sleep on values of every size.
#include "shmwin/segment/value.hpp"

#include "support/open_segment.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

struct octet_pair {
    std::uint8_t first;
    std::uint8_t last;
};
SHMWIN_NAME(octet_pair, "test.octet_pair/1");

namespace shmwin {
namespace {

using namespace test;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

// The ranks in turn: rank r waits for round * size + r, and passes the next number on.
template <typename T>
struct ValueWaitOf : open_segment {};
using all_sizes =
    testing::Types<std::uint8_t, std::int16_t, std::int32_t, float, std::uint64_t, double>;
TYPED_TEST_SUITE(ValueWaitOf, all_sizes);

TYPED_TEST(ValueWaitOf, PassesATurnAround) {
    auto const turn = this->seg.template create_value<TypeParam>("turn");
    constexpr int n_rounds = 60; // fits a byte with 4 ranks
    static_assert(sizeof(value<TypeParam>) == sizeof(value<std::int64_t>));
    for (int round = 0; round < n_rounds; ++round) {
        auto const mine = static_cast<TypeParam>(round * this->size + this->rank);
        for (auto seen = turn.load(); seen != mine;) {
            auto const next = turn.wait(seen);
            EXPECT_NE(next, seen);
            seen = next;
        }
        turn.store(static_cast<TypeParam>(round * this->size + this->rank + 1));
        turn.notify_all();
    }
    this->seg.fence();
    EXPECT_EQ(turn.load(), static_cast<TypeParam>(n_rounds * this->size));
}

TYPED_TEST(ValueWaitOf, PredicateIsAskedOfTheValue) {
    auto const arrived = this->seg.template create_value<TypeParam>("arrived");
    arrived.fetch_add(TypeParam{1});
    arrived.notify_one();
    auto const all = static_cast<TypeParam>(this->size);
    EXPECT_EQ(arrived.wait([&](TypeParam n) { return n == all; }), all);
    EXPECT_TRUE(arrived.wait_for([&](TypeParam n) { return n == all; }, 0s));
}

struct ValueWait : open_segment {
    // Two values whose waiters sleep on the same line.
    [[nodiscard]] std::vector<value<int>> on_one_line() {
        auto const& lot = seg.core()->lot();
        auto const line_of = [&](value<int> const& v) {
            return &lot.line(seg.heap().offset_of(v.data()));
        };
        std::vector<value<int>> all{seg.create_value<int>("first")};
        for (int i = 0; all.size() < 2; ++i) {
            auto const other = seg.create_value<int>("other " + std::to_string(i));
            if (line_of(other) == line_of(all.front())) all.push_back(other);
        }
        return all;
    }
};

TEST_F(ValueWait, ThoseOnOneLineDoNotTakeEachOthersWakeUps) {
    auto const both = on_one_line();
    for (int i = 1; i <= 500; ++i) {
        if (rank == 0) {
            both[0].store(i, std::memory_order_relaxed);
            both[0].notify();
        }
        if (rank == last) {
            both[0].wait([&](int n) { return n == i; });
            both[1].store(i, std::memory_order_relaxed);
            both[1].notify();
        }
        both[1].wait([&](int n) { return n >= i; });
    }
    seg.fence();
    // A wake-up that is lost costs a slice, no more: that none is, tests/sync/value_wait_test.cpp
    // shows.
    EXPECT_EQ(both[0].load() + both[1].load(), 1000);
}

TEST_F(ValueWait, ComparesBitsAsTheStandardDoes) {
    auto const zero = seg.create_value<double>("zero", 0.0);
    EXPECT_FALSE(zero.wait_for(0.0, 1ms));
    EXPECT_TRUE(zero.wait_for(-0.0, 1ms));
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    auto const none = seg.create_value<double>("none", nan);
    EXPECT_FALSE(none.wait_for(nan, 1ms));
    auto const pair = seg.create_value<octet_pair>("pair", {1, 2});
    EXPECT_FALSE(pair.wait_for(octet_pair{1, 2}, 1ms));
    EXPECT_TRUE(pair.wait_for(octet_pair{1, 3}, 1ms));
    seg.fence();
}

TEST_F(ValueWait, DeadlineOfAnyClockEndsIt) {
    auto const number = seg.create_value<int>("number", 5);
    auto const begin = steady_clock::now();
    EXPECT_FALSE(number.wait_for(5, 20ms));
    EXPECT_FALSE(number.wait_until(5, std::chrono::system_clock::now() + 20ms));
    EXPECT_FALSE(number.wait_until([](int n) { return n > 5; }, steady_clock::now() + 20ms));
    EXPECT_GE(steady_clock::now() - begin, 60ms);
    EXPECT_TRUE(number.wait_until(4, steady_clock::now() - 1s));
    EXPECT_TRUE(number.wait_until([](int n) { return n == 5; }, steady_clock::time_point::max()));
    seg.fence();
}

TEST_F(ValueWait, AfterCloseNobodyWaits) {
    segment other(on, {.capacity = 8_MiB});
    auto const number = other.create_value<int>("number", 5);
    other.close();
    auto const thrown = error_of([&] { number.wait_for(5, 10s); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
    EXPECT_EQ(number.wait(4), 5);
}

TEST_F(ValueWait, ThreadsOfARankWaitToo) {
    auto const number = seg.create_value<std::int16_t>("number");
    auto const n_awake = seg.create_value<int>("n_awake");
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            number.wait(0);
            n_awake.fetch_add(1);
        });
    }
    if (rank == last) {
        number.store(1);
        number.notify();
    }
    for (auto& each : threads) {
        each.join();
    }
    seg.fence();
    EXPECT_EQ(n_awake.load(), 3 * size);
}

TEST_F(ValueWait, WhatWasStoredBeforeIsVisibleAfter) {
    auto const data = seg.create_array<int>("data", shape(1000));
    auto const filled = seg.create_value<bool>("filled");
    if (rank == last) {
        for (int i = 0; i < 1000; ++i) {
            data(i) = i + 1;
        }
        filled.store(true, std::memory_order_release);
        filled.notify();
    }
    filled.wait(false);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(data(i), i + 1);
    }
    seg.fence();
}

} // namespace
} // namespace shmwin
