// SPDX-License-Identifier: MIT
// operation: the collective calls by number, so that a rank can say in the segment where it is,
// and every other rank can say it in words.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace shmwin::inline v1 {

/// Every collective call that meets in the segment. Stable: part of its layout.
enum class operation : std::uint32_t {
    none = 0,
    open = 1,
    close = 2,
    fence = 3,
    create_array = 4,
    find_or_create_array = 5,
    create_levels = 6,
    create_value = 7,
    create_object = 8,
    scratch_array = 9,
    destroy = 10,
    flip = 11,
    init = 12,
    fill = 13,
    save = 14,
    restore = 15,
    read_dataset = 16,
    finalize = 17,
    trim = 18,
    adopt = 19,
    freeze = 20,
    thaw = 21,
    create_per_rank = 22,
    copy = 23,
    transform = 24,
    reduce = 25,
    for_each_block = 26,
    create_mutex = 27,
    create_recursive_mutex = 28,
    create_shared_mutex = 29,
    create_condition_variable = 30,
    create_semaphore = 31,
    create_event = 32,
    create_barrier = 33,
    create_latch = 34,
    create_counter = 35,
    create_queue = 36,
    create_synchronized = 37,
    reset_counter = 38,
    save_async = 39,
};

/// Local. "create_array", "fence", ...
[[nodiscard]] SHMWIN_API char const* name(operation which) noexcept;

/// A collective call and what must be equal on all ranks in it. Borrows its parts.
struct collective_call {
    operation op = operation::none;
    std::string_view object{};               ///< name of the object; may be empty
    std::string_view type{};                 ///< its type's signature; may be empty
    std::span<std::int64_t const> extents{}; ///< its shape; may be empty
    std::uint64_t options = 0;               ///< hash of all other arguments
    source_line where{};                     ///< of the call; each rank may have its own

    /// Local. True if nothing but `op` says what all ranks must agree on.
    [[nodiscard]] constexpr bool is_plain() const noexcept {
        return object.empty() && type.empty() && extents.empty() && options == 0;
    }
};

} // namespace shmwin::inline v1
