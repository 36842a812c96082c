// SPDX-License-Identifier: MIT
// How much memory there is to share, and where the limit lies.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace shmwin::inline v1::detail {

struct space {
    std::size_t available; ///< bytes; SIZE_MAX if unknown
    std::string where;     ///< what limits it: "/dev/shm", "memory", "memory cgroup"
};

/// Local. Directory of the files behind MPI's windows: Open MPI's osc_sm_backing_directory.
[[nodiscard]] std::string backing_directory();

/// Local. Free memory of the machine and of the cgroup.
[[nodiscard]] space memory_space();

/// Local. Free space of a directory's file system, if that is less than the free memory.
[[nodiscard]] space file_space(std::string const& directory);

/// Bytes that stay free: Open MPI's own message buffers are sparse files on the same file system,
/// and a rank that finds it full dies of SIGBUS. SHMWIN_RESERVE overrides it.
[[nodiscard]] std::size_t reserve_for(int n_ranks);

/// What a segment may still take, asked again and again. Safe from any thread.
class space_meter {
  public:
    /// @param directory  of the backing file; empty: memory that no file system limits
    space_meter(std::string directory, std::size_t reserve)
        : directory_(std::move(directory)), reserve_(reserve) {}

    /// Local. As page_source::room. Asks the system only every MiB: that costs microseconds.
    [[nodiscard]] static std::size_t room(void* meter, std::size_t wanted);

  private:
    [[nodiscard]] std::size_t ask() const;

    std::string directory_;
    std::size_t reserve_;
    std::atomic<std::size_t> credit_{0};
};

} // namespace shmwin::inline v1::detail
