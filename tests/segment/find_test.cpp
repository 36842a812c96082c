// SPDX-License-Identifier: MIT
// Looking objects up, and creating what may be there.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

struct Find : open_segment {
    // A look-up is local: its errors are this rank's alone.
    static void expect_error(errc code, detail::function_ref<void()> call, auto const& text) {
        auto const thrown = error_of(call);
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, code);
        EXPECT_FALSE(thrown->agreed);
        EXPECT_THAT(thrown->text, text);
    }

    array<double, 2> const u = seg.create_array<double>("fields/u", shape(4, 5));
};

TEST_F(Find, GivesTheSameArrayOnEachRankAlone) {
    if (rank != last) return; // no other rank is needed
    auto const found = seg.find_array<double, 2>("fields/u");
    EXPECT_EQ(found.data(), u.data());
    EXPECT_EQ(found.extents(), u.extents());
    array<double const, 2> const read = seg.find_array<double const, 2>("fields/u");
    EXPECT_EQ(read.data(), u.data());
}

TEST_F(Find, NameThatIsNotThereIsNamed) {
    expect_error(
        errc::not_found,
        [&] { static_cast<void>(seg.find_array<double, 2>("fields/v")); },
        AllOf(HasSubstr("fields/v"), HasSubstr("list()")));
    expect_error(
        errc::not_found, [&] { static_cast<void>(seg.find_value<int>("u")); }, HasSubstr("\"u\""));
    expect_error(
        errc::not_found, [&] { static_cast<void>(seg.find_array<int, 1>("")); }, HasSubstr("\"\""));
}

TEST_F(Find, OtherTypeIsAMismatchWithBoth) {
    expect_error(
        errc::type_mismatch,
        [&] { static_cast<void>(seg.find_array<float, 2>("fields/u")); },
        AllOf(HasSubstr("fields/u"), HasSubstr("float64"), HasSubstr("float32")));
    expect_error(
        errc::type_mismatch,
        [&] { static_cast<void>(seg.find_array<std::int64_t const, 2>("fields/u")); },
        AllOf(HasSubstr("float64"), HasSubstr("int64")));
}

TEST_F(Find, OtherNumberOfDimensionsIsAMismatchWithBoth) {
    expect_error(
        errc::shape_mismatch,
        [&] { static_cast<void>(seg.find_array<double, 3>("fields/u")); },
        AllOf(HasSubstr("fields/u"), HasSubstr("4 x 5"), HasSubstr("3")));
}

TEST_F(Find, OtherLayoutIsAMismatchWithBoth) {
    expect_error(
        errc::shape_mismatch,
        [&] { static_cast<void>(seg.find_array<double, 2, layout_left>("fields/u")); },
        AllOf(HasSubstr("layout_right"), HasSubstr("layout_left")));
}

TEST_F(Find, OtherKindIsAMismatchWithBoth) {
    seg.create_object<double>("object", 1.0);
    expect_error(
        errc::type_mismatch,
        [&] { static_cast<void>(seg.find_value<double>("fields/u")); },
        AllOf(HasSubstr("array"), HasSubstr("value")));
    expect_error(
        errc::type_mismatch,
        [&] { static_cast<void>(seg.find_levels<double, 2>("fields/u")); },
        AllOf(HasSubstr("array"), HasSubstr("levels")));
    expect_error(
        errc::type_mismatch,
        [&] { static_cast<void>(seg.find<double>("fields/u")); },
        AllOf(HasSubstr("array"), HasSubstr("object")));
    expect_error(
        errc::type_mismatch,
        [&] { static_cast<void>(seg.find_array<double, 0>("object")); },
        AllOf(HasSubstr("array"), HasSubstr("object")));
    seg.destroy(u);
    seg.fence();
}

TEST_F(Find, ErrorsAreAlsoOfTheStandardsClasses) {
    EXPECT_THROW(static_cast<void>(seg.find_array<int, 1>("nowhere")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(seg.find_array<int, 1>("nowhere")), argument_error);
}

struct FindOrCreate : open_segment {};

TEST_F(FindOrCreate, CreatesOnceAndFindsAfterwards) {
    auto const [first, created] = seg.find_or_create_array<int>("a", shape(3, 4));
    EXPECT_TRUE(created);
    first(2, 3) = 7;
    seg.fence();
    auto const [second, again] = seg.find_or_create_array<int>("a", shape(3, 4));
    EXPECT_FALSE(again);
    EXPECT_EQ(second.data(), first.data());
    EXPECT_EQ(second(2, 3), 7);
    EXPECT_EQ(second.extents(), first.extents());
    EXPECT_TRUE(second.is_valid());
}

TEST_F(FindOrCreate, TakesLargeOnesToo) {
    auto const [first, created] = seg.find_or_create_array<int>("a", shape(300, 400));
    EXPECT_TRUE(created);
    EXPECT_EQ(first(299, 399), 0);
    EXPECT_FALSE(seg.find_or_create_array<int>("a", shape(300, 400)).created);
}

TEST_F(FindOrCreate, WhatIsThereMustBeTheSame) {
    static_cast<void>(seg.create_array<int>("a", shape(3, 4)));
    auto const other_shape = agreed_error_of(
        world, [&] { static_cast<void>(seg.find_or_create_array<int>("a", shape(4, 3))); });
    EXPECT_EQ(other_shape.code, errc::shape_mismatch);
    EXPECT_THAT(other_shape.text, AllOf(HasSubstr("3 x 4"), HasSubstr("4 x 3")));
    auto const other_type = agreed_error_of(
        world, [&] { static_cast<void>(seg.find_or_create_array<float>("a", shape(3, 4))); });
    EXPECT_EQ(other_type.code, errc::type_mismatch);
    auto const other_layout = agreed_error_of(world, [&] {
        static_cast<void>(seg.find_or_create_array<int, layout_left>("a", shape(3, 4)));
    });
    EXPECT_EQ(other_layout.code, errc::shape_mismatch);
    EXPECT_EQ(seg.list().size(), 1U);
}

struct TakenName : open_segment {
    // All ways to make an object, tried on a name.
    void expect_taken(std::string const& name, auto const& who) {
        auto const used = [&] { return seg.heap().stats().used; };
        auto const check = [&](detail::function_ref<void()> call, bool together) {
            seg.fence();
            auto const before = used();
            seg.fence();
            auto const thrown =
                together ? agreed_error_of(world, call) : error_of(call).value_or(error_info{});
            EXPECT_EQ(thrown.code, errc::already_exists);
            EXPECT_THAT(thrown.text,
                        AllOf(HasSubstr('"' + name + '"'), HasSubstr("find_test.cpp:"), who));
            seg.fence();
            EXPECT_EQ(used(), before);
        };
        check([&] { seg.create_array<int>(name, shape(3)); }, true);
        check([&] { seg.create_array<int>(name, shape(300'000)); }, true);
        check([&] { seg.create_levels<int>(name, shape(3)); }, true);
        check([&] { seg.create_value<int>(name); }, true);
        check([&] { seg.create_object<int>(name); }, true);
        check([&] { seg.construct<int>(name); }, false);
        check([&] { seg.construct<int>(transient, name); }, false);
    }

    // "2031-02-03 04:05:06", as far as a test can tell.
    testing::Matcher<std::string> const when = testing::ContainsRegex("20[0-9][0-9]-[0-9][0-9]-");
};

TEST_F(TakenName, ByAllRanksSaysWhoWhereAndWhen) {
    static_cast<void>(seg.create_array<int>("grid", shape(3)));
    auto const line = "find_test.cpp:" + std::to_string(__LINE__ - 1);
    expect_taken("grid", AllOf(HasSubstr("all ranks"), HasSubstr(line), when));
}

TEST_F(TakenName, ByOneRankSaysWhich) {
    if (rank == last) seg.construct<double>("mine", 1.0);
    auto const line = "find_test.cpp:" + std::to_string(__LINE__ - 1);
    expect_taken("mine", AllOf(HasSubstr("rank " + std::to_string(last)), HasSubstr(line), when));
}

TEST_F(TakenName, IsFreeAgainAfterDestroy) {
    for (int i = 0; i < 20; ++i) {
        auto const made = seg.create_array<int>("again", shape(10 * i));
        EXPECT_TRUE(seg.contains("again"));
        seg.destroy(made);
        EXPECT_FALSE(seg.contains("again"));
    }
    expect_sound(seg);
}

struct NameOfAnObject : open_segment {};

TEST_F(NameOfAnObject, MayHave255BytesOfUtf8) {
    std::string const longest = "gr\xc3\xb6\xc3\x9f"
                                "e/"
                                + std::string(245, 'x') + "yz";
    ASSERT_EQ(longest.size(), 255U);
    static_cast<void>(seg.create_value<int>(longest, 4));
    EXPECT_EQ(seg.find_value<int>(longest).load(), 4);
    EXPECT_EQ(seg.list()[0].name, longest);
    auto const taken =
        agreed_error_of(world, [&] { static_cast<void>(seg.create_value<int>(longest)); });
    EXPECT_EQ(taken.code, errc::already_exists);
}

TEST_F(NameOfAnObject, OfAnotherFormIsRefused) {
    for (std::string const& name : {std::string(),
                                    std::string(256, 'x'),
                                    std::string("/a"),
                                    std::string("a//b"),
                                    std::string("a/"),
                                    std::string("a/../b"),
                                    std::string("line\nbreak"),
                                    std::string("\xff\xfe")}) {
        auto const thrown = agreed_error_of(
            world, [&] { static_cast<void>(seg.create_array<int>(name, shape(3))); });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_EQ(error_of([&] { seg.construct<int>(name); })->code, errc::invalid_argument);
    }
    EXPECT_TRUE(seg.list().empty());
    EXPECT_EQ(seg.heap().stats().used, 0U);
}

} // namespace
} // namespace shmwin
