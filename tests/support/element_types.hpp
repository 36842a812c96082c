// SPDX-License-Identifier: MIT
// The element types, written down a second time: what tests of every row walk through.
#pragma once

#include <gtest/gtest.h>

#include <complex>
#include <cstddef>

namespace shmwin::test {

template <typename... More>
using element_types_and = testing::Types<bool,
                                         std::byte,
                                         char,
                                         wchar_t,
                                         char8_t,
                                         char16_t,
                                         char32_t,
                                         signed char,
                                         short,
                                         int,
                                         long,
                                         long long,
                                         unsigned char,
                                         unsigned short,
                                         unsigned,
                                         unsigned long,
                                         unsigned long long,
                                         float,
                                         double,
                                         long double,
                                         std::complex<float>,
                                         std::complex<double>,
                                         std::complex<long double>,
                                         More...>;

using element_types = element_types_and<>;

} // namespace shmwin::test
