// SPDX-License-Identifier: MIT
// Structures and enumerations of a program, described: nested, padded, with every kind of member.
#pragma once

#include "shmwin/base/describe.hpp"

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>

namespace shmwin::test {

enum class colour : std::int16_t { red = -2, green = 1, blue = 300 };
enum flag : std::uint64_t { off = 0, on = 1, all = 0x7fffffffffffffffULL }; // h5py reads no more
enum class plain_level : std::uint8_t { low, high };

struct point {
    double x = 0;
    double y = 0;
    friend bool operator==(point const&, point const&) = default;
};

struct particle { // 3 bytes of padding behind `charged`, 4 at the end
    point where;
    float mass = 0;
    bool charged = false;
    std::int32_t id = 0;
    friend bool operator==(particle const&, particle const&) = default;
};

// One member of every row of the table, and of what they make together.
struct everything {
    bool boolean = false;
    std::byte raw{};
    char letter = 0;
    wchar_t wide = 0;
    char8_t u8 = 0;
    char16_t u16 = 0;
    char32_t u32 = 0;
    signed char i8 = 0;
    short i16 = 0;
    int i32 = 0;
    long i64 = 0;
    unsigned char n8 = 0;
    unsigned short n16 = 0;
    unsigned n32 = 0;
    unsigned long n64 = 0;
    float f32 = 0;
    double f64 = 0;
    long double extended = 0;
    std::complex<float> c64;
    std::complex<double> c128;
    std::complex<long double> c256;
    std::array<char, 5> word{};
    colour paint = colour::red;
    flag mask = off;
    plain_level level = plain_level::low;
    std::array<std::array<std::int16_t, 3>, 2> table{};
    std::array<std::array<char, 4>, 2> words{};
    std::array<colour, 2> paints{};
    std::array<particle, 3> cloud{};
    friend bool operator==(everything const&, everything const&) = default;
};

struct small { // fits a lock-free value
    std::int32_t key = 0;
    float weight = 0;
};

// A signature of far more than 64 bytes.
struct forty {
    // NOLINTNEXTLINE(readability-isolate-declaration): forty of a kind
    double m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19,
        m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37,
        m38, m39;
};

} // namespace shmwin::test

SHMWIN_DESCRIBE_ENUM(shmwin::test::colour, green, red, blue);
SHMWIN_DESCRIBE_ENUM(shmwin::test::flag, off, on, all);
SHMWIN_DESCRIBE(shmwin::test::point, x, y);
SHMWIN_DESCRIBE(shmwin::test::particle, where, mass, charged, id);
// clang-format off
SHMWIN_DESCRIBE(shmwin::test::everything,
                boolean, raw, letter, wide, u8, u16, u32, i8, i16, i32, i64, n8, n16, n32, n64,
                f32, f64, extended, c64, c128, c256, word, paint, mask, level, table, words,
                paints, cloud);
SHMWIN_DESCRIBE(shmwin::test::small, key, weight);
SHMWIN_DESCRIBE(shmwin::test::forty,
                m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17,
                m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33,
                m34, m35, m36, m37, m38, m39);
// clang-format on
