// SPDX-License-Identifier: MIT
// Strings, enumerations and fixed arrays in the table of element types.
#include "shmwin/base/describe.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/type_id.hpp"

#include "support/described_types.hpp"

#include <gtest/gtest.h>

#include <array>
#include <gmock/gmock.h>
#include <limits>
#include <string>

namespace app {
enum class named_only { a };
enum class unsigned_one : std::uint64_t { last = 0xffffffffffffffffULL, first = 0 };
enum class of_char : char { a = 'a' };
} // namespace app
SHMWIN_NAME(app::named_only, "app.named_only");
SHMWIN_DESCRIBE_ENUM(app::of_char, a);
SHMWIN_DESCRIBE_ENUM(app::unsigned_one, last, first);

namespace shmwin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

template <typename Make>
std::string refusal(Make make) {
    try {
        static_cast<void>(make());
    } catch (argument_error const& refused) {
        EXPECT_EQ(refused.code(), errc::invalid_argument);
        return refused.what();
    }
    return "was made";
}

TEST(DtypeString, IsTextOfFixedLength) {
    constexpr auto type = dtype_of<std::array<char, 16>>;
    EXPECT_EQ(type.kind(), dtype_kind::string);
    EXPECT_EQ(type.n_bytes(), 16U);
    EXPECT_EQ(type.alignment(), 1U);
    EXPECT_EQ(type.signature(), "string16");
    EXPECT_EQ(type, dtype_of<char[16]>);
    EXPECT_EQ(type, dtype::string(16));
    EXPECT_NE(type, dtype::string(17));
    EXPECT_NE(dtype_of<char[1]>, dtype_of<char>);
}

TEST(DtypeString, OtherCharactersMakeArrays) {
    EXPECT_EQ(dtype_of<char8_t[4]>.signature(), "char8[4]");
    EXPECT_EQ(dtype_of<unsigned char[4]>.signature(), "uint8[4]");
    EXPECT_EQ((dtype_of<std::array<wchar_t, 2>>.kind()), dtype_kind::array);
}

TEST(DtypeString, OfNoBytesIsRefused) {
    EXPECT_THAT(refusal([] { return dtype::string(0); }), HasSubstr("0 bytes"));
    EXPECT_THAT(refusal([] { return dtype::string(~std::size_t{0}); }), HasSubstr("2147483647"));
}

TEST(DtypeArray, OfArraysHasTheirDimensions) {
    constexpr auto type = dtype_of<double[3][2]>;
    EXPECT_EQ(type.kind(), dtype_kind::array);
    EXPECT_EQ(type.element(), dtype_of<double>);
    EXPECT_THAT(type.extents(), ElementsAre(3, 2));
    EXPECT_EQ(type.n_bytes(), sizeof(double[3][2]));
    EXPECT_EQ(type.alignment(), alignof(double));
    EXPECT_EQ(type.signature(), "float64[3,2]");
    EXPECT_EQ(type, (dtype_of<std::array<std::array<double, 2>, 3>>));
    EXPECT_EQ(type, (dtype_of<std::array<double[2], 3>>));
    EXPECT_NE(type, dtype_of<double[2][3]>);
    EXPECT_EQ(dtype_of<char[3][16]>.signature(), "string16[3]");
    EXPECT_EQ(dtype_of<colour[2]>.element(), dtype_of<colour>);
}

TEST(DtypeArray, MadeAtRunTimeIsTheSame) {
    std::array<std::int64_t, 2> const extents{3, 2};
    EXPECT_EQ(dtype::array(dtype_of<double>, extents), dtype_of<double[3][2]>);
    std::array<std::int64_t, 1> const outer{3};
    EXPECT_EQ(dtype::array(dtype_of<double[2]>, outer), dtype_of<double[3][2]>);
    EXPECT_EQ(dtype::array(dtype_of<particle>, outer), dtype_of<particle[3]>);
}

TEST(DtypeArray, ImpossibleOnesAreRefusedWithValues) {
    auto const made = [](std::vector<std::int64_t> const& extents) {
        return refusal([&] { return dtype::array(dtype_of<double>, extents); });
    };
    EXPECT_THAT(made({}), HasSubstr("0 dimensions"));
    EXPECT_THAT(made({1, 1, 1, 1, 1, 1, 1, 1, 1}), HasSubstr("9 dimensions"));
    EXPECT_THAT(made({3, 0}), HasSubstr("3 x 0"));
    EXPECT_THAT(made({-1}), HasSubstr("-1"));
    EXPECT_THAT(made({1 << 20, 1 << 20}), HasSubstr("2147483647"));
    EXPECT_THAT(made({std::numeric_limits<std::int64_t>::max(), 8}), HasSubstr("2147483647"));
}

TEST(DtypeEnumeration, HasItsNamesByValue) {
    constexpr auto type = dtype_of<colour>;
    EXPECT_EQ(type.kind(), dtype_kind::enumeration);
    EXPECT_EQ(type.element(), dtype_of<std::int16_t>);
    EXPECT_EQ(type.n_bytes(), 2U);
    EXPECT_THAT(type.enumerators(),
                ElementsAre(dtype_enumerator{"red", -2},
                            dtype_enumerator{"green", 1},
                            dtype_enumerator{"blue", 300}));
    EXPECT_EQ(type.signature(), "enum int16{red=-2,green=1,blue=300}");
    EXPECT_EQ(dtype_of<app::unsigned_one>.signature(),
              "enum uint64{first=0,last=18446744073709551615}");
    EXPECT_EQ(dtype_of<app::of_char>.element(), dtype_of<std::int8_t>);
}

TEST(DtypeEnumeration, WithoutADescriptionIsItsInteger) {
    static_assert(element<plain_level>);
    EXPECT_EQ(dtype_of<plain_level>, dtype_of<std::uint8_t>);
    static_assert(!element<app::named_only>, "known by its name");
    EXPECT_EQ(type_id_of<app::named_only>().signature, "app.named_only");
    EXPECT_EQ(dtype_of<std::byte>.kind(), dtype_kind::raw_byte);
}

TEST(DtypeEnumeration, MadeAtRunTimeIsTheSameInAnyOrder) {
    std::array const names{
        dtype_enumerator{"green", 1}, dtype_enumerator{"blue", 300}, dtype_enumerator{"red", -2}};
    EXPECT_EQ(dtype::enumeration(dtype_of<std::int16_t>, names), dtype_of<colour>);
    EXPECT_NE(dtype::enumeration(dtype_of<std::int32_t>, names), dtype_of<colour>);
}

TEST(DtypeEnumeration, ImpossibleOnesAreRefusedWithValues) {
    auto const made = [](dtype const& of, std::vector<dtype_enumerator> const& names) {
        return refusal([&] { return dtype::enumeration(of, names); });
    };
    EXPECT_THAT(made(dtype_of<float>, {{"a", 0}}), HasSubstr("float32, no integer"));
    EXPECT_THAT(made(dtype_of<int>, {}), HasSubstr("without names"));
    EXPECT_THAT(made(dtype_of<int>, {{"a", 0}, {"a", 1}}), HasSubstr("two are named \"a\""));
    EXPECT_THAT(made(dtype_of<int>, {{"a", 0}, {"b", 0}}), HasSubstr("one value"));
    EXPECT_THAT(made(dtype_of<std::int8_t>, {{"a", 128}}), HasSubstr("128 does not fit int8"));
    EXPECT_THAT(made(dtype_of<std::int8_t>, {{"a", -129}}), HasSubstr("-129 does not fit int8"));
    EXPECT_THAT(made(dtype_of<std::uint8_t>, {{"a", -1}}), HasSubstr("-1 does not fit uint8"));
    EXPECT_THAT(made(dtype_of<std::uint8_t>, {{"a", 256}}), HasSubstr("256 does not fit uint8"));
}

} // namespace
} // namespace shmwin
