// SPDX-License-Identifier: MIT
#include "terrain.hpp"

#include "h5.hpp"
#include "on_first_rank.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <string>

namespace hillslope {

namespace {

bool has_attribute(hid_t dataset, char const* name) {
    return H5Aexists(dataset, name) > 0;
}

/// Attribute `name` as N doubles.
template <std::size_t N>
std::array<double, N> attribute(hid_t dataset, char const* name, std::string const& of) {
    auto const what = "attribute " + std::string(name) + " of " + of + " cannot be read (not "
                      + std::to_string(N) + " number(s)?; --spacing makes it unnecessary)";
    h5 const found(H5Aopen(dataset, name, H5P_DEFAULT), H5Aclose, what);
    h5 const space(H5Aget_space(found), H5Sclose, what);
    if (H5Sget_simple_extent_npoints(space) != static_cast<hssize_t>(N)) h5_check(-1, what);
    std::array<double, N> values{};
    h5_check(H5Aread(found, H5T_NATIVE_DOUBLE, values.data()), what);
    return values;
}

spacing spacing_of(hid_t dataset, std::string const& of) {
    if (has_attribute(dataset, "spacing")) {
        auto const [y, x] = attribute<2>(dataset, "spacing", of);
        return {y, x};
    }
    for (auto const* needed : {"dx_degrees", "dy_degrees", "ymin", "ymax"})
        if (!has_attribute(dataset, needed))
            shmwin::raise(shmwin::errc::not_found,
                          "the spacing of " + of + " is not known (no attribute spacing, nor "
                              + needed + "; give --spacing DY,DX in metres)");
    auto const latitude =
        0.5 * (attribute<1>(dataset, "ymin", of)[0] + attribute<1>(dataset, "ymax", of)[0]);
    auto const degree = metres_per_degree(latitude);
    return {std::abs(attribute<1>(dataset, "dy_degrees", of)[0]) * degree.y,
            std::abs(attribute<1>(dataset, "dx_degrees", of)[0]) * degree.x};
}

grid read_here(options const& wanted) {
    auto const of = wanted.dataset + " in " + wanted.input.string();
    h5 const file(H5Fopen(wanted.input.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                  H5Fclose,
                  wanted.input.string() + " cannot be read (missing, or no HDF5 file; --input)");
    h5 const data(H5Dopen2(file, wanted.dataset.c_str(), H5P_DEFAULT),
                  H5Dclose,
                  of + " cannot be opened (no such data set; --dataset)");
    h5 const space(H5Dget_space(data), H5Sclose, of + " has no readable shape");
    std::array<hsize_t, 2> extents{};
    if (H5Sget_simple_extent_ndims(space) != 2
        || H5Sget_simple_extent_dims(space, extents.data(), nullptr) != 2
        || std::min(extents[0], extents[1]) < 2)
        shmwin::raise(shmwin::errc::shape_mismatch,
                      of + " is no map (2 dimensions of 2 or more points each are needed)");
    auto const metres = wanted.given_spacing ? *wanted.given_spacing : spacing_of(data, of);
    if (!(metres.x > 0 && metres.y > 0 && std::isfinite(metres.x + metres.y)))
        shmwin::raise(shmwin::errc::out_of_range,
                      "the spacing of " + of + " is " + std::to_string(metres.y) + " and "
                          + std::to_string(metres.x) + " m (must be above 0; --spacing)");
    return {static_cast<std::int64_t>(extents[0]), static_cast<std::int64_t>(extents[1]), metres};
}

/// Where point `i` of the fine grid lies in the coarse one: between `before` and before + 1.
struct place {
    std::int64_t before;
    double share; ///< of the next point: 0 to 1
};

place place_of(std::int64_t i, std::int64_t n_coarse, std::int64_t factor) {
    auto const before = std::min(i / factor, n_coarse - 2);
    return {before, static_cast<double>(i - before * factor) / static_cast<double>(factor)};
}

void interpolate_rows(const_view const& from, std::int64_t k, view const& to, shmwin::range rows) {
    for (auto i : rows) {
        auto const [a, v] = place_of(i, from.extent(0), k);
        for (std::int64_t j = 0; j < to.extent(1); ++j) {
            auto const [b, u] = place_of(j, from.extent(1), k);
            to(i, j) = (1 - v) * ((1 - u) * from(a, b) + u * from(a, b + 1))
                       + v * ((1 - u) * from(a + 1, b) + u * from(a + 1, b + 1));
        }
    }
}

} // namespace

spacing metres_per_degree(double latitude) {
    constexpr double a = 6378137.0;           // m, half of the major axis
    constexpr double f = 1.0 / 298.257223563; // flattening
    constexpr double e2 = f * (2.0 - f);      // eccentricity, squared
    constexpr double radian = std::numbers::pi / 180.0;
    double const s = std::sin(latitude * radian);
    double const w2 = 1.0 - e2 * s * s;
    double const along_meridian = a * (1.0 - e2) / (w2 * std::sqrt(w2)); // radius of curvature
    double const along_parallel = a / std::sqrt(w2) * std::cos(latitude * radian);
    return {along_meridian * radian, along_parallel * radian};
}

grid read_grid(MPI_Comm comm, options const& wanted) {
    grid found;
    on_first_rank(comm, [&] { found = read_here(wanted); });
    std::array<std::int64_t, 2> extents{found.n_y, found.n_x};
    std::array<double, 2> metres{found.metres.y, found.metres.x};
    MPI_Bcast(extents.data(), 2, MPI_INT64_T, 0, comm);
    MPI_Bcast(metres.data(), 2, MPI_DOUBLE, 0, comm);
    return {extents[0], extents[1], {metres[0], metres[1]}};
}

grid refined(grid const& coarse, std::int64_t factor) {
    auto const k = static_cast<double>(factor);
    return {(coarse.n_y - 1) * factor + 1,
            (coarse.n_x - 1) * factor + 1,
            {coarse.metres.y / k, coarse.metres.x / k}};
}

std::uint64_t fingerprint(const_view const& z) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (std::int64_t i = 0; i < z.extent(0); ++i) {
        for (std::int64_t j = 0; j < z.extent(1); ++j) {
            if (!std::isfinite(z(i, j)))
                shmwin::raise({shmwin::errc::out_of_range,
                               true, // all ranks look at the same values
                               0,
                               "the elevation at row " + std::to_string(i) + ", column "
                                   + std::to_string(j)
                                   + " is not a number (missing data must be filled first)"});
            hash = (hash ^ std::bit_cast<std::uint64_t>(z(i, j))) * 0x100000001b3U;
        }
    }
    return hash;
}

void interpolate(input_array const& coarse, std::int64_t factor, elevation_levels& z) {
    z.init([&](view const& level, shmwin::range rows) {
        interpolate_rows(const_view(coarse.view()), factor, level, rows);
    });
}

} // namespace hillslope
