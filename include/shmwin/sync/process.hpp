// SPDX-License-Identifier: MIT
// process_identity: which process, beyond doubt. A pid alone is reused; pid, start time and pid
// namespace together are not. A rank is a process: its threads come and go.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstdint>

namespace shmwin::inline v1 {

struct process_identity {
    std::int32_t pid = 0;
    std::uint64_t start_time = 0;    ///< clock ticks after boot (proc(5), field 22 of stat)
    std::uint64_t pid_namespace = 0; ///< inode of /proc/self/ns/pid

    friend bool operator==(process_identity const&, process_identity const&) = default;
};

enum class liveness : std::uint8_t {
    alive,
    dead,
    unknown, ///< in another pid namespace, or /proc is hidden
};

/// Local. The calling process.
[[nodiscard]] SHMWIN_API process_identity this_process();

/// Local. Dead means that the process is gone, is a zombie without living threads, or that its
/// pid now belongs to another process. Reads /proc: some 20 us.
[[nodiscard]] SHMWIN_API liveness liveness_of(process_identity const& process);

/// Local. True if that thread, of the process or of a child that it forked, has ended. False if
/// that cannot be known (another pid namespace), or its number is another thread's by now.
[[nodiscard]] SHMWIN_API bool is_thread_gone(process_identity const& process, std::uint32_t thread);

} // namespace shmwin::inline v1
