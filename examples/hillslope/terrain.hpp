// SPDX-License-Identifier: MIT
// The elevation model: its size and spacing, and the finer grid that is made from it.
#pragma once

#include "shmwin/shmwin.hpp"

#include "options.hpp"

#include <mpi.h>

#include <cstdint>

namespace hillslope {

using view = shmwin::mdspan<double, shmwin::array_extents<2>>;
using const_view = shmwin::mdspan<double const, shmwin::array_extents<2>>;
using input_array = shmwin::array<double, 2>;
using elevation_levels = shmwin::levels<double, 2>;

/// A regular grid.
struct grid {
    std::int64_t n_y = 0; ///< rows
    std::int64_t n_x = 0; ///< columns
    spacing metres;
};

/// Metres in one degree, along the meridian (y) and along the parallel (x) of that latitude in
/// degrees, on the ellipsoid of WGS 84.
/// @see J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395, 1987,
///      p. 24 f.; the ellipsoid: NIMA TR8350.2, table 3.1
spacing metres_per_degree(double latitude);

/// All, collective. Size and spacing of the data set; one rank reads them.
/// @throws shmwin::runtime_failure (io_failure)  on all ranks
grid read_grid(MPI_Comm comm, options const& wanted);

/// The grid with factor - 1 points more between any two neighbours.
grid refined(grid const& coarse, std::int64_t factor);

/// Local. Fingerprint of all values (64-bit FNV-1a, a word at a time), so that a checkpoint of
/// another terrain is noticed.
/// @throws shmwin::argument_error (out_of_range)  a value is not finite, e.g. marks missing data
std::uint64_t fingerprint(const_view const& z);

/// Node, collective. Fills all levels with bilinear interpolation; each rank its rows.
void interpolate(input_array const& coarse, std::int64_t factor, elevation_levels& z);

} // namespace hillslope
