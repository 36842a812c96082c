// SPDX-License-Identifier: MIT
// per_rank_access: how those who know no types reach the elements of per-rank containers. What
// stands in the segment is an object of the program's own type, so each process keeps, for each
// type that it has created or found, functions that know it.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {

/// Of containers of one type. `slots` is where the containers of all ranks begin.
struct per_rank_access {
    dtype element = dtype_of<std::byte>;
    std::function<std::span<std::byte>(std::byte* slots, int r)> bytes;
    /// Room for that many elements; they stay as they are. Only the rank itself.
    std::function<void(std::byte* slots, int r, std::size_t n_elements)> reserve;
    /// Only the rank itself.
    std::function<void(std::byte* slots, int r, std::size_t n_elements)> resize;
};

/// Local. Keeps the functions of a type. Any thread.
SHMWIN_API void keep_access(std::uint64_t type_hash, per_rank_access const& access);

/// Local. Nothing if this process has not created or found containers of that type, or files
/// cannot hold their elements. Any thread.
[[nodiscard]] SHMWIN_API std::optional<per_rank_access> access_of(std::uint64_t type_hash);

} // namespace shmwin::inline v1::detail
