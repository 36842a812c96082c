// SPDX-License-Identifier: MIT
// Every row of the table, with expectations that are written down here a second time.
#include "shmwin/base/dtype.hpp"

#include "support/element_types.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

namespace shmwin {
namespace {

std::string const long_bits = sizeof(long) == 8 ? "64" : "32";
std::string const wchar_bits = sizeof(wchar_t) == 4 ? "32" : "16";

// long double: 80-bit extended on x86, IEEE binary128 on most others, or just a double.
std::string long_double_suffix(std::size_t parts) {
    std::string const bits = std::to_string(8 * sizeof(long double) * parts);
    int const digits = std::numeric_limits<long double>::digits;
    return digits == 53 ? bits : bits + "d" + std::to_string(digits);
}

template <typename T>
struct expected;

// NOLINTBEGIN(cppcoreguidelines-macro-usage): one line a row
#define SHMWIN_ROW(Type, kind_name, text)                                                          \
    template <>                                                                                    \
    struct expected<Type> {                                                                        \
        static constexpr dtype_kind kind = dtype_kind::kind_name;                                  \
        static std::string signature() { return text; }                                            \
    }
// NOLINTEND(cppcoreguidelines-macro-usage)
SHMWIN_ROW(bool, boolean, "bool");
SHMWIN_ROW(std::byte, raw_byte, "byte");
SHMWIN_ROW(char, character, "char");
SHMWIN_ROW(wchar_t, wide_character, "wchar" + wchar_bits);
SHMWIN_ROW(char8_t, unicode, "char8");
SHMWIN_ROW(char16_t, unicode, "char16");
SHMWIN_ROW(char32_t, unicode, "char32");
SHMWIN_ROW(signed char, signed_integer, "int8");
SHMWIN_ROW(short, signed_integer, "int16");
SHMWIN_ROW(int, signed_integer, "int32");
SHMWIN_ROW(long, signed_integer, "int" + long_bits);
SHMWIN_ROW(long long, signed_integer, "int64");
SHMWIN_ROW(unsigned char, unsigned_integer, "uint8");
SHMWIN_ROW(unsigned short, unsigned_integer, "uint16");
SHMWIN_ROW(unsigned, unsigned_integer, "uint32");
SHMWIN_ROW(unsigned long, unsigned_integer, "uint" + long_bits);
SHMWIN_ROW(unsigned long long, unsigned_integer, "uint64");
SHMWIN_ROW(float, floating, "float32");
SHMWIN_ROW(double, floating, "float64");
SHMWIN_ROW(long double, floating, "float" + long_double_suffix(1));
SHMWIN_ROW(std::complex<float>, complex, "complex64");
SHMWIN_ROW(std::complex<double>, complex, "complex128");
SHMWIN_ROW(std::complex<long double>, complex, "complex" + long_double_suffix(2));
#undef SHMWIN_ROW

template <typename T>
struct DtypeOf : testing::Test {};
TYPED_TEST_SUITE(DtypeOf, test::element_types);

TYPED_TEST(DtypeOf, HasTheKindOfTheType) {
    EXPECT_EQ(dtype_of<TypeParam>.kind(), expected<TypeParam>::kind);
}

TYPED_TEST(DtypeOf, HasTheTrueSizeAndAlignment) {
    EXPECT_EQ(dtype_of<TypeParam>.n_bytes(), sizeof(TypeParam));
    EXPECT_EQ(dtype_of<TypeParam>.alignment(), alignof(TypeParam));
}

TYPED_TEST(DtypeOf, HasTheCanonicalSignature) {
    EXPECT_EQ(dtype_of<TypeParam>.signature(), expected<TypeParam>::signature());
}

TYPED_TEST(DtypeOf, LeadsBackToATypeOfTheSameRow) {
    std::vector<std::string> seen;
    auto const note = [&seen]<typename T>() {
        static_assert(element<T>);
        if (dtype_of<T> == dtype_of<TypeParam> && sizeof(T) == sizeof(TypeParam)) {
            seen.push_back(dtype_of<T>.signature());
        } else {
            seen.emplace_back("another type");
        }
    };
    EXPECT_TRUE(visit(dtype_of<TypeParam>, note));
    EXPECT_EQ(seen, std::vector{expected<TypeParam>::signature()}) << "called once, and for it";
}

TYPED_TEST(DtypeOf, HoldsOnlyTheBareType) {
    static_assert(element<TypeParam>);
    static_assert(!element<TypeParam const> && !element<TypeParam volatile>);
    static_assert(!element<TypeParam*> && !element<TypeParam&>);
}

struct no_element {};
static_assert(!element<no_element> && !element<void>);
static_assert(!element<std::complex<int>>, "unspecified by the standard");

TEST(Dtype, VisitsNothingForATypeThatThePlatformLacks) {
    auto const never = []<typename T>() { ADD_FAILURE() << dtype_of<T>.signature(); };
    EXPECT_FALSE(visit(dtype{dtype_kind::floating, 2, 2, 11}, never));
    EXPECT_FALSE(visit(dtype{dtype_kind::signed_integer, 16, 16, 0}, never));
    EXPECT_FALSE(visit(dtype{dtype_kind::boolean, 4, 4, 0}, never));
}

TEST(Dtype, SignatureTellsAllRowsApart) {
    std::array const rows{dtype_of<bool>,
                          dtype_of<std::byte>,
                          dtype_of<char>,
                          dtype_of<wchar_t>,
                          dtype_of<char8_t>,
                          dtype_of<char16_t>,
                          dtype_of<char32_t>,
                          dtype_of<signed char>,
                          dtype_of<short>,
                          dtype_of<int>,
                          dtype_of<long long>,
                          dtype_of<unsigned char>,
                          dtype_of<unsigned short>,
                          dtype_of<unsigned>,
                          dtype_of<unsigned long long>,
                          dtype_of<float>,
                          dtype_of<double>,
                          dtype_of<std::complex<float>>,
                          dtype_of<std::complex<double>>};
    std::set<std::string> texts;
    for (auto const& row : rows) {
        EXPECT_TRUE(texts.insert(row.signature()).second) << row.signature() << " twice";
    }
}

TEST(Dtype, SignatureTellsTheFormatsOfLongDoubleApart) {
    dtype const x87{dtype_kind::floating, 16, 16, 64};
    dtype const quad{dtype_kind::floating, 16, 16, 113};
    EXPECT_NE(x87, quad);
    EXPECT_EQ(x87.signature(), "float128d64");
    EXPECT_EQ(quad.signature(), "float128d113");
    EXPECT_EQ((dtype{dtype_kind::complex, 32, 16, 64}.signature()), "complex256d64");
}

// Stored in segments and files.
TEST(Dtype, KindsKeepTheirValues) {
    EXPECT_EQ(static_cast<int>(dtype_kind::boolean), 1);
    EXPECT_EQ(static_cast<int>(dtype_kind::raw_byte), 2);
    EXPECT_EQ(static_cast<int>(dtype_kind::character), 3);
    EXPECT_EQ(static_cast<int>(dtype_kind::wide_character), 4);
    EXPECT_EQ(static_cast<int>(dtype_kind::unicode), 5);
    EXPECT_EQ(static_cast<int>(dtype_kind::signed_integer), 6);
    EXPECT_EQ(static_cast<int>(dtype_kind::unsigned_integer), 7);
    EXPECT_EQ(static_cast<int>(dtype_kind::floating), 8);
    EXPECT_EQ(static_cast<int>(dtype_kind::complex), 9);
    EXPECT_EQ(static_cast<int>(dtype_kind::string), 10);
    EXPECT_EQ(static_cast<int>(dtype_kind::enumeration), 11);
    EXPECT_EQ(static_cast<int>(dtype_kind::array), 12);
    EXPECT_EQ(static_cast<int>(dtype_kind::structure), 13);
}

} // namespace
} // namespace shmwin
