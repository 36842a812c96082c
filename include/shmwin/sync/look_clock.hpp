// SPDX-License-Identifier: MIT
// When to look for the dead. A look reads what the kernel knows of a process: so whoever waits or
// tries looks every 100 ms, however often it wakes up or tries in between.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"

#include <chrono>
#include <cstdint>

namespace shmwin::inline v1::detail {

/// Of one wait, from its begin to its end.
class look_clock {
  public:
    /// Local. True every 100 ms, the first time so long after the first question.
    [[nodiscard]] SHMWIN_API bool is_due() noexcept;

  private:
    std::chrono::steady_clock::time_point next_{};
};

/// Local. Of whoever only tries or waits for less than that, again and again: true every 100 ms for
/// this thread and this key, the first time at once. Of very many keys some are due more often.
/// @param key  any number that stands for what is tried
[[nodiscard]] SHMWIN_API bool is_time_to_look(std::uint64_t key) noexcept;

/// The key of something that is always used through the same mapping.
[[nodiscard]] inline std::uint64_t look_key(void const* object) noexcept {
    return reinterpret_cast<std::uintptr_t>(object);
}

} // namespace shmwin::inline v1::detail
