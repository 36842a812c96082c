// SPDX-License-Identifier: MIT
// Data and their lock, of a type known at run time: the same objects as those of the templates.
#include "shmwin/segment/any_synchronized.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <mutex>

namespace shmwin {
namespace {

using namespace test;
using std::chrono::milliseconds;
using testing::HasSubstr;

using AnySynchronized = open_segment;

TEST_F(AnySynchronized, CountsForAllRanks) {
    std::int64_t const begin = 5;
    auto const count = seg.create_synchronized("count", dtype_of<std::int64_t>, &begin);
    for (int i = 0; i < 500; ++i) {
        std::scoped_lock const hold(count);
        *static_cast<std::int64_t*>(count.data()) += 1;
    }
    seg.fence();
    EXPECT_EQ(*seg.find_synchronized<std::int64_t>("count").lock(), 5 + 500 * size);
    auto const found = seg.find_any_synchronized("count");
    {
        std::scoped_lock const hold(found);
        EXPECT_EQ(found.view().size(), 1);
    }
    EXPECT_EQ(found.type(), dtype_of<std::int64_t>);
    EXPECT_TRUE(found.shape().empty());
    seg.fence();
    seg.destroy(count);
    EXPECT_FALSE(found.is_valid());
}

TEST_F(AnySynchronized, ArraysAreThoseOfTheTemplate) {
    std::array<std::int64_t, 2> const extents{3, 4};
    auto const made = seg.create_synchronized_array("a", dtype_of<float>, extents);
    if (rank == last) {
        std::scoped_lock const hold(made);
        made.view().as<float, 2>()(2, 1) = 7.0F;
    }
    seg.fence();
    EXPECT_EQ((seg.find_synchronized_array<float, 2>("a").lock()(2, 1)), 7.0F);
    seg.fence();
    auto const theirs = seg.create_synchronized_array<particle>("swarm", shape(5));
    auto const found = seg.find_any_synchronized("swarm");
    EXPECT_EQ(found.type(), dtype_of<particle>);
    EXPECT_EQ(found.shape().front(), 5);
    if (rank == 0) {
        std::scoped_lock const hold(found);
        found.view().member("id").as<std::int32_t, 1>()(4) = 77;
    }
    seg.fence();
    EXPECT_EQ(theirs.lock()(4).id, 77);
    seg.fence();
}

TEST_F(AnySynchronized, OthersWaitUntilTheirTime) {
    double const begin = 0;
    auto const data = seg.create_synchronized("d", dtype_of<double>, &begin);
    if (rank == 0) data.lock();
    seg.fence();
    EXPECT_EQ(seg.who_holds("d")->rank, 0);
    if (rank != 0) {
        EXPECT_FALSE(data.try_lock());
        EXPECT_FALSE(data.try_lock_for(milliseconds(5)));
        auto const wrong = error_of([&] { data.unlock(); });
        EXPECT_EQ(wrong->code, errc::invalid_argument);
        EXPECT_THAT(wrong->text, HasSubstr("synchronized"));
    }
    seg.fence();
    if (rank == 0) data.unlock();
    seg.fence();
    EXPECT_FALSE(seg.who_holds("d"));
}

TEST_F(AnySynchronized, RefusesWhatItIsNot) {
    std::array const extents{std::int64_t{3}};
    seg.create_array("a", dtype_of<int>, extents);
    auto const other = error_of([&] { static_cast<void>(seg.find_any_synchronized("a")); });
    ASSERT_TRUE(other);
    EXPECT_EQ(other->code, errc::type_mismatch);
    EXPECT_THAT(other->text, HasSubstr("kind array"));
    auto const absent = error_of([&] { static_cast<void>(seg.find_any_synchronized("b")); });
    EXPECT_EQ(absent->code, errc::not_found);
    int const zero = 0;
    auto const taken =
        agreed_error_of(world, [&] { seg.create_synchronized("a", dtype_of<int>, &zero); });
    EXPECT_EQ(taken.code, errc::already_exists);
    auto const negative = agreed_error_of(world, [&] {
        std::array const below{std::int64_t{-1}};
        seg.create_synchronized_array("n", dtype_of<int>, below);
    });
    EXPECT_EQ(negative.code, errc::invalid_argument);
}

} // namespace
} // namespace shmwin
