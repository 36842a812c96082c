// SPDX-License-Identifier: MIT
// HDF5 handles that close themselves, and calls that throw. The one place that includes hdf5.h.
//
// Layer: io.
#pragma once

#include <hdf5.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace shmwin::inline v1::detail {

/// What every HDF5 file begins with.
inline constexpr std::array<unsigned char, 8> hdf5_signature{
    0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

/// Owns an HDF5 identifier of any kind.
class h5_handle {
  public:
    using closer = herr_t (*)(hid_t);

    h5_handle() = default;
    h5_handle(hid_t id, closer close) noexcept : id_(id), close_(close) {}
    h5_handle(h5_handle&& other) noexcept
        : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
    h5_handle& operator=(h5_handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    h5_handle(h5_handle const&) = delete;
    h5_handle& operator=(h5_handle const&) = delete;
    ~h5_handle() { reset(); }

    [[nodiscard]] hid_t get() const noexcept { return id_; }
    explicit operator bool() const noexcept { return id_ >= 0; }

    /// Closes it now, for the status that a destructor cannot report. Negative if it failed.
    herr_t reset() noexcept {
        if (id_ < 0) return 0;
        return close_(std::exchange(id_, H5I_INVALID_HID));
    }

  private:
    hid_t id_ = H5I_INVALID_HID;
    closer close_ = nullptr;
};

/// Keeps HDF5 from printing its error stack while it lives; the host's setting comes back.
class h5_quiet {
  public:
    h5_quiet();
    h5_quiet(h5_quiet const&) = delete;
    h5_quiet(h5_quiet&&) = delete;
    h5_quiet& operator=(h5_quiet const&) = delete;
    h5_quiet& operator=(h5_quiet&&) = delete;
    ~h5_quiet();

  private:
    H5E_auto2_t function_ = nullptr;
    void* data_ = nullptr;
};

/// HDF5's innermost reason for its last failure; "unknown reason" if it gives none.
[[nodiscard]] std::string h5_reason();

/// Raises io_failure, or no_space, "<what> failed (<path>: HDF5's reason)".
[[noreturn]] void h5_fail(std::string const& what, std::filesystem::path const& path);

/// `id`, checked and owned.
[[nodiscard]] h5_handle h5_own(hid_t id,
                               h5_handle::closer close,
                               std::string const& what,
                               std::filesystem::path const& path);

/// File access: the serial driver, no file locks, the format of HDF5 1.10.
[[nodiscard]] h5_handle h5_file_access();

/// Opens for reading.
/// @throws runtime_failure (io_failure)        no such file, or it cannot be read
/// @throws runtime_failure (not_a_checkpoint)  it is no HDF5 file
/// @throws runtime_failure (damaged)           it is one, and not whole
[[nodiscard]] h5_handle h5_open_for_reading(std::filesystem::path const& path);

// Attributes of one value. `on` is a file, group or data set.
void h5_write_attribute(hid_t on, char const* name, std::string const& value);
void h5_write_attribute(hid_t on, char const* name, std::int64_t value);
void h5_write_attribute(hid_t on, char const* name, double value);
[[nodiscard]] std::string h5_read_text(hid_t on, char const* name);
[[nodiscard]] std::int64_t h5_read_integer(hid_t on, char const* name);
[[nodiscard]] double h5_read_real(hid_t on, char const* name);

} // namespace shmwin::inline v1::detail
