// SPDX-License-Identifier: MIT
#include "cli/compare.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>

namespace shmwin::cli {
namespace {

constexpr auto infinity = std::numeric_limits<long double>::infinity();

template <typename T>
bool is_nan(T const& x) {
    if constexpr (detail::is_complex<T>)
        return std::isnan(x.real()) || std::isnan(x.imag());
    else if constexpr (std::floating_point<T>)
        return std::isnan(x);
    else
        return false;
}

template <typename T>
long double magnitude_of(T const& x) {
    if constexpr (detail::is_complex<T>)
        return std::abs(std::complex<long double>(x));
    else
        return std::abs(static_cast<long double>(x));
}

template <typename T>
long double distance_of(T const& x, T const& y) {
    if constexpr (detail::is_complex<T>)
        return std::abs(std::complex<long double>(x) - std::complex<long double>(y));
    else
        return std::abs(static_cast<long double>(x) - static_cast<long double>(y));
}

// The same NaNs in the same parts.
template <typename T>
bool are_same_nan(T const& x, T const& y) {
    if constexpr (detail::is_complex<T>) {
        auto const same = [](auto p, auto q) { return p == q || (std::isnan(p) && std::isnan(q)); };
        return same(x.real(), y.real()) && same(x.imag(), y.imag());
    } else {
        return is_nan(x) && is_nan(y);
    }
}

} // namespace

comparison::comparison(dtype const& type, tolerance const& allowed)
    : type_(type), allowed_(allowed), leaves_(leaves_of(type)) {
    for (auto const& each : leaves_) {
        visit_number(each.type, [&]<typename T>() {
            found_.has_numbers = true;
            if constexpr (!std::integral<T>) has_floating_ = true;
        });
    }
}

void comparison::add(std::uint64_t first_element,
                     std::span<std::byte const> a,
                     std::span<std::byte const> b) {
    // Equal bytes are equal values, but for NaN.
    bool const equal_bytes_do = allowed_.nan_equal || !has_floating_;
    if (equal_bytes_do && std::memcmp(a.data(), b.data(), a.size()) == 0) return;
    differs_.assign(a.size() / type_.n_bytes(), 0);
    first_.reset();
    for (auto const& each : leaves_) {
        bool const is_number = visit_number(
            each.type, [&]<typename T>() { compare_numbers<T>(each, a.data(), b.data()); });
        if (!is_number) compare_bytes(each, a.data(), b.data());
    }
    if (!first_) return;
    if (found_.n_elements == 0) {
        auto const at = *first_ * type_.n_bytes();
        found_.first = first_element + *first_;
        found_.first_leaf = first_leaf_;
        found_.first_a = element_text(type_, &a[at]);
        found_.first_b = element_text(type_, &b[at]);
    }
    found_.n_elements += static_cast<std::uint64_t>(std::ranges::count(differs_, 1));
}

template <typename T>
void comparison::compare_numbers(leaf const& of, std::byte const* a, std::byte const* b) {
    for (std::size_t i = 0; i < differs_.size(); ++i) {
        auto const at = i * type_.n_bytes() + of.offset;
        for (std::size_t k = 0; k < of.count; ++k) {
            auto const x = load<T>(a + at + k * sizeof(T));
            auto const y = load<T>(b + at + k * sizeof(T));
            if (x == y) continue;
            bool const is_same =
                is_nan(x) || is_nan(y)
                    ? allowed_.nan_equal && are_same_nan(x, y)
                    : is_equal(distance_of(x, y), std::max(magnitude_of(x), magnitude_of(y)));
            if (!is_same) differs(i, of);
        }
    }
}

void comparison::compare_bytes(leaf const& of, std::byte const* a, std::byte const* b) {
    auto const n_bytes = of.count * of.type.n_bytes();
    for (std::size_t i = 0; i < differs_.size(); ++i) {
        auto const at = i * type_.n_bytes() + of.offset;
        if (std::memcmp(a + at, b + at, n_bytes) != 0) differs(i, of);
    }
}

bool comparison::is_equal(long double distance, long double magnitude) {
    if (!std::isfinite(magnitude)) { // an infinity, and another number
        found_.largest_absolute = infinity;
        found_.largest_relative = infinity;
        return false;
    }
    found_.largest_absolute = std::max(found_.largest_absolute, distance);
    found_.largest_relative = std::max(found_.largest_relative, distance / magnitude);
    return distance <= static_cast<long double>(allowed_.absolute)
           || distance <= static_cast<long double>(allowed_.relative) * magnitude;
}

void comparison::differs(std::size_t element, leaf const& of) {
    differs_[element] = 1;
    if (first_ && *first_ <= element) return;
    first_ = element;
    first_leaf_ = of.name;
}

} // namespace shmwin::cli
