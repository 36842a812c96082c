// SPDX-License-Identifier: MIT
// Objects whose type is known at run time, windows as arrays of such types, and ends by name.
#include "shmwin/segment/segment.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

using AnyObject = open_segment;

TEST_F(AnyObject, IsTheOneOfItsType) {
    auto const mine = "n" + std::to_string(rank);
    std::int64_t const initial = 40 + rank;
    seg.construct_any(mine, dtype_of<std::int64_t>, &initial);
    seg.construct_any(mine + "/zero", dtype_of<particle>, nullptr, false);
    seg.fence();
    for (int r = 0; r < size; ++r) {
        auto const name = "n" + std::to_string(r);
        EXPECT_EQ(*seg.find<std::int64_t>(name), 40 + r);
        EXPECT_EQ(seg.find_any(name).type(), dtype_of<std::int64_t>);
        EXPECT_EQ(seg.find<particle>(name + "/zero")->id, 0);
        EXPECT_FALSE(seg.info(name + "/zero")->saved);
    }
    seg.fence();
    seg.destroy<std::int64_t>(mine); // as if it had been made by construct<T>
    seg.destroy_object(mine + "/zero");
    EXPECT_FALSE(seg.contains(mine));
    EXPECT_FALSE(seg.contains(mine + "/zero"));
    EXPECT_EQ(error_of([&] { seg.destroy_object(mine); })->code, errc::not_found);
    seg.fence();
}

TEST_F(AnyObject, IsConstructedByExactlyOneOfAllWhoAsk) {
    double const initial = 2.5;
    auto const found = seg.find_or_construct_any("one", dtype_of<double>, &initial);
    EXPECT_EQ((found.handle.as<double const, 0>()()), 2.5);
    int n_created = found.created ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &n_created, 1, MPI_INT, MPI_SUM, world);
    EXPECT_EQ(n_created, 1);
    EXPECT_EQ(*seg.find<double>("one"), 2.5);
    auto const other =
        error_of([&] { seg.find_or_construct_any("one", dtype_of<float>, nullptr); });
    EXPECT_EQ(other->code, errc::type_mismatch);
    seg.fence();
}

TEST_F(AnyObject, EndsByItsName) {
    std::array<std::int64_t, 1> const extents{8};
    seg.create_array("group/a", dtype_of<int>, extents);
    seg.create_levels<double>("u", shape(3));
    seg.create_value<int>("v", 1);
    seg.create_barrier("b");
    seg.create_object<particle>("p");
    seg.group("group").destroy_any("a");
    for (auto const* const name : {"u", "v", "b", "p"}) {
        seg.destroy_any(name);
        EXPECT_FALSE(seg.contains(name));
    }
    EXPECT_TRUE(seg.list().empty());
    auto const gone = agreed_error_of(world, [&] { seg.destroy_any("u"); });
    EXPECT_EQ(gone.code, errc::not_found);
}

TEST_F(AnyObject, EndsByItsHandleAloneIfItHoldsOthers) {
    auto const q = seg.create_queue<int>("q");
    auto const refused = agreed_error_of(world, [&] { seg.destroy_any("q"); });
    EXPECT_EQ(refused.code, errc::type_mismatch);
    EXPECT_THAT(refused.text, HasSubstr("kind queue"));
    seg.destroy(q);
}

TEST_F(AnyObject, EndsOnAllRanksOrOnNone) {
    if (size == 1) GTEST_SKIP() << "nobody to disagree with";
    seg.create_value<int>("v", 1);
    seg.create_value<int>("w", 1);
    auto const odd = error_of([&] { seg.destroy_any(rank == last ? "w" : "v"); });
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->code, errc::disagreement);
    EXPECT_TRUE(seg.contains("v") && seg.contains("w"));
    auto const missing = agreed_error_of(world, [&] { seg.destroy_any(rank == last ? "x" : "v"); });
    EXPECT_THAT(std::string(name(missing.code)), testing::AnyOf("not_found", "disagreement"));
    EXPECT_TRUE(seg.contains("v"));
}

TEST_F(AnyObject, OfAWindowIsAnArray) {
    MPI_Win window = MPI_WIN_NULL;
    std::int32_t* base = nullptr;
    MPI_Win_allocate_shared(MPI_Aint{64}, 1, MPI_INFO_NULL, on.comm(), &base, &window);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    std::array<std::int64_t, 2> const extents{size, 15};
    adopt_options options;
    options.offset_bytes = 4;
    auto const a =
        seg.adopt("w", window, dtype_of<std::int32_t>, extents, memory_order_kind::right, options);
    a.view().as<std::int32_t, 2>()(rank, 3) = 70 + rank;
    seg.fence();
    EXPECT_EQ((seg.find_array<std::int32_t, 2>("w")(last, 3)), 70 + last);
    if (rank == 0) {
        EXPECT_EQ(base[1 + 3], 70);
    }
    seg.fence();
    seg.destroy_any("w");
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
}

} // namespace
} // namespace shmwin
