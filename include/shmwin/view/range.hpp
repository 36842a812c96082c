// SPDX-License-Identifier: MIT
// range: indices first, first + 1, ... last - 1. And how 0 ... n - 1 is shared out in blocks: by
// block_range() to the rank that asks, by block_of() from the index back to the rank.
#pragma once

#include "shmwin/base/contract.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <iterator>

namespace shmwin::inline v1 {

/// Half-open range of indices; empty if last <= first. `for (auto i : rows)` visits each.
/// All functions are local and O(1).
struct range {
    std::int64_t first = 0;
    std::int64_t last = 0;

    class iterator;

    /// Number of indices. @pre it fits std::int64_t
    [[nodiscard]] constexpr std::int64_t size() const noexcept {
        return empty() ? 0 : last - first;
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return last <= first; }
    [[nodiscard]] constexpr bool contains(std::int64_t i) const noexcept {
        return first <= i && i < last;
    }

    /// The part inside [lo, hi). If nothing is, an empty range at the nearer end of this one: the
    /// result never leaves *this.
    [[nodiscard]] constexpr range clip(std::int64_t lo, std::int64_t hi) const noexcept {
        auto const end = std::max(first, last);
        auto const begin = std::clamp(lo, first, end);
        return {begin, std::clamp(hi, begin, end)};
    }

    [[nodiscard]] constexpr iterator begin() const noexcept;
    [[nodiscard]] constexpr iterator end() const noexcept;

    /// Same first and last: two empty ranges at different places differ.
    friend constexpr bool operator==(range const&, range const&) noexcept = default;
};

/// Random access; dereferences to the index itself.
class range::iterator {
  public:
    using iterator_concept = std::random_access_iterator_tag;
    using iterator_category = std::random_access_iterator_tag;
    using value_type = std::int64_t;
    using difference_type = std::int64_t;
    using pointer = void;
    using reference = std::int64_t;

    constexpr iterator() noexcept = default;
    constexpr explicit iterator(std::int64_t i) noexcept : i_(i) {}

    [[nodiscard]] constexpr std::int64_t operator*() const noexcept { return i_; }
    [[nodiscard]] constexpr std::int64_t operator[](difference_type n) const noexcept {
        return i_ + n;
    }
    constexpr iterator& operator++() noexcept { return *this += 1; }
    constexpr iterator& operator--() noexcept { return *this -= 1; }
    // NOLINTBEGIN(cert-dcl21-cpp): a const result would forbid moving, and is no iterator's habit
    constexpr iterator operator++(int) noexcept { return iterator(i_++); }
    constexpr iterator operator--(int) noexcept { return iterator(i_--); }
    // NOLINTEND(cert-dcl21-cpp)
    constexpr iterator& operator+=(difference_type n) noexcept {
        i_ += n;
        return *this;
    }
    constexpr iterator& operator-=(difference_type n) noexcept {
        i_ -= n;
        return *this;
    }
    friend constexpr iterator operator+(iterator a, difference_type n) noexcept { return a += n; }
    friend constexpr iterator operator+(difference_type n, iterator a) noexcept { return a += n; }
    friend constexpr iterator operator-(iterator a, difference_type n) noexcept { return a -= n; }
    friend constexpr difference_type operator-(iterator a, iterator b) noexcept {
        return a.i_ - b.i_;
    }
    friend constexpr bool operator==(iterator, iterator) noexcept = default;
    friend constexpr std::strong_ordering operator<=>(iterator a, iterator b) noexcept {
        return a.i_ <=> b.i_;
    }

  private:
    std::int64_t i_ = 0;
};

constexpr range::iterator range::begin() const noexcept {
    return iterator(first);
}
constexpr range::iterator range::end() const noexcept {
    return iterator(std::max(first, last));
}

/// Local. The `index`-th of `parts` blocks that follow each other and make up 0 ... n - 1. Sizes
/// differ by at most one, the larger blocks come first; with more parts than n the last are empty.
/// O(1), no overflow for any n.
/// @pre 0 <= n, 0 <= index < parts
[[nodiscard]] constexpr range
block_range(std::int64_t n, std::int64_t parts, std::int64_t index) noexcept {
    SHMWIN_EXPECT(n >= 0);
    SHMWIN_EXPECT(parts > 0);
    SHMWIN_EXPECT(0 <= index && index < parts);
    auto const smaller = n / parts;
    auto const n_larger = n % parts;
    auto const first = index * smaller + std::min(index, n_larger);
    return {first, first + smaller + (index < n_larger ? 1 : 0)};
}

/// Local. The block of block_range(n, parts, ...) that holds i. O(1), no overflow for any n.
/// @pre 0 <= i < n, parts > 0
[[nodiscard]] constexpr std::int64_t
block_of(std::int64_t n, std::int64_t parts, std::int64_t i) noexcept {
    SHMWIN_EXPECT(parts > 0);
    SHMWIN_EXPECT(0 <= i && i < n);
    auto const smaller = n / parts;
    auto const n_larger = n % parts;
    auto const in_larger = n_larger * smaller + n_larger; // smaller + 1 could overflow
    if (i < in_larger) return i / (smaller + 1);
    return n_larger + (i - in_larger) / smaller;
}

} // namespace shmwin::inline v1
