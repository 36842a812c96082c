// SPDX-License-Identifier: MIT
// Names of checkpoints in a directory: "state-000000001200.h5", whole and visible, and
// ".state-000000001200.h5.tmp", being written or left by a dead job.
//
// Layer: io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

class checkpoint_names {
  public:
    /// @throws argument_error (invalid_argument)  the path has no stem
    explicit checkpoint_names(std::filesystem::path const& path);

    [[nodiscard]] std::filesystem::path const& directory() const noexcept { return directory_; }
    [[nodiscard]] std::filesystem::path of_step(std::int64_t step) const;
    [[nodiscard]] std::filesystem::path temporary(std::int64_t step) const;
    [[nodiscard]] std::filesystem::path lock() const;

    /// Local. The visible ones, by number, oldest first.
    /// @throws runtime_failure (io_failure)
    [[nodiscard]] std::vector<std::filesystem::path> list() const;

    /// Local. Removes temporaries. Only for the holder of the lock.
    void sweep() const;

    /// Local. Removes all but the `keep` newest; never `newest`.
    void retain(int keep, std::filesystem::path const& newest) const;

  private:
    std::filesystem::path directory_;
    std::string stem_;
};

/// Holds a store against other jobs, by flock(2) on a hidden file: it ends with the process.
class store_lock {
  public:
    store_lock() = default;
    /// @throws runtime_failure (busy, io_failure)
    explicit store_lock(std::filesystem::path path);
    store_lock(store_lock&& other) noexcept;
    store_lock& operator=(store_lock&& other) noexcept;
    store_lock(store_lock const&) = delete;
    store_lock& operator=(store_lock const&) = delete;
    ~store_lock();

  private:
    std::filesystem::path path_;
    int fd_ = -1;
};

} // namespace shmwin::inline v1::detail
