// SPDX-License-Identifier: MIT
// What a run depends on, as named values in the segment: checkpoints save them with the grid, and
// a run that differs is told so instead of going on from another problem's state.
#pragma once

#include "shmwin/shmwin.hpp"

#include <cstdint>
#include <string>

namespace hillslope {

struct parameters {
    double diffusivity = 0;  ///< m2/yr
    double step_years = 0;   ///< of a time step
    double metres_y = 0;     ///< between rows of the refined grid
    double metres_x = 0;     ///< between its columns
    std::int64_t refine = 1; ///< how many times finer it is than the input
    std::uint64_t input = 0; ///< fingerprint of the input's elevation
};

/// The parameters in the segment.
class saved_parameters {
  public:
    /// Node, collective. Creates the values, in group "parameters".
    saved_parameters(shmwin::segment const& seg, parameters const& mine);

    /// Local, after a restore; the same on all ranks.
    /// @throws shmwin::argument_error (invalid_argument)  naming everything that differs between
    ///         the restored values and `mine`
    void require(parameters const& mine, std::string const& checkpoint) const;

  private:
    shmwin::value<double> diffusivity_;
    shmwin::value<double> step_years_;
    shmwin::value<double> metres_y_;
    shmwin::value<double> metres_x_;
    shmwin::value<std::int64_t> refine_;
    shmwin::value<std::uint64_t> input_;
};

} // namespace hillslope
