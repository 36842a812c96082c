// SPDX-License-Identifier: MIT
// Arrays and levels whose type is known at run time: the same objects as those of the templates.
#include "shmwin/segment/segment.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

using AnyArray = open_segment;
using AnyLevels = open_segment;

std::array<std::int64_t, 2> const extents{6, 4};

TEST_F(AnyArray, IsTheOneOfItsTypeInEitherOrder) {
    auto const c = seg.create_array("c", dtype_of<double>, extents);
    auto const f =
        seg.create_array("f", dtype_of<float>, extents, memory_order_kind::left, {.saved = false});
    for (auto const i : c.rows()) {
        c.view().as<double, 2>()(i, 1) = double(i);
        f.view().as<float, 2>()(i, 2) = float(10 * i);
    }
    seg.fence();
    EXPECT_EQ((seg.find_array<double, 2>("c")(5, 1)), 5.0);
    EXPECT_EQ((seg.find_array<float, 2, layout_left>("f")(5, 2)), 50.0F);
    EXPECT_THAT(f.view().strides(), ElementsAre(4, 24));
    EXPECT_FALSE(seg.info("f")->saved);
    EXPECT_EQ(seg.find_any_array("f").order(), memory_order_kind::left);
    EXPECT_EQ((seg.find_any_array("c").view().data()), c.view().data());
    EXPECT_EQ(c.offset(), (seg.find_array<double, 2>("c").offset()));
    seg.fence();
}

TEST_F(AnyArray, HoldsAnyElementType) {
    int n = 0;
    for_each_dtype([&](dtype const& type) {
        auto const name = "a" + std::to_string(n++);
        auto const made = seg.create_array(name, type, extents);
        EXPECT_EQ(seg.find_any_array(name).type(), type);
        EXPECT_EQ(made.view().size(), 24);
    });
    seg.create_array("swarm", dtype_of<particle>, extents);
    EXPECT_EQ((seg.find_array<particle, 2>("swarm").extent(0)), 6);
    seg.fence();
}

TEST_F(AnyArray, IsFoundOrCreated) {
    auto const first = seg.find_or_create_array("a", dtype_of<int>, extents);
    auto const again = seg.find_or_create_array("a", dtype_of<int>, extents);
    EXPECT_TRUE(first.created);
    EXPECT_FALSE(again.created);
    EXPECT_EQ(first.handle.view().data(), again.handle.view().data());
    auto const other = error_of([&] { seg.find_or_create_array("a", dtype_of<float>, extents); });
    EXPECT_EQ(other->code, errc::type_mismatch);
    auto const turned = error_of(
        [&] { seg.find_or_create_array("a", dtype_of<int>, extents, memory_order_kind::left); });
    EXPECT_EQ(turned->code, errc::shape_mismatch);
}

TEST_F(AnyArray, SaysWhatItIsNot) {
    seg.create_value<int>("v", 1);
    auto const missing = error_of([&] { static_cast<void>(seg.find_any_array("absent")); });
    EXPECT_EQ(missing->code, errc::not_found);
    auto const value = error_of([&] { static_cast<void>(seg.find_any_array("v")); });
    EXPECT_EQ(value->code, errc::type_mismatch);
    EXPECT_THAT(value->text, HasSubstr("kind value"));
    auto const strided = error_of(
        [&] { seg.create_array("s", dtype_of<int>, extents, memory_order_kind::strided); });
    EXPECT_EQ(strided->code, errc::invalid_argument);
    seg.fence();
}

TEST_F(AnyArray, OfALayoutThatIsNoneOnOneRankIsAnErrorOfAll) {
    auto const order = rank == last ? memory_order_kind::strided : memory_order_kind::right;
    auto const agreed = error_of([&] { seg.create_array("a", dtype_of<int>, extents, order); });
    EXPECT_EQ(agreed->code, errc::invalid_argument);
    EXPECT_EQ(agreed->rank, last);
    EXPECT_FALSE(seg.contains("a"));
    seg.fence();
}

TEST_F(AnyArray, IsFrozenThawedAndDestroyed) {
    auto const a = seg.create_array("a", dtype_of<double>, extents, {.whole_pages = true});
    a.freeze(protect_pages);
    EXPECT_EQ(error_of([&] { seg.destroy(a); })->code, errc::busy);
    a.thaw();
    seg.destroy(a);
    EXPECT_FALSE(a.is_valid());
    EXPECT_FALSE(seg.contains("a"));
}

TEST_F(AnyArray, IsFilledInSections) {
    auto const a = seg.create_array("a", dtype_of<std::int64_t>, extents);
    if (rank == 0) {
        auto const hold = a.write_section();
        ASSERT_TRUE(hold);
        EXPECT_EQ(hold->version(), 1U);
        a.view().as<std::int64_t, 2>()(0, 0) = 7;
    }
    auto const hold = a.read_section(1);
    ASSERT_TRUE(hold);
    EXPECT_EQ((a.view().as<std::int64_t const, 2>()(0, 0)), 7);
}

TEST_F(AnyArray, AdoptsAnyStrides) {
    auto const owner = std::make_shared<std::vector<int>>(48);
    std::iota(owner->begin(), owner->end(), 0);
    std::array<std::int64_t, 2> const packed{16, 4};
    std::array<std::int64_t, 2> const every_other{32, 8};
    auto const a = seg.adopt("a", any_view(dtype_of<int>, owner->data(), extents, packed), owner);
    auto const b =
        seg.adopt("b", any_view(dtype_of<int>, owner->data(), extents, every_other, true), owner);
    EXPECT_EQ(owner.use_count(), 3);
    EXPECT_EQ((seg.find_array<int, 2>("a")(2, 3)), 11);
    EXPECT_EQ(b.order(), memory_order_kind::strided);
    EXPECT_EQ((b.view().as<int const, 2>()(2, 3)), 22);
    EXPECT_TRUE(b.view().is_read_only());
    std::array<std::int64_t, 2> const odd{16, 6};
    auto const refused = error_of([&] {
        seg.adopt("c",
                  any_view(dtype_of<std::array<std::int16_t, 2>>, owner->data(), extents, odd),
                  owner);
    });
    EXPECT_EQ(refused->code, errc::invalid_argument);
}

TEST_F(AnyLevels, AreTheOnesOfTheirType) {
    auto const u = seg.create_levels("u", dtype_of<double>, extents, memory_order_kind::left);
    auto const typed = seg.find_levels<double, 2, layout_left>("u");
    for (auto const i : u.rows()) {
        u.next().as<double, 2>()(i, 3) = 1.0 + double(i);
    }
    u.flip();
    EXPECT_EQ((u.now().as<double const, 2>()(5, 3)), 6.0);
    EXPECT_EQ(typed.now()(5, 3), 6.0);
    EXPECT_EQ(u.index_of_now(), 1);
    EXPECT_EQ(seg.find_any_levels("u").n_levels(), 2);
    EXPECT_TRUE(u.now().is_read_only());
    EXPECT_FALSE(u.level(0).is_read_only());
    EXPECT_EQ(u.ago(1).data(), u.level(0).data());
    EXPECT_EQ(error_of([&] { static_cast<void>(u.ago(2)); })->code, errc::out_of_range);
    EXPECT_EQ(error_of([&] { static_cast<void>(u.level(-1)); })->code, errc::out_of_range);
    seg.destroy(u);
    EXPECT_EQ(error_of([&] { u.flip(); })->code, errc::not_found);
}

} // namespace
} // namespace shmwin
