// SPDX-License-Identifier: MIT
// Sizes in bytes: `using namespace shmwin::literals;` then 8_GiB.
#pragma once

#include <cstddef>

namespace shmwin::inline v1 {
inline namespace literals {

// A size that does not fit std::size_t is a compile-time error: a constant cannot call this. Not
// `throw`, which headers for -fno-exceptions may not contain.
namespace detail_literals {
void size_does_not_fit();
consteval std::size_t scaled(unsigned long long count, unsigned shift) {
    if (count > (~0ULL >> shift)) size_does_not_fit();
    return static_cast<std::size_t>(count << shift);
}
} // namespace detail_literals

consteval std::size_t operator""_B(unsigned long long n) {
    return detail_literals::scaled(n, 0);
}
consteval std::size_t operator""_KiB(unsigned long long n) {
    return detail_literals::scaled(n, 10);
}
consteval std::size_t operator""_MiB(unsigned long long n) {
    return detail_literals::scaled(n, 20);
}
consteval std::size_t operator""_GiB(unsigned long long n) {
    return detail_literals::scaled(n, 30);
}
consteval std::size_t operator""_TiB(unsigned long long n) {
    return detail_literals::scaled(n, 40);
}

} // namespace literals
} // namespace shmwin::inline v1
