// SPDX-License-Identifier: MIT
// The numerics: forward in time, centred in space, five points.
#pragma once

#include "shmwin/shmwin.hpp"

#include "options.hpp"

namespace hillslope {

/// Longest step, in years, that is safely below the limit of stability,
/// dt <= 1 / (2 D (1/dx^2 + 1/dy^2)). Then no elevation leaves the range of its neighbours.
/// @see R. D. Richtmyer and K. W. Morton, Difference Methods for Initial-Value Problems, 2nd ed.,
///      1967, chapter 8
double longest_step(double diffusivity, spacing metres);

/// What a step needs: D dt / dy^2 and D dt / dx^2.
struct weights {
    double y;
    double x;
};
weights weights_of(double diffusivity, double years, spacing metres);

/// Local. One step of the inner points of `rows`. Reads one row of each neighbour, in place.
/// The first and last row and column never change.
void diffuse(shmwin::mdspan<double const, shmwin::array_extents<2>> const& now,
             shmwin::mdspan<double, shmwin::array_extents<2>> const& next,
             shmwin::range rows,
             weights w);

} // namespace hillslope
