// SPDX-License-Identifier: MIT
#include "solver.hpp"

#include <cstdint>

namespace hillslope {

double longest_step(double diffusivity, spacing metres) {
    constexpr double safety = 0.9;
    double const curvature = 1.0 / (metres.x * metres.x) + 1.0 / (metres.y * metres.y);
    return safety * 0.5 / (diffusivity * curvature);
}

weights weights_of(double diffusivity, double years, spacing metres) {
    return {diffusivity * years / (metres.y * metres.y),
            diffusivity * years / (metres.x * metres.x)};
}

void diffuse(shmwin::mdspan<double const, shmwin::array_extents<2>> const& now,
             shmwin::mdspan<double, shmwin::array_extents<2>> const& next,
             shmwin::range rows,
             weights w) {
    auto const n_x = now.extent(1);
    for (auto i : rows.clip(1, now.extent(0) - 1)) {
        for (std::int64_t j = 1; j < n_x - 1; ++j) {
            double const z = now(i, j);
            next(i, j) = z
                         + (w.y * (now(i - 1, j) - 2.0 * z + now(i + 1, j))
                            + w.x * (now(i, j - 1) - 2.0 * z + now(i, j + 1)));
        }
    }
}

} // namespace hillslope
