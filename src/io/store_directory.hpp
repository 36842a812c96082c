// SPDX-License-Identifier: MIT
// Names of checkpoints in a directory: "state-000000001200.h5", whole and visible;
// ".state-000000001200.h5.tmp", being written or left by a dead job; ".state-000000001200.pin",
// empty, beside one that retention leaves. A pin is a file, not an attribute of one: every file
// system has those, and it stays when the step is saved anew.
//
// Layer: io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

class seen_files;
struct retention_rules;

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

    /// Local. The file as list() has it, if it is one of this store; nothing if it is not there.
    [[nodiscard]] std::optional<std::filesystem::path> own(std::filesystem::path const& file) const;
    /// Local. The number in the name of one of list(); -1 if it is none.
    [[nodiscard]] std::int64_t step_of(std::filesystem::path const& file) const;

    /// Local. Is one of list() pinned?
    [[nodiscard]] bool is_pinned(std::filesystem::path const& file) const;
    /// Local. Pins one of list(), or ends that.
    /// @throws runtime_failure (io_failure)
    void set_pinned(std::filesystem::path const& file, bool pinned) const;

    /// Local. Removes temporaries, and pins of files that are gone. Only for the holder of the
    /// lock.
    void sweep() const;

    /// Local. Removes what the rules let go; see retention.hpp. No HDF5: what nobody has looked at
    /// stays.
    void retain(retention_rules const& rules) const;

    /// Local. What this process knows of the files; copies share it. Any thread may use it.
    [[nodiscard]] seen_files& seen() const noexcept { return *seen_; }

  private:
    [[nodiscard]] std::filesystem::path pin_of(std::int64_t step) const;

    std::filesystem::path directory_;
    std::string stem_;
    std::shared_ptr<seen_files> seen_;
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
