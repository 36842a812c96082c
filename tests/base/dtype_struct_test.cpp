// SPDX-License-Identifier: MIT
// Structures of the program in the table of element types.
#include "shmwin/base/describe.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/type_id.hpp"

#include "support/described_types.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <gmock/gmock.h>
#include <vector>

namespace app {
struct aligned {
    int a;
    alignas(32) double b;
    char c;
};
#pragma pack(push, 1)
struct packed {
    char tag;
    double value;
};
#pragma pack(pop)
struct holds_const {
    int const fixed;
    int free;
};
struct one {
    int a;
};
struct same_as_one {
    int a;
};
struct other_name {
    int b;
};
} // namespace app

SHMWIN_DESCRIBE(app::aligned, a, b, c);
SHMWIN_DESCRIBE(app::packed, tag, value);
SHMWIN_DESCRIBE(app::holds_const, fixed, free);
SHMWIN_DESCRIBE(app::one, a);
SHMWIN_DESCRIBE(app::same_as_one, a);
SHMWIN_DESCRIBE(app::other_name, b);

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

static_assert(element<particle> && element<everything> && element<std::array<particle, 3>>);
static_assert(!element<particle const> && !element<particle*> && !element<particle[3]>);
static_assert(detail::describable<particle[3]>, "as a member it has a row");
static_assert(dtype_of<particle>.kind() == dtype_kind::structure, "known when it is compiled");
static_assert(dtype_of<particle>.n_padding_bytes() == 7 && dtype_of<particle>.has_padding());
static_assert(!dtype_of<point>.has_padding());
static_assert(std::is_trivially_copyable_v<dtype>);

TEST(DtypeStruct, HasTheMembersWhereTheCompilerPutsThem) {
    constexpr auto type = dtype_of<particle>;
    EXPECT_EQ(type.n_bytes(), sizeof(particle));
    EXPECT_EQ(type.alignment(), alignof(particle));
    ASSERT_EQ(type.members().size(), 4U);
    EXPECT_EQ(type.members()[0].name, "where");
    EXPECT_EQ(type.members()[0].type, dtype_of<point>);
    EXPECT_EQ(type.members()[1].offset, offsetof(particle, mass));
    EXPECT_EQ(type.members()[2].type, dtype_of<bool>);
    EXPECT_EQ(type.members()[3].offset, offsetof(particle, id));
    ASSERT_NE(type.member("id"), nullptr);
    EXPECT_EQ(*type.member("id"), type.members()[3]);
    EXPECT_EQ(type.member("absent"), nullptr);
}

TEST(DtypeStruct, SignatureTellsNamesTypesAndOffsets) {
    EXPECT_EQ(dtype_of<point>.signature(), "struct 16{x float64 @0, y float64 @8}");
    EXPECT_EQ(dtype_of<particle>.signature(),
              "struct 32{where struct 16{x float64 @0, y float64 @8} @0, mass float32 @16, "
              "charged bool @20, id int32 @24}");
}

TEST(DtypeStruct, SignatureTellsAnUnusualAlignment) {
    EXPECT_EQ(dtype_of<app::aligned>.signature(),
              "struct 64 align 32{a int32 @0, b float64 @32, c char @40}");
    EXPECT_EQ(dtype_of<app::packed>.signature(), "struct 9 align 1{tag char @0, value float64 @1}");
    EXPECT_EQ(dtype_of<app::packed>.alignment(), 1U);
}

TEST(DtypeStruct, OfAConstMemberIsThatOfThePlainOne) {
    EXPECT_EQ(dtype_of<app::holds_const>.members()[0].type, dtype_of<int>);
}

TEST(DtypeStruct, KnowsThePaddingInside) {
    EXPECT_EQ(dtype_of<app::aligned>.n_padding_bytes(), 64U - 4 - 8 - 1);
    EXPECT_EQ((dtype_of<std::array<particle, 3>>.n_padding_bytes()), 21U);
    std::size_t in_members = 0;
    for (auto const& each : dtype_of<everything>.members()) {
        in_members += each.type.n_bytes();
    }
    EXPECT_EQ(dtype_of<everything>.n_padding_bytes(), sizeof(everything) - in_members + 21);
}

TEST(DtypeStruct, EqualsByMeaning) {
    EXPECT_EQ(dtype_of<app::one>, dtype_of<app::same_as_one>);
    EXPECT_NE(dtype_of<app::one>, dtype_of<app::other_name>);
    std::array const members{dtype_member{"a", 0, dtype_of<int>}};
    EXPECT_EQ(dtype_of<app::one>, dtype::structure(members, 4));
    EXPECT_NE(dtype_of<app::one>, dtype::structure(members, 8));
    EXPECT_NE(dtype_of<app::one>, dtype_of<int>);
}

TEST(DtypeStruct, MadeAtRunTimeIsMadeOnce) {
    auto const make = [] {
        std::string const name = "an own name"; // does not outlive the call
        std::array const members{dtype_member{name, 0, dtype_of<int>},
                                 dtype_member{"b", 4, dtype_of<char>}};
        return dtype::structure(members, 8);
    };
    auto const first = make();
    auto const second = make();
    EXPECT_EQ(first, second);
    EXPECT_EQ(first.members().data(), second.members().data());
    EXPECT_EQ(first.members()[0].name, "an own name");
    EXPECT_EQ(first.alignment(), 4U);
    EXPECT_EQ(first.n_padding_bytes(), 3U);
}

TEST(DtypeStruct, MadeAtRunTimeHasTheAlignmentThatItsMembersAllow) {
    std::array const packed{dtype_member{"tag", 0, dtype_of<char>},
                            dtype_member{"value", 1, dtype_of<double>}};
    EXPECT_EQ(dtype::structure(packed, 9), dtype_of<app::packed>);
    std::array const late{dtype_member{"value", 0, dtype_of<double>}};
    EXPECT_EQ(dtype::structure(late, 12).alignment(), 1U);
    EXPECT_EQ(dtype::structure(late, 16).alignment(), 8U);
}

TEST(DtypeStruct, MayBeLarge) {
    struct page {
        std::array<double, 100'000> values;
    };
    EXPECT_EQ((dtype_of<std::array<double, 100'000>>.n_bytes()), 800'000U);
    std::array const members{dtype_member{"a", 0, dtype_of<std::array<double, 100'000>>}};
    EXPECT_EQ(dtype::structure(members, sizeof(page)).n_bytes(), sizeof(page));
}

std::string
refusal(std::vector<dtype_member> const& members, std::size_t n_bytes, std::size_t alignment = 0) {
    try {
        static_cast<void>(dtype::structure(members, n_bytes, alignment));
    } catch (argument_error const& refused) {
        EXPECT_EQ(refused.code(), errc::invalid_argument);
        return refused.what();
    }
    return "was made";
}

TEST(DtypeStruct, ImpossibleOnesAreRefusedWithValues) {
    auto const i = dtype_of<int>;
    EXPECT_THAT(refusal({}, 4), HasSubstr("without members"));
    EXPECT_THAT(refusal({{"", 0, i}}, 4), HasSubstr("name is empty"));
    EXPECT_THAT(refusal({{"a", 0, i}, {"a", 4, i}}, 8), HasSubstr("two are named \"a\""));
    EXPECT_THAT(refusal({{"a", 4, i}, {"b", 0, i}}, 8), HasSubstr("\"b\" at 0 overlaps"));
    EXPECT_THAT(refusal({{"a", 0, i}, {"b", 2, i}}, 8), HasSubstr("\"b\" at 2 overlaps"));
    EXPECT_THAT(refusal({{"a", 4, i}}, 6), HasSubstr("\"a\" at 4 ends behind the 6 bytes"));
    EXPECT_THAT(refusal({{"a", ~std::size_t{0}, i}}, 8), HasSubstr("ends behind"));
    EXPECT_THAT(refusal({{"a", 2, i}}, 8, 4), HasSubstr("\"a\" at 2 is not aligned to 4"));
    EXPECT_THAT(refusal({{"a", 0, i}}, 8, 3), HasSubstr("aligned to 3"));
    EXPECT_THAT(refusal({{"a", 0, i}}, 6, 4), HasSubstr("6 bytes aligned to 4"));
    EXPECT_THAT(refusal({{"a", 0, i}}, std::size_t{1} << 40U), HasSubstr("2147483647"));
    EXPECT_THAT(refusal({{"a\n", 0, i}}, 4), HasSubstr("control character"));
    EXPECT_THAT(refusal({{std::string(256, 'a'), 0, i}}, 4), HasSubstr("256 bytes"));
}

TEST(DtypeStruct, IsTheIdentityOfItsType) {
    auto const& id = type_id_of<particle>();
    EXPECT_EQ(id.signature, dtype_of<particle>.signature());
    EXPECT_EQ(id.n_bytes, sizeof(particle));
    EXPECT_TRUE(id.storable);
    EXPECT_EQ(id.hash, type_id_of(dtype_of<particle>).hash);
    EXPECT_EQ(type_id_of<app::one>().hash, type_id_of<app::same_as_one>().hash);
    EXPECT_NE(type_id_of<app::one>().hash, type_id_of<app::other_name>().hash);
}

TEST(DtypeStruct, IsNoScalarToVisit) {
    auto const never = []<typename T>() { ADD_FAILURE() << "visited"; };
    EXPECT_FALSE(visit(dtype_of<particle>, never));
    EXPECT_FALSE(dtype_of<particle>.is_scalar());
}

} // namespace
} // namespace shmwin
