// SPDX-License-Identifier: MIT
// seen_files: what this process knows of the checkpoints in a directory, so that retention need not
// read them at each save: which are whole, which damaged, and which it restored and saved itself,
// in order. Of a file that changed since, it knows nothing.
//
// Layer: io. No MPI, no HDF5. Any thread may use it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <vector>

namespace shmwin::inline v1::detail {

class seen_files {
  public:
    enum class is : std::uint8_t { unknown, whole, damaged };

    /// Local. What was found out about a file.
    void note(std::filesystem::path const& file, is what);
    [[nodiscard]] is state_of(std::filesystem::path const& file) const;

    /// Local. Restored or saved by this process, and whole: the last of its line.
    void add_to_line(std::filesystem::path const& file);
    /// Local. Is the file among the last so many of the line?
    [[nodiscard]] bool is_in_line(std::filesystem::path const& file, int n_last) const;

  private:
    // Device, inode, size, time of the last change: another file under the same name differs.
    using identity = std::array<std::int64_t, 5>;
    struct entry {
        identity who;
        is what;
    };
    [[nodiscard]] static identity identity_of(std::filesystem::path const& file) noexcept;

    mutable std::mutex mutex_;
    std::map<std::filesystem::path, entry> all_; ///< by name alone
    std::vector<std::filesystem::path> line_;    ///< names; the last is the newest
};

} // namespace shmwin::inline v1::detail
