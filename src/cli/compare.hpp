// SPDX-License-Identifier: MIT
// compare: how far the values of two objects of one type are apart.
//
// Layer: cli.
#pragma once

#include "cli/elements.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shmwin::cli {

/// Numbers within one of these are taken for equal.
struct tolerance {
    double absolute = 0;
    double relative = 0; ///< of the larger magnitude
    bool nan_equal = false;
};

/// What is different.
struct difference {
    std::uint64_t n_elements = 0; ///< that differ
    /// Of all numbers that were compared, also of those within the tolerance; infinite where an
    /// infinity stands against another number. NaNs are in neither.
    long double largest_absolute = 0;
    long double largest_relative = 0;
    bool has_numbers = false;
    std::uint64_t first = 0; ///< element, in the order of the file
    std::string first_leaf;  ///< which member of it
    std::string first_a;     ///< the element
    std::string first_b;
};

class comparison {
  public:
    comparison(dtype const& type, tolerance const& allowed);

    /// @param first_element  number of the first of them
    void
    add(std::uint64_t first_element, std::span<std::byte const> a, std::span<std::byte const> b);

    [[nodiscard]] difference const& result() const noexcept { return found_; }

  private:
    template <typename T>
    void compare_numbers(leaf const& of, std::byte const* a, std::byte const* b);
    void compare_bytes(leaf const& of, std::byte const* a, std::byte const* b);
    void differs(std::size_t element, leaf const& of);
    bool is_equal(long double distance, long double magnitude);

    dtype type_;
    tolerance allowed_;
    std::vector<leaf> leaves_;
    bool has_floating_ = false;
    difference found_;

    // Of the piece that is being compared:
    std::vector<char> differs_; ///< each element
    std::optional<std::size_t> first_;
    std::string first_leaf_;
};

} // namespace shmwin::cli
