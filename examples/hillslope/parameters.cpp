// SPDX-License-Identifier: MIT
#include "parameters.hpp"

#include <limits>
#include <sstream>

namespace hillslope {

namespace {

/// "diffusivity is 0.01 there, 0.02 here; " if they differ, else nothing.
template <typename T>
std::string difference(char const* name, shmwin::value<T> const& there, T here) {
    if (there.load() == here) return {};
    std::ostringstream text;
    text.precision(std::numeric_limits<double>::max_digits10);
    text << name << " is " << there.load() << " there, " << here << " here; ";
    return text.str();
}

} // namespace

saved_parameters::saved_parameters(shmwin::segment const& seg, parameters const& mine)
    : diffusivity_(seg.create_value("parameters/diffusivity", mine.diffusivity)),
      step_years_(seg.create_value("parameters/step_years", mine.step_years)),
      metres_y_(seg.create_value("parameters/metres_y", mine.metres_y)),
      metres_x_(seg.create_value("parameters/metres_x", mine.metres_x)),
      refine_(seg.create_value("parameters/refine", mine.refine)),
      input_(seg.create_value("parameters/input", mine.input)) {}

void saved_parameters::require(parameters const& mine, std::string const& checkpoint) const {
    auto const differ = difference("refine", refine_, mine.refine)
                        + difference("diffusivity (m2/yr)", diffusivity_, mine.diffusivity)
                        + difference("the spacing of rows (m)", metres_y_, mine.metres_y)
                        + difference("the spacing of columns (m)", metres_x_, mine.metres_x)
                        + difference("the time step (years)", step_years_, mine.step_years)
                        + difference("the input's fingerprint", input_, mine.input);
    if (differ.empty()) return;
    shmwin::raise({shmwin::errc::invalid_argument,
                   true, // all ranks compare the same values
                   0,
                   checkpoint + " is of another run (" + differ
                       + "give its options again, or another directory with --checkpoint)"});
}

} // namespace hillslope
