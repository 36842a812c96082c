// SPDX-License-Identifier: MIT
#include "shmwin/segment/value.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>

struct half_open {
    std::int32_t first;
    std::int32_t last;
    friend bool operator==(half_open const&, half_open const&) = default;
};
SHMWIN_NAME(half_open, "test.half_open/1");
struct three_bytes {
    char c[3]; // NOLINT(*-avoid-c-arrays): a size that no atomic has
};
SHMWIN_NAME(three_bytes, "test.three_bytes/1");
struct two_words {
    std::int64_t a;
    std::int64_t b;
};
SHMWIN_NAME(two_words, "test.two_words/1");

namespace shmwin {
namespace {

using namespace test;

// --- what does not compile -----------------------------------------------------------------------

static_assert(lock_free_value<bool> && lock_free_value<std::int64_t> && lock_free_value<double>);
static_assert(lock_free_value<float> && lock_free_value<std::byte> && lock_free_value<half_open>);
static_assert(lock_free_value<std::complex<float>>);
static_assert(!lock_free_value<two_words> && !lock_free_value<three_bytes>);
static_assert(!lock_free_value<long double> && !lock_free_value<std::complex<double>>);
static_assert(!lock_free_value<int*> && !lock_free_value<int&> && !lock_free_value<int const>);

template <typename T>
concept can_add = requires(value<T> const& v, T x) {
    v.fetch_add(x);
};
static_assert(can_add<int> && can_add<double> && can_add<unsigned char>);
static_assert(!can_add<bool> && !can_add<std::byte> && !can_add<half_open>);
template <typename T>
concept can_mask = requires(value<T> const& v, T x) {
    v.fetch_and(x);
};
static_assert(can_mask<int> && can_mask<std::uint64_t> && can_mask<char>);
static_assert(!can_mask<bool> && !can_mask<double> && !can_mask<half_open>);

// --- what does -----------------------------------------------------------------------------------

struct Value : open_segment {
    static constexpr int n_rounds = 20'000;
};

TEST_F(Value, BeginsWithWhatWasGiven) {
    auto const number = seg.create_value<std::int64_t>("number", -7);
    auto const zero = seg.create_value<double>("zero");
    EXPECT_EQ(number.load(), -7);
    EXPECT_EQ(zero.load(), 0.0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(number.data()) % 8, 0U);
}

TEST_F(Value, AdditionsOfAllRanksAllCount) {
    auto const sum = seg.create_value<std::int64_t>("sum");
    for (int i = 0; i < n_rounds; ++i) {
        sum.fetch_add(i % 3);
    }
    seg.fence();
    std::int64_t each = 0;
    for (int i = 0; i < n_rounds; ++i) {
        each += i % 3;
    }
    EXPECT_EQ(sum.load(), each * size);
    seg.fence();
    sum.fetch_sub(each);
    seg.fence();
    EXPECT_EQ(sum.load(), 0);
}

TEST_F(Value, FloatingAdditionsAllCount) {
    auto const sum = seg.create_value<double>("sum", 0.5);
    for (int i = 0; i < n_rounds; ++i) {
        sum.fetch_add(0.25);
    }
    seg.fence();
    EXPECT_EQ(sum.load(), 0.5 + 0.25 * n_rounds * size);
}

TEST_F(Value, SmallTypesAddModulo) {
    auto const sum = seg.create_value<unsigned char>("sum", static_cast<unsigned char>(250));
    sum.fetch_add(static_cast<unsigned char>(10));
    seg.fence();
    EXPECT_EQ(sum.load(), static_cast<unsigned char>(250 + 10 * size));
}

template <typename T>
void expect_least_and_greatest(segment& seg, std::string const& type) {
    auto const least = seg.create_value<T>("least " + type, T{100});
    auto const greatest = seg.create_value<T>("greatest " + type);
    for (int i = 0; i < 100; ++i) {
        auto const mine = static_cast<T>((i * 37 + 11 * seg.rank()) % 90 + 5);
        EXPECT_LE(std::min(least.fetch_min(mine), mine), T{100});
        greatest.fetch_max(mine, std::memory_order_acq_rel);
    }
    seg.fence();
    EXPECT_EQ(least.load(), T{5});
    EXPECT_EQ(greatest.load(), T{94});
}

TEST_F(Value, KeepsTheLeastAndTheGreatestOfAllRanks) {
    expect_least_and_greatest<unsigned char>(seg, "byte");
    expect_least_and_greatest<std::int16_t>(seg, "short");
    expect_least_and_greatest<int>(seg, "int");
    expect_least_and_greatest<float>(seg, "float");
    expect_least_and_greatest<double>(seg, "double");
    expect_least_and_greatest<std::uint64_t>(seg, "long");
}

TEST_F(Value, LeastOfNumbersKnowsTheSignAndTheNaN) {
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    auto const x = seg.create_value<double>("x", nan);
    if (rank == 0) {
        EXPECT_TRUE(std::isnan(x.fetch_min(nan)));
        EXPECT_TRUE(std::isnan(x.fetch_max(2.0))); // a number replaces a NaN
        EXPECT_EQ(x.fetch_min(nan), 2.0);
        EXPECT_EQ(x.fetch_max(nan), 2.0);
        EXPECT_EQ(x.exchange(0.0), 2.0); // no NaN replaces a number
        x.fetch_min(-0.0);
        EXPECT_TRUE(std::signbit(x.load()));
        x.fetch_min(0.0);
        EXPECT_TRUE(std::signbit(x.load()));
        x.fetch_max(0.0);
        EXPECT_FALSE(std::signbit(x.load()));
        x.fetch_max(-0.0);
        EXPECT_FALSE(std::signbit(x.load()));
    }
    seg.fence();
}

TEST_F(Value, BitsOfAllRanksAreSetFlippedAndCleared) {
    auto const bits = seg.create_value<unsigned>("bits");
    auto const mine = 1U << static_cast<unsigned>(rank);
    EXPECT_EQ(bits.fetch_or(mine) & mine, 0U);
    seg.fence();
    auto const all = (1U << static_cast<unsigned>(size)) - 1;
    EXPECT_EQ(bits.load(), all);
    seg.fence();
    bits.fetch_xor(mine | 0x100U << static_cast<unsigned>(rank));
    seg.fence();
    EXPECT_EQ(bits.load(), all << 8U);
    seg.fence();
    bits.fetch_and(~(0x100U << static_cast<unsigned>(rank)));
    seg.fence();
    EXPECT_EQ(bits.load(), 0U);
}

TEST_F(Value, FetchAddGivesEachNumberOnce) {
    auto const next = seg.create_value<int>("next");
    auto const taken = seg.create_array<int>("taken", shape(1000));
    for (int mine = next.fetch_add(1); mine < 1000; mine = next.fetch_add(1)) {
        taken(mine) += 1;
    }
    seg.fence();
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(taken(i), 1) << i;
    }
}

TEST_F(Value, CompareExchangeLetsOneThrough) {
    auto const winner = seg.create_value<int>("winner", -1);
    auto const n_won = seg.create_value<int>("n_won");
    int expected = -1;
    bool const won = winner.compare_exchange_strong(expected, rank);
    if (won) n_won.fetch_add(1);
    seg.fence();
    EXPECT_EQ(n_won.load(), 1);
    EXPECT_EQ(winner.load() == rank, won);
    EXPECT_EQ(expected, won ? -1 : winner.load());
}

TEST_F(Value, WeakCompareExchangeCountsInALoop) {
    auto const pair = seg.create_value<half_open>("pair", half_open{0, 10});
    for (int i = 0; i < 1000; ++i) {
        auto seen = pair.load();
        while (!pair.compare_exchange_weak(seen, {seen.first + 1, seen.last + 1})) {
        }
    }
    seg.fence();
    EXPECT_EQ(pair.load(), (half_open{1000 * size, 1000 * size + 10}));
}

TEST_F(Value, OfBoolIsATurnstile) {
    auto const open = seg.create_value<bool>("open", true);
    auto const n_in = seg.create_value<int>("n_in");
    if (open.exchange(false)) n_in.fetch_add(1);
    seg.fence();
    EXPECT_EQ(n_in.load(), 1);
    EXPECT_FALSE(open.load());
}

TEST_F(Value, StoreOfOneRankIsSeenByAWaitingOne) {
    // No fence: a value is waited for as any atomic.
    auto const turn = seg.create_value<int>("turn");
    for (int round = 0; round < 3; ++round) {
        while (turn.load(std::memory_order_acquire) != round * size + rank) {
            std::this_thread::yield();
        }
        turn.store(round * size + rank + 1, std::memory_order_release);
    }
    seg.fence();
    EXPECT_EQ(turn.load(), 3 * size);
}

TEST_F(Value, IsFoundAndDestroyed) {
    auto const number = seg.create_value<int>("number", 5);
    auto const found = seg.find_value<int>("number");
    EXPECT_EQ(found.data(), number.data());
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_value<long>("number")); })->code,
              errc::type_mismatch);
    EXPECT_TRUE(found.is_valid());
    seg.fence();
    seg.destroy(found);
    EXPECT_FALSE(number.is_valid());
    EXPECT_FALSE(seg.contains("number"));
}

TEST_F(Value, HasALineOfTheCacheForItself) {
    auto const first = seg.create_value<char>("first");
    auto const second = seg.create_value<std::int64_t>("second");
    auto const line_of = [&](auto const& each) { return seg.heap().offset_of(each.data()) / 64; };
    EXPECT_NE(line_of(first), line_of(second));
    EXPECT_EQ(seg.heap().offset_of(first.data()) % 64, 0U);
    EXPECT_GE(seg.heap().usable_size(first.data()), 64U);
}

TEST_F(Value, OfNothingIsFalse) {
    value<int> const none;
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.is_valid());
}

} // namespace
} // namespace shmwin
