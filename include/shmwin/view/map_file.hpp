// SPDX-License-Identifier: MIT
// map_file: a file of plain elements as an array, in place: nothing is read before it is used, and
// all processes that map the file share its pages.
//
//     auto table = map_file<double const>("opacity.bin", shape(n_t, n_r), {.offset_bytes = 512});
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/view/owned_view.hpp"
#include "shmwin/view/view_of.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Of map_file().
struct map_file_options {
    std::uint64_t offset_bytes = 0; ///< of the first element, in the file; a multiple of alignof(T)
};

namespace detail {

/// Bytes of a file in memory, and what unmaps them.
struct mapped_bytes {
    std::byte* first = nullptr; ///< null if there are none
    std::shared_ptr<void const> owner;
};

/// What of a file is to be mapped.
struct file_part {
    std::uint64_t offset;
    std::uint64_t n_bytes;
    std::size_t alignment; ///< of `offset`
    bool writable;
};

[[nodiscard]] SHMWIN_API mapped_bytes map_file_bytes(std::filesystem::path const& path,
                                                     file_part const& part);

} // namespace detail

/// Local. The elements in a file, in the byte order of this machine. map_file<T const> maps it for
/// reading; map_file<T> also for writing: what is stored is in the file, sooner or later, and all
/// who map it see it. Unmapped with the last view. The file may be renamed or removed meanwhile,
/// but not made shorter: to reach what is gone is SIGBUS.
///
/// @param shape  as of view_of(): extents, a std::array of them, or a mapping with strides
/// @throws argument_error (invalid_argument)  shape or offset are not possible, or the file is too
///         small: what is needed and what is there
/// @throws runtime_failure (io_failure)       it cannot be opened or mapped: why
template <typename T, foreign_shape Shape>
[[nodiscard]] auto map_file(std::filesystem::path const& path,
                            Shape const& shape,
                            map_file_options const& options = {}) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
                  "a file holds elements as bytes: no pointers, nothing that must be constructed");
    // No element is there yet, but any aligned address tells whether the shape is possible.
    auto const mapping = detail::checked_mapping(reinterpret_cast<T const*>(alignof(T)), shape);
    auto const n_bytes = static_cast<std::uint64_t>(mapping.required_span_size()) * sizeof(T);
    auto mapped = detail::map_file_bytes(
        path, {options.offset_bytes, n_bytes, alignof(T), !std::is_const_v<T>});
    using made = detail::owned_view_with<T, std::remove_const_t<decltype(mapping)>>;
    return made({reinterpret_cast<T*>(mapped.first), mapping}, std::move(mapped.owner));
}

} // namespace shmwin::inline v1
