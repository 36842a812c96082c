// SPDX-License-Identifier: MIT
// What a run leaves behind. Each file appears under its name when it is whole.
#pragma once

#include "shmwin/shmwin.hpp"

#include "hillshade.hpp"

#include <cstdint>
#include <filesystem>

namespace hillslope {

struct result {
    shmwin::mdspan<double const, shmwin::array_extents<2>> elevation;
    spacing metres;
    double diffusivity = 0;
    std::int64_t steps = 0;
    double years = 0;
};

/// Local. HDF5: data set "elevation" (float64) with attributes spacing (DY, DX in metres), units,
/// years, steps, diffusivity. It can be the input of another run.
/// @throws shmwin::runtime_failure (io_failure)
void write_result(result const& what, std::filesystem::path const& file);

/// Local. @throws shmwin::runtime_failure (io_failure; unsupported: built without libpng)
void write_png(image const& what, std::filesystem::path const& file);

/// Local. Finds out before the run what would only fail after it: no folder, no permission, a
/// file that would replace the input, no libpng.
/// @throws shmwin::error
void check_outputs(options const& wanted);

} // namespace hillslope
