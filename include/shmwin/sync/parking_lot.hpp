// SPDX-License-Identifier: MIT
// parking_lot: where ranks sleep until a value of any size changes. A futex word has 4 bytes; a
// value may have 1 or 8. So waiters sleep on a line of the lot, which the value's offset selects:
//
//     line:  | sequence (4 bytes) | number of sleepers (4) | pad to 64 |
//
// Two values may share a line: then a waiter wakes in vain, looks at its value, sleeps again.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/sync/wait.hpp"

#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is valid.
struct alignas(64) parking_line {
    waitable sequence;
};
static_assert(sizeof(parking_line) == 64);

/// Process-local handle to the lines. Cheap to copy.
class parking_lot {
  public:
    /// @pre  lines.size() is a power of two
    explicit parking_lot(std::span<parking_line> lines) noexcept : lines_(lines) {}

    /// Returns when `ready()` is true, or at `until`. Whoever makes it true must call unpark(key)
    /// afterwards. `check` as in wait_while().
    /// @returns  what ready() said last
    SHMWIN_API bool park(std::uint64_t key,
                         wait_policy const& policy,
                         function_ref<bool()> ready,
                         function_ref<void(bool)> check,
                         wait_deadline until = no_deadline) const;

    /// Makes all who wait for `key` look again. Costs one atomic addition when nobody sleeps.
    SHMWIN_API void unpark(std::uint64_t key) const noexcept;

    /// Makes everybody look again: somebody left.
    SHMWIN_API void unpark_all() const noexcept;

    [[nodiscard]] parking_line& line(std::uint64_t key) const noexcept {
        return lines_[mix(key) & (lines_.size() - 1)];
    }

  private:
    std::span<parking_line> lines_;
};

} // namespace shmwin::inline v1::detail
