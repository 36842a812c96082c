// SPDX-License-Identifier: MIT
// What the system tells of a process that lives or has just died.
//
// Layer: sync.
#pragma once

#include <cstdint>
#include <optional>

namespace shmwin::inline v1::detail {

struct process_stat {
    char state; ///< R, S, D, T, t, Z, X (proc(5))
    std::uint64_t start_time;
};

/// Local. Nothing if there is no such process, or /proc is hidden. Neither allocates nor locks:
/// also for signal handlers.
[[nodiscard]] std::optional<process_stat> read_stat(std::int32_t pid) noexcept;

} // namespace shmwin::inline v1::detail
