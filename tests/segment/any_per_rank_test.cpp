// SPDX-License-Identifier: MIT
// Per-rank vectors of a type known at run time: the same vectors as those of the template.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/segment/any_per_rank.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <cstdint>
#include <gmock/gmock.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

using AnyPerRank = open_segment;

TEST_F(AnyPerRank, EachGrowsItsOwnAndAllRead) {
    auto const parts = seg.create_per_rank("parts", dtype_of<particle>);
    EXPECT_EQ(parts.size(), size);
    for (int i = 0; i < 100 * (rank + 1); ++i) {
        particle const p{{1.0 * i, 0.0}, 1.0F, true, rank};
        parts.append(&p);
    }
    seg.fence();
    for (int r = 0; r < size; ++r) {
        auto const theirs = parts[r].as<particle const, 1>();
        ASSERT_EQ(theirs.extent(0), 100 * (r + 1));
        EXPECT_EQ(theirs(99), (particle{{99.0, 0.0}, 1.0F, true, r}));
        EXPECT_TRUE(parts[r].is_read_only());
    }
    seg.fence();
    parts.resize(1);
    parts.resize(3);
    auto const mine = parts.mine().as<particle, 1>();
    EXPECT_EQ(mine(0).id, rank);
    EXPECT_EQ(mine(2), particle{}) << "new ones are zero";
    parts.clear();
    EXPECT_EQ(parts.mine().size(), 0);
    seg.fence();
    seg.destroy(parts);
    EXPECT_FALSE(parts.is_valid());
    expect_sound(seg);
}

template <typename T>
void expect_same_objects(segment& seg) {
    auto const theirs = seg.create_per_rank<vector<T>>("theirs");
    auto const ours = seg.create_per_rank("ours", dtype_of<T>);
    std::vector<T> const begin(7, T{});
    seg.find_any_per_rank("theirs").append(begin.data(), 3);
    theirs.mine().push_back(T{});
    seg.find_any_per_rank("theirs").append(begin.data(), 7);
    seg.template find_per_rank<vector<T>>("ours").mine().resize(5);
    ours.append(begin.data(), 2);
    seg.fence();
    for (int r = 0; r < theirs.size(); ++r) {
        EXPECT_EQ(theirs[r].size(), 11U);
        EXPECT_EQ(seg.find_any_per_rank("ours")[r].size(), 7);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(theirs[r].data()) % alignof(T), 0U);
    }
    seg.fence();
    seg.destroy(theirs);
    seg.destroy(ours);
}

TEST_F(AnyPerRank, AreThoseOfTheTemplate) {
    expect_same_objects<char>(seg);
    expect_same_objects<std::int16_t>(seg);
    expect_same_objects<float>(seg);
    expect_same_objects<double>(seg);
    expect_same_objects<std::complex<double>>(seg);
    expect_same_objects<long double>(seg);
    expect_same_objects<particle>(seg);
    expect_sound(seg);
}

TEST_F(AnyPerRank, RefusesWhatItIsNot) {
    seg.create_value<int>("v");
    auto const other = error_of([&] { static_cast<void>(seg.find_any_per_rank("v")); });
    ASSERT_TRUE(other);
    EXPECT_EQ(other->code, errc::type_mismatch);
    EXPECT_THAT(other->text, HasSubstr("kind value"));
    seg.create_per_rank<string>("words");
    EXPECT_THAT(error_of([&] { static_cast<void>(seg.find_any_per_rank("words")); })->text,
                HasSubstr("string<"));
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_any_per_rank("w")); })->code,
              errc::not_found);
    auto const taken = agreed_error_of(world, [&] { seg.create_per_rank("v", dtype_of<int>); });
    EXPECT_EQ(taken.code, errc::already_exists);
    auto const huge = seg.create_per_rank("huge", dtype_of<double>);
    double const one = 1;
    huge.append(&one);
    auto const full = error_of([&] { huge.resize(seg.capacity()); });
    ASSERT_TRUE(full);
    EXPECT_EQ(huge.mine().size(), 1) << "nothing changed";
    auto const wide = seg.create_per_rank("wide", dtype_of<particle>);
    for (auto const n : {~std::size_t{0}, ~std::size_t{0} / 5 + 1, ~std::size_t{0} / 8}) {
        EXPECT_EQ(error_of([&] { wide.resize(n); })->code, errc::out_of_memory) << n;
        EXPECT_EQ(error_of([&] { wide.reserve(n); })->code, errc::out_of_memory) << n;
        EXPECT_EQ(error_of([&] { wide.append(&one, n); })->code, errc::out_of_memory) << n;
    }
    seg.fence();
}

} // namespace
} // namespace shmwin
