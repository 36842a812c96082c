// SPDX-License-Identifier: MIT
#include "files.hpp"

#include "h5.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#ifdef HILLSLOPE_HAS_PNG
#include <png.h>
#endif

namespace hillslope {

namespace fs = std::filesystem;

namespace {

/// The name of a file that is not whole.
fs::path part_of(fs::path file) {
    return file += ".part";
}

/// Calls write(temporary name), then gives the file its name: a reader never sees half of it.
template <typename Write>
void write_whole(fs::path const& file, Write&& write) {
    auto const part = part_of(file);
    try {
        write(part);
        fs::rename(part, file);
    } catch (...) {
        std::error_code none;
        fs::remove(part, none);
        throw;
    }
}

void write_attribute(hid_t dataset, char const* name, hid_t type, hid_t space, void const* value) {
    auto const what = "attribute " + std::string(name) + " cannot be written (disk full?)";
    h5 const made(H5Acreate2(dataset, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, what);
    h5_check(H5Awrite(made, type, value), what);
}

void write_attributes(hid_t dataset, result const& of) {
    h5 const scalar(H5Screate(H5S_SCALAR), H5Sclose, "no memory");
    hsize_t const two = 2;
    h5 const pair(H5Screate_simple(1, &two, nullptr), H5Sclose, "no memory");
    h5 const text(H5Tcopy(H5T_C_S1), H5Tclose, "no memory");
    std::array<double, 2> const metres{of.metres.y, of.metres.x};
    write_attribute(dataset, "spacing", H5T_NATIVE_DOUBLE, pair, metres.data());
    write_attribute(dataset, "years", H5T_NATIVE_DOUBLE, scalar, &of.years);
    write_attribute(dataset, "steps", H5T_NATIVE_INT64, scalar, &of.steps);
    write_attribute(dataset, "diffusivity", H5T_NATIVE_DOUBLE, scalar, &of.diffusivity);
    write_attribute(dataset, "units", text, scalar, "m");
}

void write_h5(result const& what, fs::path const& file) {
    auto const trouble = file.string() + " cannot be written (no permission, or disk full?)";
    h5 const out(
        H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose, trouble);
    std::array<hsize_t, 2> const extents{static_cast<hsize_t>(what.elevation.extent(0)),
                                         static_cast<hsize_t>(what.elevation.extent(1))};
    h5 const space(H5Screate_simple(2, extents.data(), nullptr), H5Sclose, trouble);
    h5 const data(
        H5Dcreate2(out, "elevation", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Dclose,
        trouble);
    auto const* const values = what.elevation.data_handle();
    h5_check(H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), trouble);
    write_attributes(data, what);
    h5_check(H5Fflush(out, H5F_SCOPE_GLOBAL), trouble);
}

void check_output(fs::path const& file, fs::path const& input) {
    if (file.empty()) return;
    std::error_code none;
    if (fs::equivalent(file, input, none))
        shmwin::raise(shmwin::errc::invalid_argument,
                      file.string() + " is the input (it would be replaced; choose another name)");
    if (fs::is_directory(file, none))
        shmwin::raise(shmwin::errc::io_failure,
                      file.string() + " cannot be written (it is a folder)");
    // Tried, not asked for: that also finds file systems where nothing can be made.
    auto const part = part_of(file);
    std::ofstream attempt(part, std::ios::app);
    if (!attempt)
        shmwin::raise(shmwin::errc::io_failure,
                      file.string() + " cannot be written (" + part.string() + ": "
                          + std::strerror(errno) + ")");
    attempt.close();
    fs::remove(part, none);
}

} // namespace

void write_result(result const& what, fs::path const& file) {
    write_whole(file, [&](fs::path const& part) { write_h5(what, part); });
}

#ifdef HILLSLOPE_HAS_PNG

namespace {
constexpr bool has_png = true;

void write_here(image const& what, fs::path const& file) {
    png_image head{};
    head.version = PNG_IMAGE_VERSION;
    head.width = static_cast<png_uint_32>(what.width);
    head.height = static_cast<png_uint_32>(what.height);
    head.format = PNG_FORMAT_RGB;
    if (png_image_write_to_file(&head, file.c_str(), 0, what.rgb.data(), 0, nullptr) == 0)
        shmwin::raise(shmwin::errc::io_failure,
                      file.string() + " cannot be written (" + head.message + ")");
}
} // namespace

#else

namespace {
constexpr bool has_png = false;

void write_here(image const& /*what*/, fs::path const& /*file*/) {}
} // namespace

#endif

void write_png(image const& what, fs::path const& file) {
    if (!has_png)
        shmwin::raise(shmwin::errc::unsupported,
                      "--picture is not possible (built without libpng; Debian: libpng-dev)");
    write_whole(file, [&](fs::path const& part) { write_here(what, part); });
}

void check_outputs(options const& wanted) {
    check_output(wanted.output, wanted.input);
    check_output(wanted.picture, wanted.input);
    if (!wanted.picture.empty() && !has_png) write_png({}, wanted.picture); // says why not
}

} // namespace hillslope
