// SPDX-License-Identifier: MIT
// What arrays and time levels have in common at the border.
//
// Layer: c.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/c/array.h"
#include "shmwin/memory/object_record.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/options.hpp"

#include "c/status.hpp"

#include <cstdint>
#include <span>
#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_array {
    shmwin::any_array is;
};

namespace shmwin::inline v1::detail {

/// The options, and the order that stands among them.
struct asked_array {
    array_options options;
    memory_order_kind order = memory_order_kind::right;
};

/// @throws argument_error (invalid_argument)
[[nodiscard]] asked_array asked_of(shmwin_array_options const* given);

/// C (also 0) or Fortran.
/// @throws argument_error (invalid_argument)
[[nodiscard]] memory_order_kind order_from(int given);

/// @throws argument_error (not_found)  the handle's object was destroyed
template <typename Handle>
auto const& need_valid(Handle const* handle, char const* what) {
    auto const& is = need(handle, what).is;
    if (!is.is_valid()) {
        raise(errc::not_found, std::string(what) + " is gone (it was destroyed before)");
    }
    return is;
}

/// Of arrays and levels.
template <typename Handle>
void give_rows(Handle const& is, int rank, std::int64_t* begin, std::int64_t* end) {
    if (rank < 0 || rank >= is.n_ranks()) {
        raise(errc::out_of_range,
              "no such rank (" + std::to_string(rank) + " of " + std::to_string(is.n_ranks())
                  + ")");
    }
    auto const rows = is.rows_of(rank);
    need(begin, "begin") = rows.first;
    need(end, "end") = rows.last;
}

[[nodiscard]] inline std::int64_t product_of(std::span<std::int64_t const> shape) noexcept {
    std::int64_t n = 1;
    for (auto const extent : shape) {
        n *= extent;
    }
    return n;
}

} // namespace shmwin::inline v1::detail
