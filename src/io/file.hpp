// SPDX-License-Identifier: MIT
// file: a POSIX file. Every short transfer is finished, every error named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

namespace shmwin::inline v1::detail {

class file {
  public:
    enum class mode : std::uint8_t { read, write, create_new };

    file() = default;
    /// @throws runtime_failure (io_failure)
    file(std::filesystem::path path, mode how);
    file(file&& other) noexcept
        : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
    file& operator=(file&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(fd_, other.fd_);
        return *this;
    }
    file(file const&) = delete;
    file& operator=(file const&) = delete;
    ~file();

    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void write_at(std::uint64_t offset, std::span<std::byte const> bytes) const;
    /// @throws runtime_failure (damaged)  the file ends before; (io_failure)
    void read_at(std::uint64_t offset, std::span<std::byte> bytes) const;

    /// Starts writing dirty pages back, without waiting.
    void start_write_back(std::uint64_t offset, std::size_t n_bytes) const noexcept;
    /// Reserves space, so that a full disk is found before the first byte.
    void reserve(std::uint64_t n_bytes) const;
    void sync() const;
    [[nodiscard]] std::uint64_t n_bytes() const;
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    [[noreturn]] void fail(char const* what) const;

    std::filesystem::path path_;
    int fd_ = -1;
};

/// What else is known of an error of that file: "; its directory is gone", or what helps; or "".
[[nodiscard]] char const* more_about(std::filesystem::path const& path, int error);

/// True for the errno of a full disk, an exhausted quota, a file that may not grow.
[[nodiscard]] bool is_about_space(int error) noexcept;

/// Makes a directory's entries durable.
void sync_directory(std::filesystem::path const& directory);

/// @throws runtime_failure (io_failure)
void rename_file(std::filesystem::path const& from, std::filesystem::path const& to);

/// No error if there is no such file.
std::error_code remove_file(std::filesystem::path const& path);

/// Checks what the disk has, and what this process may write into a file.
/// @throws out_of_memory (no_space)  with required and available bytes
void check_disk_space(std::filesystem::path const& directory, std::uint64_t n_bytes);

} // namespace shmwin::inline v1::detail
