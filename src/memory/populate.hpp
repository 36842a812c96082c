// SPDX-License-Identifier: MIT
// Makes pages of a shared mapping present without the risk of SIGBUS, and gives them back.
#pragma once

#include <cstddef>

namespace shmwin::inline v1::detail {

/// Populates the pages that [address, address + n_bytes) touches, keeping what is in them.
/// @returns  0, or an errno: EFAULT if the memory behind the mapping is full
[[nodiscard]] int populate_pages(std::byte* address, std::size_t n_bytes) noexcept;

/// Gives the memory of the whole pages [address, address + n_bytes) back: they read as 0, in every
/// process. False if the mapping's file cannot have holes.
[[nodiscard]] bool release_pages(std::byte* address, std::size_t n_bytes) noexcept;

} // namespace shmwin::inline v1::detail
