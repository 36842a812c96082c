// SPDX-License-Identifier: MIT
// Before all else: it says why.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/base/describe.hpp"
#include "shmwin/segment/synchronized.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace synchronized_types {
struct histogram {
    std::array<std::int64_t, 4> bins{};
    std::int64_t n = 0;

    void add(std::int64_t x) {
        bins.at(static_cast<std::size_t>(x) % 4) += 1;
        ++n;
    }
};
struct alignas(32) wide {
    double x = 0;
};
} // namespace synchronized_types
SHMWIN_DESCRIBE(synchronized_types::histogram, bins, n);
SHMWIN_NAME(synchronized_types::wide, "test.synchronized.wide/1");

namespace shmwin {
namespace {

using std::chrono::milliseconds;
using synchronized_types::histogram;
using synchronized_types::wide;
using test::error_of;
using testing::HasSubstr;

struct Synchronized : test::open_segment {};
struct SynchronizedArray : test::open_segment {};

using guard = synchronized_guard<histogram>;
static_assert(!std::is_copy_constructible_v<guard> && std::is_nothrow_move_constructible_v<guard>);
static_assert(std::is_copy_constructible_v<synchronized<histogram>>);

template <typename Handle>
concept reaches_data_without_lock = requires(Handle const& h) {
    *h;
}
|| requires(Handle const& h) {
    h.operator->();
}
|| requires(Handle const& h) {
    h.data();
}
|| requires(Handle const& h) {
    h.view();
};
static_assert(!reaches_data_without_lock<synchronized<histogram>>);
static_assert(!reaches_data_without_lock<synchronized_array<double, 2>>);

TEST_F(Synchronized, RanksLoseNoUpdate) {
    auto const hist = seg.create_synchronized<histogram>("h");
    for (int i = 0; i < 400; ++i) {
        auto h = hist.lock();
        h->add(i);
    }
    seg.fence();
    auto const h = hist.lock();
    EXPECT_EQ(h->n, 400 * size);
    EXPECT_EQ(std::accumulate(h->bins.begin(), h->bins.end(), std::int64_t{0}), h->n);
}

TEST_F(Synchronized, IsConstructedOnceFromArgumentsOfRankZero) {
    auto const made = seg.create_synchronized<double>("x", rank == 0 ? 2.5 : -1.0);
    EXPECT_EQ(*made.lock(), 2.5);
    EXPECT_EQ(*seg.create_synchronized<double>("zero").lock(), 0.0);
}

TEST_F(Synchronized, IsFoundByNameAndType) {
    auto const made = seg.create_synchronized<std::int32_t>("a/n", 7);
    auto const found = seg.group("a").find_synchronized<std::int32_t>("n");
    EXPECT_EQ(*found.lock(), 7);
    auto const code = [&](auto const& call) { return error_of(call)->code; };
    EXPECT_EQ(code([&] { static_cast<void>(seg.find_synchronized<double>("a/n")); }),
              errc::type_mismatch);
    EXPECT_EQ(code([&] { static_cast<void>(seg.find_value<std::int32_t>("a/n")); }),
              errc::type_mismatch);
    EXPECT_EQ(code([&] { static_cast<void>(seg.find_synchronized_array<std::int32_t, 1>("a/n")); }),
              errc::shape_mismatch);
    EXPECT_THAT(error_of([&] { static_cast<void>(seg.find_any("a/n")); })->text,
                HasSubstr("through their lock"));
}

TEST_F(Synchronized, DataBeginWhereTheLayoutSays) {
    static_cast<void>(seg.create_synchronized<std::int8_t>("small", std::int8_t{1}));
    static_cast<void>(seg.create_synchronized<wide>("wide"));
    auto const small = seg.info("small");
    EXPECT_EQ(small->n_bytes, 9U);
    EXPECT_EQ(small->kind, object_kind::synchronized);
    EXPECT_TRUE(small->saved);
    auto const big = seg.info("wide");
    EXPECT_EQ(big->n_bytes, 64U);
    EXPECT_EQ(big->offset % 32, 0U);
    EXPECT_FALSE(big->saved) << "no file can hold it";
    auto const found = seg.find_synchronized<wide>("wide");
    auto const held = found.lock();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*held) % 32, 0U);
    EXPECT_EQ(seg.heap().offset_of(&*held), big->offset + 32);
}

TEST_F(Synchronized, TryLockAndDeadlinesGiveAnEmptyGuard) {
    auto const value = seg.create_synchronized<int>("n", 1);
    {
        auto const held = rank == 0 ? value.lock() : synchronized_guard<int>();
        seg.fence();
        if (rank == last && size > 1) {
            EXPECT_FALSE(value.try_lock());
            EXPECT_FALSE(value.lock_for(milliseconds(5)));
            EXPECT_FALSE(value.lock_until(std::chrono::steady_clock::now() + milliseconds(5)));
        }
        EXPECT_EQ(value.holder().rank, 0);
        EXPECT_EQ(seg.who_holds("n")->rank, 0);
        seg.fence();
    }
    seg.fence();
    if (rank == last) {
        if (auto held = value.try_lock()) *held = 5;
        EXPECT_EQ(*value.lock_for(std::chrono::minutes(1)), 5);
    }
    seg.fence();
}

TEST_F(Synchronized, AGuardThatUnwindsUnlocks) {
    auto const value = seg.create_synchronized<int>("n", 1);
    try {
        auto held = value.lock();
        *held += 1;
        throw std::runtime_error("on its way");
    } catch (std::runtime_error const&) {
        EXPECT_FALSE(value.holder().rank == rank);
    }
    seg.fence();
    EXPECT_EQ(*value.lock(), 1 + size);
}

TEST_F(Synchronized, AGuardMovesAndUnlocksOnce) {
    auto const value = seg.create_synchronized<int>("n", 1);
    {
        auto first = value.lock();
        auto second = std::move(first);
        EXPECT_FALSE(first); // NOLINT(bugprone-use-after-move): that is tested
        EXPECT_TRUE(second);
        second.unlock();
        EXPECT_FALSE(second);
    }
    EXPECT_TRUE(value.lock());
}

TEST_F(Synchronized, WithCallsWhileLockedAndReturnsACopy) {
    auto const value = seg.create_synchronized<std::int64_t>("n", 0);
    for (int i = 0; i < 100; ++i) {
        auto const now = value.with([&](std::int64_t& n) -> std::int64_t& {
            EXPECT_EQ(value.holder().rank, rank);
            return ++n;
        });
        static_assert(std::is_same_v<decltype(now), std::int64_t const>);
    }
    seg.fence();
    EXPECT_EQ(value.with([](auto& n) { return n; }), 100 * size);
}

TEST_F(Synchronized, HoldsContainersOfTheSegment) {
    auto const words = seg.create_synchronized<vector<std::int32_t>>("words");
    words.with([&](auto& all) { all.push_back(rank); });
    seg.fence();
    EXPECT_EQ(words.lock()->size(), static_cast<std::size_t>(size));
    seg.fence();
    seg.destroy(words);
    EXPECT_FALSE(words.is_valid());
    test::expect_sound(seg);
}

TEST_F(SynchronizedArray, RanksLoseNoUpdate) {
    auto const all = seg.create_synchronized_array<double>("u", shape(3, 4));
    EXPECT_EQ(all.extent(0), 3);
    EXPECT_EQ(all.extents().extent(1), 4);
    for (int i = 0; i < 100; ++i) {
        auto u = all.lock();
        u(2, 3) += 1;
        u.view()(0, 0) += 2;
    }
    seg.fence();
    auto const u = seg.find_synchronized_array<double, 2>("u").lock();
    EXPECT_EQ(u(2, 3), 100.0 * size);
    EXPECT_EQ(u(0, 0), 200.0 * size);
    EXPECT_EQ(u(1, 1), 0.0);
}

TEST_F(SynchronizedArray, WithGivesTheView) {
    auto const all = seg.create_synchronized_array<std::int32_t>("u", shape(5));
    all.with([](auto u) { u(4) += 1; });
    seg.fence();
    EXPECT_EQ(all.with([](auto u) { return u(4); }), size);
}

TEST_F(SynchronizedArray, ElementsBeginALineAfterTheLock) {
    static_cast<void>(seg.create_synchronized_array<double>("u", shape(3, 4)));
    auto const info = seg.info("u");
    EXPECT_EQ(info->n_bytes, 64U + 96U);
    EXPECT_THAT(info->shape, testing::ElementsAre(3, 4));
    EXPECT_EQ(info->order, memory_order_kind::right);
    EXPECT_TRUE(info->saved);
    auto const handle = seg.find_synchronized_array<double, 2>("u");
    auto const held = handle.lock();
    EXPECT_EQ(seg.heap().offset_of(&held(0, 0)), info->offset + 64);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&held(0, 0)) % 64, 0U);
}

TEST_F(SynchronizedArray, MayBeLargeEmptyOrUnsaved) {
    auto const large = seg.create_synchronized_array<double>("large", shape(100'000));
    large.with([](auto u) { u(99'999) += 1; });
    auto const none = seg.create_synchronized_array<double>("none", shape(0, 3));
    EXPECT_EQ(none.lock().view().size(), 0U);
    static_cast<void>(seg.create_synchronized_array<double>("unsaved", shape(2), {.saved = false}));
    EXPECT_FALSE(seg.info("unsaved")->saved);
    seg.fence();
    EXPECT_EQ(large.with([](auto u) { return u(99'999); }), size);
    seg.fence();
    seg.destroy(large);
    test::expect_sound(seg);
}

} // namespace
} // namespace shmwin
