// SPDX-License-Identifier: MIT
// Views whose element type is known at run time: from typed ones and from parts, back to typed
// ones, member by member; and what is refused.
#include "shmwin/base/error.hpp"
#include "shmwin/view/any_view.hpp"

#include "support/described_types.hpp"
#include "support/element_types.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace app {
#pragma pack(push, 1)
struct packed {
    char tag;
    double value;
};
#pragma pack(pop)
} // namespace app
SHMWIN_DESCRIBE(app::packed, tag, value);

namespace shmwin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using shape_list = std::vector<std::int64_t>;

template <typename F>
error_info refusal(F&& f) {
    try {
        f();
    } catch (error const& refused) {
        return refused.info();
    }
    ADD_FAILURE() << "was not refused";
    return {};
}

struct AnyView : testing::Test {
    AnyView() { std::iota(data.begin(), data.end(), 0); }
    std::array<double, 24> data{};
    any_view const grid{dtype_of<double>, data.data(), shape_list{4, 6}, shape_list{48, 8}};
};

TEST_F(AnyView, OfATypedViewKnowsAllOfIt) {
    mdspan<double, array_extents<2>, layout_left> const typed(data.data(), shape(4, 6));
    any_view const any = typed;
    EXPECT_EQ(any.type(), dtype_of<double>);
    EXPECT_THAT(any.shape(), ElementsAre(4, 6));
    EXPECT_THAT(any.strides(), ElementsAre(8, 32));
    EXPECT_EQ(any.data(), data.data());
    EXPECT_FALSE(any.is_read_only());
    EXPECT_EQ(any.size(), 24);
    auto const back = any.as<double, 2>();
    EXPECT_EQ(&back(3, 5), &typed(3, 5));
    back(0, 1) = -1;
    EXPECT_EQ(data[4], -1);
}

TEST_F(AnyView, OfConstElementsIsReadOnly) {
    any_view const any = mdspan<double const, array_extents<1>>(data.data(), shape(24));
    EXPECT_TRUE(any.is_read_only());
    EXPECT_EQ((any.as<double const, 1>()(7)), 7);
    auto const refused = refusal([&] { static_cast<void>(any.as<double, 1>()); });
    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, HasSubstr("read-only"));
    EXPECT_EQ(refusal([&] { static_cast<void>(any.writable_data()); }).code,
              errc::invalid_argument);
    EXPECT_EQ(refusal([&] { static_cast<void>(grid.read_only().as<double, 2>()); }).code,
              errc::invalid_argument);
    EXPECT_EQ((grid.read_only().as<double const, 2>()(1, 1)), 7);
    EXPECT_EQ(grid.writable_data(), data.data());
}

TEST_F(AnyView, FromPartsIsSeenAsTyped) {
    auto const typed = grid.as<double, 2>();
    EXPECT_EQ(typed(2, 3), 15);
    EXPECT_EQ(typed.extent(1), 6);
    any_view const columns(dtype_of<double>, data.data() + 1, shape_list{4, 3}, shape_list{48, 16});
    EXPECT_EQ((columns.as<double const, 2>()(1, 2)), 11);
    any_view const scalar(dtype_of<double>, data.data() + 5, {}, {});
    EXPECT_EQ((scalar.as<double, 0>()()), 5);
    EXPECT_EQ(scalar.size(), 1);
}

TEST_F(AnyView, WithoutElementsNeedsNoData) {
    any_view const none(dtype_of<double>, nullptr, shape_list{0, 5}, shape_list{-3, 0});
    EXPECT_EQ(none.size(), 0);
    EXPECT_EQ((none.as<double, 2>().extent(1)), 5);
    any_view const one(dtype_of<double>, data.data(), shape_list{1, 2}, shape_list{-7, 8});
    EXPECT_EQ((one.as<double, 2>()(0, 1)), 1) << "a stride that is never taken may be any";
}

TEST_F(AnyView, OfAnotherTypeOrShapeIsNotGiven) {
    auto const type = refusal([&] { static_cast<void>(grid.as<float, 2>()); });
    EXPECT_EQ(type.code, errc::type_mismatch);
    EXPECT_THAT(type.text, HasSubstr("float64"));
    EXPECT_THAT(type.text, HasSubstr("float32"));
    EXPECT_EQ(refusal([&] { static_cast<void>(grid.as<std::int64_t, 2>()); }).code,
              errc::type_mismatch);
    auto const shape = refusal([&] { static_cast<void>(grid.as<double, 3>()); });
    EXPECT_EQ(shape.code, errc::shape_mismatch);
    EXPECT_THAT(shape.text, HasSubstr("has 2, 4 x 6; asked for with 3"));
}

TEST_F(AnyView, WithStridesThatNoMdspanHasIsNotTyped) {
    auto const typed = [&](shape_list const& extents, shape_list const& strides) {
        any_view const any(dtype_of<float>, data.data() + 12, extents, strides);
        return refusal([&] { static_cast<void>(any.as<float, 2>()); });
    };
    std::array<std::int16_t, 24> shorts{};
    any_view const between(dtype_of<app::packed>, shorts.data(), shape_list{2}, shape_list{10});
    auto const refused = refusal([&] { static_cast<void>(between.as<app::packed, 1>()); });
    EXPECT_EQ(refused.code, errc::shape_mismatch);
    EXPECT_THAT(refused.text, HasSubstr("10 bytes; they must be above 0 and multiples of the 9"));
    EXPECT_THAT(typed({2, 2}, {-8, 4}).text, HasSubstr("-8, 4 bytes"));
    EXPECT_EQ(typed({2, 2}, {0, 4}).code, errc::shape_mismatch);
    EXPECT_THAT(typed({2, 2}, {4, 4}).text, HasSubstr("share their places"));
    EXPECT_THAT(typed({3, 3}, {8, 4}).text, HasSubstr("3 x 3, strides of 8, 4 bytes"));
}

TEST_F(AnyView, ThatCannotBeIsRefusedWithValues) {
    auto const made = [&](void* at, shape_list const& extents, shape_list const& strides) {
        auto const refused = refusal([&] { any_view(dtype_of<double>, at, extents, strides); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << refused.text;
        return refused.text;
    };
    constexpr auto huge = std::int64_t{1} << 62;
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    auto* const odd = reinterpret_cast<char*>(data.data()) + 4;
    EXPECT_THAT(made(data.data(), shape_list(9, 1), shape_list(9, 8)), HasSubstr("9 dimensions"));
    EXPECT_THAT(made(data.data(), {2, 2}, {8}), HasSubstr("1 strides for 2 dimensions"));
    EXPECT_THAT(made(data.data(), {2, -1}, {8, 8}), HasSubstr("2 x -1"));
    EXPECT_THAT(made(nullptr, {2}, {8}), HasSubstr("no data for 2 elements"));
    EXPECT_THAT(made(odd, {2}, {8}), HasSubstr("not aligned to the 8 bytes that float64"));
    EXPECT_THAT(made(data.data(), {2}, {12}), HasSubstr("stride 0 of 12 bytes is no multiple"));
    EXPECT_THAT(made(data.data(), {huge}, {8}), HasSubstr("2^63 - 1"));
    EXPECT_THAT(made(data.data(), {huge, 2}, {0, 0}), HasSubstr("2^63 - 1"));
    EXPECT_THAT(made(data.data(), {3}, {huge}), HasSubstr("2^63 - 1"));
    EXPECT_THAT(made(data.data(), {2}, {least}), HasSubstr("2^63 - 1"));
}

TEST_F(AnyView, OfMoreThan32BitsOfElementsIsCounted) {
    auto const n = std::int64_t{1} << 33;
    char nothing = 0;
    any_view const large(dtype_of<char>, &nothing, shape_list{n, 2}, shape_list{2, 1});
    EXPECT_EQ(large.size(), 2 * n);
    EXPECT_EQ((large.as<char, 2>().extent(0)), n);
}

TEST(AnyViewMember, IsAViewOfTheField) {
    std::array<particle, 6> swarm{};
    for (std::size_t i = 0; i < 6; ++i) {
        swarm.at(i).id = static_cast<std::int32_t>(i);
    }
    any_view const any = mdspan<particle, array_extents<2>>(swarm.data(), shape(3, 2));
    auto const id = any.member("id").as<std::int32_t, 2>();
    EXPECT_EQ(id(2, 1), 5);
    id(0, 0) = 77;
    EXPECT_EQ(swarm[0].id, 77);
    auto const x = any.member("where").member("x");
    EXPECT_EQ(x.data(), &swarm[0].where.x);
    EXPECT_THAT(x.strides(), ElementsAre(2 * sizeof(particle), sizeof(particle)));
    EXPECT_EQ((any.as<particle const, 2>()(2, 1).id), 5);
    EXPECT_TRUE(any.read_only().member("id").is_read_only());
}

TEST(AnyViewMember, OfAFixedArrayHasItsDimensions) {
    std::array<everything, 3> all{};
    all[2].table[1][2] = 12;
    all[1].words[1] = {'a', 'b', 0, 0};
    any_view const any = mdspan<everything, array_extents<1>>(all.data(), shape(3));
    auto const table = any.member("table");
    EXPECT_THAT(table.shape(), ElementsAre(3, 2, 3));
    EXPECT_EQ((table.as<std::int16_t, 3>()(2, 1, 2)), 12);
    auto const words = any.member("words");
    EXPECT_THAT(words.shape(), ElementsAre(3, 2));
    EXPECT_EQ((words.as<std::array<char, 4>, 2>()(1, 1)[1]), 'b');
    EXPECT_EQ((any.member("paint").as<colour, 1>().extent(0)), 3);
    EXPECT_EQ((any.member("level").as<plain_level, 1>().extent(0)), 3);
    any_view const rows = mdspan<std::array<double, 2>, array_extents<1>>(nullptr, shape(0));
    EXPECT_THAT(rows.elements().shape(), ElementsAre(0, 2));
    EXPECT_THAT(rows.shape(), ElementsAre(0));
}

TEST(AnyViewMember, ThatIsNotThereIsNamed) {
    std::array<particle, 1> swarm{};
    any_view const any = mdspan<particle, array_extents<1>>(swarm.data(), shape(1));
    auto const refused = refusal([&] { static_cast<void>(any.member("charge")); });
    EXPECT_EQ(refused.code, errc::not_found);
    EXPECT_THAT(refused.text, HasSubstr("\"charge\" of struct 32{where"));
    auto const scalar = any.member("id");
    EXPECT_EQ(refusal([&] { static_cast<void>(scalar.member("x")); }).code, errc::type_mismatch);
    std::array<std::array<double, 2>, 1> deep{};
    any_view const full(
        dtype_of<std::array<double, 2>>, deep.data(), shape_list(8, 1), shape_list(8, 16));
    EXPECT_EQ(refusal([&] { static_cast<void>(full.elements()); }).code, errc::invalid_argument);
}

TEST(AnyViewMember, OfAPackedStructureIsNotTypedWhereItIsNotAligned) {
    std::array<app::packed, 2> all{};
    any_view const any = mdspan<app::packed, array_extents<1>>(all.data(), shape(2));
    auto const value = any.member("value");
    EXPECT_EQ(value.type(), dtype_of<double>);
    auto const refused = refusal([&] { static_cast<void>(value.as<double, 1>()); });
    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, HasSubstr("not aligned"));
}

template <typename T>
struct AnyViewVisit : testing::Test {};
TYPED_TEST_SUITE(AnyViewVisit, element_types);

TYPED_TEST(AnyViewVisit, CallsWithTheTypedView) {
    std::array<TypeParam, 6> data{};
    any_view const any = mdspan<TypeParam, array_extents<2>>(data.data(), shape(2, 3));
    int n_calls = 0;
    bool const found = visit<2>(any, [&]<typename View>(View const& view) {
        ++n_calls;
        static_assert(std::is_const_v<typename View::element_type>);
        EXPECT_EQ(dtype_of<typename View::value_type>, dtype_of<TypeParam>);
        EXPECT_EQ(static_cast<void const*>(&view(1, 2)), &data[5]);
    });
    EXPECT_TRUE(found);
    EXPECT_EQ(n_calls, 1);
    EXPECT_TRUE(visit_writable<2>(any, []<typename View>(View const& view) {
        std::ranges::fill_n(view.data_handle(), 6, typename View::value_type{1});
    }));
    EXPECT_EQ(data[5], TypeParam{1});
}

TEST(AnyViewVisitNone, LeavesOtherTypesToMembers) {
    std::array<particle, 1> swarm{};
    any_view const any = mdspan<particle, array_extents<1>>(swarm.data(), shape(1));
    EXPECT_FALSE(visit<1>(any, [](auto const&) { ADD_FAILURE(); }));
    EXPECT_TRUE(
        visit<1>(any.member("mass"), [](auto const& view) { EXPECT_EQ(view.extent(0), 1); }));
}

} // namespace
} // namespace shmwin
