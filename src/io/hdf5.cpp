// SPDX-License-Identifier: MIT
#include "io/hdf5.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/fail_point.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// Called for each entry of the error stack, innermost first: keeps the first.
herr_t keep_innermost(unsigned /*n*/, H5E_error2_t const* entry, void* kept) {
    auto& text = *static_cast<std::string*>(kept);
    if (text.empty() && entry->desc != nullptr) text = entry->desc;
    return 0;
}

std::string innermost() {
    std::string reason;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
    return reason.empty() ? "unknown reason" : reason;
}

// Of "file write failed: time = ..., errno = 28, error message = '...', ..."; 0 if it is no such.
int system_error_in(std::string const& reason) {
    constexpr std::string_view mark = "errno = ";
    auto const at = reason.find(mark);
    int error = 0;
    if (at != std::string::npos) {
        std::from_chars(&reason[at + mark.size()], reason.data() + reason.size(), error);
    }
    return error;
}

bool has_signature(std::filesystem::path const& path) {
    std::array<char, hdf5_signature.size()> begin{};
    std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
    return std::memcmp(begin.data(), hdf5_signature.data(), begin.size()) == 0;
}

std::string file_of(hid_t on) {
    std::array<char, 1024> path{};
    H5Fget_name(on, path.data(), path.size());
    return path.data();
}

[[noreturn]] void attribute_is_damaged(hid_t on, char const* name) {
    auto const why = h5_reason(); // before further calls replace it
    std::array<char, 1024> object{};
    H5Iget_name(on, object.data(), object.size());
    raise(errc::damaged,
          text("attribute cannot be read (",
               name,
               " of ",
               object.data(),
               " in ",
               file_of(on),
               ": ",
               why,
               ")"));
}

h5_handle text_type(std::size_t n_bytes) {
    h5_handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), n_bytes);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    H5Tset_strpad(type.get(), H5T_STR_NULLTERM);
    return type;
}

void write_scalar(
    hid_t on, char const* name, hid_t file_type, hid_t memory_type, void const* value) {
    h5_handle const space(H5Screate(H5S_SCALAR), H5Sclose);
    h5_handle const attribute(
        H5Acreate2(on, name, file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    if (!attribute || H5Awrite(attribute.get(), memory_type, value) < 0) {
        h5_fail(text("writing attribute ", name), file_of(on));
    }
}

void read_scalar(hid_t on, char const* name, hid_t memory_type, void* value) {
    h5_handle const attribute(H5Aopen(on, name, H5P_DEFAULT), H5Aclose);
    h5_handle const space(H5Aget_space(attribute.get()), H5Sclose);
    bool const is_one = attribute && H5Sget_simple_extent_npoints(space.get()) == 1;
    if (!is_one || H5Aread(attribute.get(), memory_type, value) < 0) {
        attribute_is_damaged(on, name);
    }
}

// Room for the text of an attribute, whatever another tool has made of it.
std::size_t text_bytes(hid_t on, char const* name) {
    constexpr std::size_t least = 4096;
    constexpr std::size_t most = 65536;
    h5_handle const attribute(H5Aopen(on, name, H5P_DEFAULT), H5Aclose);
    if (!attribute) attribute_is_damaged(on, name);
    h5_handle const type(H5Aget_type(attribute.get()), H5Tclose);
    return std::clamp(H5Tget_size(type.get()) + 1, least, most);
}

} // namespace

h5_quiet::h5_quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

h5_quiet::~h5_quiet() {
    H5Eset_auto2(H5E_DEFAULT, function_, data_);
}

std::string h5_reason() {
    auto reason = innermost();
    auto const error = system_error_in(reason);
    if (error == 0) return reason;
    return text(reason.substr(0, reason.find(':')), ": ", errno_text(error));
}

void h5_fail(std::string const& what, std::filesystem::path const& path) {
    auto const error = system_error_in(innermost());
    raise(is_about_space(error) ? errc::no_space : errc::io_failure,
          text(what, " failed (", path.native(), ": ", h5_reason(), more_about(path, error), ')'));
}

h5_handle h5_own(hid_t id,
                 h5_handle::closer close,
                 std::string const& what,
                 std::filesystem::path const& path) {
    if (id < 0) h5_fail(what, path);
    return {id, close};
}

h5_handle h5_file_access() {
    h5_handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_sec2(access.get());
    H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110);
#if H5_VERSION_GE(1, 10, 7)
    // A file is written under a hidden name by one job, and never changed afterwards.
    H5Pset_file_locking(access.get(), false, true);
#endif
    return access;
}

h5_handle h5_open_for_reading(std::filesystem::path const& path) {
    if (is_to_fail() || ::access(path.c_str(), R_OK) != 0) {
        raise(errc::io_failure,
              text("file cannot be read (", path.native(), ": ", errno_text(errno), ")"));
    }
    h5_handle const access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_sec2(access.get());
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access.get(), false, true);
#endif
    h5_handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
    if (!file) {
        auto const error = system_error_in(innermost());
        auto const why = h5_reason();
        if (error == EIO) { // of the disk; nothing is known of the file
            raise(errc::io_failure, text("file cannot be read (", path.native(), ": ", why, ")"));
        }
        if (has_signature(path)) {
            raise(errc::damaged, text("HDF5 file is not whole (", path.native(), ": ", why, ")"));
        }
        raise(errc::not_a_checkpoint, text("file is not HDF5 (", path.native(), ": ", why, ")"));
    }
    return file;
}

void h5_write_attribute(hid_t on, char const* name, std::string const& value) {
    auto const type = text_type(value.size() + 1);
    write_scalar(on, name, type.get(), type.get(), value.c_str());
}

void h5_write_attribute(hid_t on, char const* name, std::int64_t value) {
    write_scalar(on, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void h5_write_attribute(hid_t on, char const* name, double value) {
    write_scalar(on, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

std::string h5_read_text(hid_t on, char const* name) {
    auto const longest = text_bytes(on, name);
    std::string value(longest, '\0');
    auto const type = text_type(longest);
    read_scalar(on, name, type.get(), value.data());
    value.resize(value.find('\0') == std::string::npos ? longest : value.find('\0'));
    return value;
}

std::int64_t h5_read_integer(hid_t on, char const* name) {
    std::int64_t value = 0;
    read_scalar(on, name, H5T_NATIVE_INT64, &value);
    return value;
}

double h5_read_real(hid_t on, char const* name) {
    double value = 0;
    read_scalar(on, name, H5T_NATIVE_DOUBLE, &value);
    return value;
}

} // namespace shmwin::inline v1::detail
