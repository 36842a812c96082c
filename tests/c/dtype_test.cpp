// SPDX-License-Identifier: MIT
// Element types by the C interface: the rows of the one table.
#include "shmwin/base/dtype.hpp"
#include "shmwin/c/dtype.h"

#include "c/dtype.hpp"
#include "support/described_types.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <set>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(CDtype, IsThatOfEachTypeOfCpp) {
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_bool()), dtype_of<bool>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_byte()), dtype_of<std::byte>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_char()), dtype_of<char>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_wchar()), dtype_of<wchar_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_char8()), dtype_of<char8_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_char16()), dtype_of<char16_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_char32()), dtype_of<char32_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_int8()), dtype_of<std::int8_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_int16()), dtype_of<std::int16_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_int32()), dtype_of<std::int32_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_int64()), dtype_of<std::int64_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_uint8()), dtype_of<std::uint8_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_uint16()), dtype_of<std::uint16_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_uint32()), dtype_of<std::uint32_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_uint64()), dtype_of<std::uint64_t>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_float()), dtype_of<float>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_double()), dtype_of<double>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_long_double()), dtype_of<long double>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_complex_float()), dtype_of<std::complex<float>>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_complex_double()), dtype_of<std::complex<double>>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_complex_long_double()),
              dtype_of<std::complex<long double>>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_short()), dtype_of<short>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_int()), dtype_of<int>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_long()), dtype_of<long>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_long_long()), dtype_of<long long>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_unsigned_short()), dtype_of<unsigned short>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_unsigned()), dtype_of<unsigned>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_unsigned_long()), dtype_of<unsigned long>);
    EXPECT_EQ(detail::need_dtype(shmwin_dtype_unsigned_long_long()), dtype_of<unsigned long long>);
}

TEST(CDtype, HasAHandleForEachRow) {
    std::set<shmwin_dtype const*> all;
    for_each_dtype([&](dtype const& type) {
        auto const* const handle = detail::handle_of(type);
        all.insert(handle);
        EXPECT_EQ(shmwin_dtype_kind_of(handle), static_cast<int>(type.kind()));
        EXPECT_EQ(shmwin_dtype_bytes(handle), type.n_bytes());
        EXPECT_EQ(shmwin_dtype_alignment(handle), type.alignment());
        EXPECT_EQ(shmwin_dtype_digits(handle), type.digits());
        EXPECT_EQ(shmwin_dtype_signature(handle), type.signature());
        EXPECT_EQ(shmwin_dtype_element(handle), handle);
        shmwin_dtype const* again = nullptr;
        EXPECT_EQ(shmwin_dtype_of_signature(type.signature().c_str(), &again), SHMWIN_SUCCESS);
        EXPECT_EQ(again, handle);
    });
    EXPECT_TRUE(all.contains(shmwin_dtype_double()));
    EXPECT_GE(all.size(), 21U);
}

TEST(CDtype, OfAStructureIsThatOfItsMembers) {
    std::array const xy{shmwin_dtype_member{"x", offsetof(point, x), shmwin_dtype_double()},
                        shmwin_dtype_member{"y", offsetof(point, y), shmwin_dtype_double()}};
    shmwin_dtype const* where = nullptr;
    ASSERT_EQ(shmwin_dtype_structure(xy.data(), xy.size(), sizeof(point), &where), SHMWIN_SUCCESS);
    std::array const all{
        shmwin_dtype_member{"where", offsetof(particle, where), where},
        shmwin_dtype_member{"mass", offsetof(particle, mass), shmwin_dtype_float()},
        shmwin_dtype_member{"charged", offsetof(particle, charged), shmwin_dtype_bool()},
        shmwin_dtype_member{"id", offsetof(particle, id), shmwin_dtype_int32()}};
    shmwin_dtype const* whole = nullptr;
    ASSERT_EQ(shmwin_dtype_structure(all.data(), all.size(), sizeof(particle), &whole),
              SHMWIN_SUCCESS);
    EXPECT_EQ(whole, detail::handle_of(dtype_of<particle>));
    shmwin_dtype_member const* members = nullptr;
    ASSERT_EQ(shmwin_dtype_members(whole, &members), 4U);
    EXPECT_STREQ(members[0].name, "where");
    EXPECT_EQ(members[0].type, where);
    EXPECT_EQ(members[3].offset, offsetof(particle, id));
}

TEST(CDtype, IsMadeOfOthers) {
    shmwin_dtype const* type = nullptr;
    ASSERT_EQ(shmwin_dtype_string(16, &type), SHMWIN_SUCCESS);
    EXPECT_EQ(type, detail::handle_of(dtype_of<std::array<char, 16>>));
    std::array<std::int64_t, 2> const extents{2, 3};
    ASSERT_EQ(shmwin_dtype_array(shmwin_dtype_int16(), extents.data(), 2, &type), SHMWIN_SUCCESS);
    EXPECT_EQ(type, detail::handle_of(dtype_of<std::array<std::array<std::int16_t, 3>, 2>>));
    EXPECT_EQ(shmwin_dtype_element(type), shmwin_dtype_int16());
    std::int64_t const* seen = nullptr;
    ASSERT_EQ(shmwin_dtype_extents(type, &seen), 2U);
    EXPECT_EQ(seen[1], 3);
    std::array const states{shmwin_dtype_enumerator{"off", 0}, shmwin_dtype_enumerator{"on", 1}};
    ASSERT_EQ(shmwin_dtype_enumeration(shmwin_dtype_uint8(), states.data(), 2, &type),
              SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_dtype_kind_of(type), SHMWIN_KIND_ENUMERATION);
    EXPECT_EQ(shmwin_dtype_element(type), shmwin_dtype_uint8());
    shmwin_dtype_enumerator const* names = nullptr;
    ASSERT_EQ(shmwin_dtype_enumerators(type, &names), 2U);
    EXPECT_STREQ(names[1].name, "on");
    EXPECT_EQ(names[1].value, 1);
    EXPECT_EQ(shmwin_dtype_members(type, nullptr), 0U);
}

TEST(CDtype, RefusesWhatNoTypeIs) {
    shmwin_dtype const* type = shmwin_dtype_int();
    EXPECT_EQ(shmwin_dtype_string(0, &type), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(type, nullptr);
    std::array const overlapping{shmwin_dtype_member{"a", 0, shmwin_dtype_double()},
                                 shmwin_dtype_member{"b", 4, shmwin_dtype_double()}};
    EXPECT_EQ(shmwin_dtype_structure(overlapping.data(), 2, 16, &type),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_dtype_structure(nullptr, 1, 8, &type), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_dtype_of_signature("float65", &type), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("float65"));
    EXPECT_EQ(shmwin_dtype_of_signature(nullptr, &type), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_dtype_array(nullptr, nullptr, 0, &type), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_STREQ(shmwin_dtype_signature(nullptr), "");
    EXPECT_EQ(shmwin_dtype_bytes(nullptr), 0U);
    EXPECT_EQ(shmwin_dtype_element(nullptr), nullptr);
}

} // namespace
} // namespace shmwin
