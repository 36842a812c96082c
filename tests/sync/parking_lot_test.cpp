// SPDX-License-Identifier: MIT
#include "shmwin/sync/parking_lot.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>

namespace shmwin {
namespace {

using detail::parking_line;
using detail::parking_lot;

constexpr auto never = [](bool) {};

// Sleeps at once, and without an end but for a wake-up.
wait_policy sleepy() {
    wait_policy policy;
    policy.spin = 0;
    policy.yield = 0;
    policy.slice = std::chrono::minutes(10);
    return policy;
}

// Two lines, so that keys collide too.
struct lot_and_values {
    std::array<parking_line, 2> lines;
    std::array<std::atomic<std::uint64_t>, 8> values;
    [[nodiscard]] parking_lot lot() noexcept { return parking_lot(lines); }
};

struct ParkingLot : testing::Test {
    test::shared_object<lot_and_values> shared;

    // Waits until the value of `key` is at least `wanted`.
    void await(std::uint64_t key, std::uint64_t wanted) const {
        auto& value = shared->values.at(key);
        auto const ready = [&] { return value.load() >= wanted; };
        shared->lot().park(key, sleepy(), ready, never);
    }
    void add_one(std::uint64_t key) const {
        shared->values.at(key).fetch_add(1);
        shared->lot().unpark(key);
    }
    // Two ranks that take turns, many times: a wake-up that is lost holds the game up.
    void ping_pong(std::uint64_t there, std::uint64_t back, std::uint64_t n, bool serves) const {
        for (std::uint64_t i = 1; i <= n; ++i) {
            if (serves) add_one(there);
            await(serves ? back : there, i);
            if (!serves) add_one(back);
        }
    }
};

TEST_F(ParkingLot, DoesNotSleepIfTheValueIsReady) {
    int n_looks = 0;
    shared->lot().park(
        3, sleepy(), [&] { return ++n_looks > 0; }, never);
    EXPECT_EQ(n_looks, 1);
}

TEST_F(ParkingLot, WakesWhoWaitsForTheKey) {
    test::as_threads(2, [&](int rank) {
        if (rank == 0) {
            await(1, 1);
        } else {
            add_one(1);
        }
    });
}

TEST_F(ParkingLot, WakesAllWhoWaitForTheKey) {
    test::as_threads(6, [&](int rank) {
        if (rank < 5) {
            await(1, 1);
        } else {
            add_one(1);
        }
    });
}

TEST_F(ParkingLot, AWaiterWhoseLineIsSharedGoesOnWaiting) {
    std::atomic<bool> back{false};
    std::thread waiter([&] {
        await(0, 1);
        back = true;
    });
    for (std::uint64_t key = 1; key < 8; ++key) { // some of them have the line of key 0
        add_one(key);
    }
    EXPECT_FALSE(back);
    add_one(0);
    waiter.join();
    EXPECT_TRUE(back);
}

TEST_F(ParkingLot, CheckIsCalledWhenEverybodyIsWoken) {
    std::atomic<bool> left{false};
    std::atomic<bool> over{false};
    std::thread other([&] {
        left = true;
        while (!over) { // it may be on its way to sleep: so not only once
            shared->lot().unpark_all();
            std::this_thread::yield();
        }
    });
    auto policy = sleepy();
    policy.slice = std::chrono::milliseconds(20);
    auto const check = [&](bool) {
        if (left) throw std::domain_error("gone");
    };
    EXPECT_THROW(shared->lot().park(
                     5, policy, [] { return false; }, check),
                 std::domain_error);
    over = true;
    other.join();
}

TEST_F(ParkingLot, UnparkWakesTheSleepersOfTheKeysLine) {
    for (std::uint64_t key = 0; key < 8; ++key) {
        test::sleeper const a(shared->lines.at(detail::mix(key) % 2).sequence);
        test::sleeper const b(shared->lines.at(detail::mix(key) % 2).sequence);
        shared->lot().unpark(key);
        EXPECT_TRUE(a.wakes_up());
        EXPECT_TRUE(b.wakes_up());
    }
}

TEST_F(ParkingLot, UnparkAllWakesTheSleepersOfEveryLine) {
    test::sleeper const a(shared->lines[0].sequence);
    test::sleeper const b(shared->lines[1].sequence);
    shared->lot().unpark_all();
    EXPECT_TRUE(a.wakes_up());
    EXPECT_TRUE(b.wakes_up());
}

TEST_F(ParkingLot, NoWakeUpIsLostBetweenThreads) {
    test::as_threads(4, [&](int rank) {
        auto const pair = static_cast<std::uint64_t>(rank / 2);
        ping_pong(2 * pair, 2 * pair + 1, 3000, rank % 2 == 0);
    });
    for (std::uint64_t key = 0; key < 4; ++key) {
        EXPECT_EQ(shared->values.at(key).load(), 3000U);
    }
}

TEST_F(ParkingLot, NoWakeUpIsLostBetweenProcesses) {
    SHMWIN_NEEDS_FORK();
    std::vector<test::child> children;
    for (int rank = 0; rank < 4; ++rank) {
        children.emplace_back([&, rank] {
            auto const pair = static_cast<std::uint64_t>(rank / 2);
            ping_pong(2 * pair, 2 * pair + 1, 3000, rank % 2 == 0);
            return true;
        });
    }
    for (auto& each : children) {
        EXPECT_EQ(each.wait(), 0);
    }
    for (std::uint64_t key = 0; key < 4; ++key) {
        EXPECT_EQ(shared->values.at(key).load(), 3000U);
    }
}

TEST_F(ParkingLot, ASleeperThatIsKilledHarmsNobody) {
    SHMWIN_NEEDS_FORK();
    {
        test::child const doomed([&] {
            await(0, 1000);
            return true;
        });
        ASSERT_TRUE(test::eventually([&] {
            return shared->lines[0].sequence.n_sleepers + shared->lines[1].sequence.n_sleepers > 0;
        }));
        doomed.kill();
    }
    test::as_threads(2, [&](int rank) { ping_pong(0, 1, 500, rank == 0); });
    EXPECT_EQ(shared->values[1].load(), 500U);
}

} // namespace
} // namespace shmwin
