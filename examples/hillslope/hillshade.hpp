// SPDX-License-Identifier: MIT
// Relief as seen from above, lit from the north-west.
#pragma once

#include "shmwin/shmwin.hpp"

#include "options.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hillslope {

struct image {
    std::size_t width = 0;
    std::size_t height = 0;
    std::vector<std::uint8_t> rgb; ///< 3 bytes a pixel, rows from the top
};

/// Elevation on a grid; row 0 is in the north.
struct surface {
    shmwin::mdspan<double const, shmwin::array_extents<2>> z;
    spacing metres;

    /// Bilinear interpolation at metres from the north-western corner, clamped to the edges.
    [[nodiscard]] double at(double y, double x) const;
};

/// Local. The two side by side, at the same scale in all directions, with the same colours for
/// the same elevation. `before` is the coarser one; its spacing is the detail that is shown.
image before_and_after(surface const& before, surface const& after);

} // namespace hillslope
