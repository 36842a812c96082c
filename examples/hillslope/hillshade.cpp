// SPDX-License-Identifier: MIT
#include "hillshade.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hillslope {

namespace {

constexpr double pixels_of_longer_side = 800;
constexpr std::size_t gap = 12; // pixels between the two

using colour = std::array<double, 3>; // 0 to 1

/// From valleys to summits, of equal steps of elevation.
constexpr std::array<colour, 5> tints{{{0.53, 0.68, 0.52},
                                       {0.74, 0.80, 0.58},
                                       {0.92, 0.87, 0.68},
                                       {0.80, 0.66, 0.50},
                                       {0.95, 0.93, 0.91}}};

struct bounds {
    double lo = std::numeric_limits<double>::infinity();
    double hi = -std::numeric_limits<double>::infinity();
};

bounds bounds_of(surface const& s) {
    bounds all;
    for (std::int64_t i = 0; i < s.z.extent(0); ++i) {
        for (std::int64_t j = 0; j < s.z.extent(1); ++j) {
            all.lo = std::min(all.lo, s.z(i, j));
            all.hi = std::max(all.hi, s.z(i, j));
        }
    }
    return all;
}

colour tint(double elevation, bounds const& all) {
    double const share = all.hi > all.lo ? (elevation - all.lo) / (all.hi - all.lo) : 0.5;
    double const position = std::clamp(share, 0.0, 1.0) * static_cast<double>(tints.size() - 1);
    auto const below = std::min(static_cast<std::size_t>(position), tints.size() - 2);
    double const rest = position - static_cast<double>(below);
    colour mixed{};
    for (std::size_t c = 0; c < 3; ++c)
        mixed[c] = (1 - rest) * tints[below][c] + rest * tints[below + 1][c];
    return mixed;
}

/// Light that the slope sends back, 0 to 1: the cosine between its normal and the light, which
/// comes from 45 degrees above the north-west. Slopes are steepened, for contrast.
/// @see B. K. P. Horn, Hill shading and the reflectance map, Proc. IEEE 69 (1981), 14-47
double light(double to_east, double to_south) {
    constexpr double steeper = 2.0;
    double const e = steeper * to_east;
    double const s = steeper * to_south;
    constexpr double up = 0.70710678118654752; // the light: (-1/2, -1/2, up), east, south, up
    return std::max(0.0, (0.5 * e + 0.5 * s + up) / std::sqrt(1 + e * e + s * s));
}

struct painter {
    image& into;
    spacing detail;
    bounds all;
    double metres_per_pixel = 1;

    void pixel(surface const& what, std::size_t row, std::size_t column, std::size_t left) const {
        double const y = (static_cast<double>(row) + 0.5) * metres_per_pixel;
        double const x = (static_cast<double>(column) + 0.5) * metres_per_pixel;
        double const to_east =
            (what.at(y, x + detail.x) - what.at(y, x - detail.x)) / (2 * detail.x);
        double const to_south =
            (what.at(y + detail.y, x) - what.at(y - detail.y, x)) / (2 * detail.y);
        double const bright = 0.25 + 0.95 * light(to_east, to_south);
        auto const paint = tint(what.at(y, x), all);
        auto* const bytes = into.rgb.data() + 3 * (row * into.width + left + column);
        for (std::size_t c = 0; c < 3; ++c)
            bytes[c] =
                static_cast<std::uint8_t>(std::lround(std::min(1.0, bright * paint[c]) * 255.0));
    }
};

} // namespace

double surface::at(double y, double x) const {
    double const i = std::clamp(y / metres.y, 0.0, static_cast<double>(z.extent(0) - 1));
    double const j = std::clamp(x / metres.x, 0.0, static_cast<double>(z.extent(1) - 1));
    auto const a = std::min(static_cast<std::int64_t>(i), z.extent(0) - 2);
    auto const b = std::min(static_cast<std::int64_t>(j), z.extent(1) - 2);
    double const v = i - static_cast<double>(a);
    double const u = j - static_cast<double>(b);
    return (1 - v) * ((1 - u) * z(a, b) + u * z(a, b + 1))
           + v * ((1 - u) * z(a + 1, b) + u * z(a + 1, b + 1));
}

image before_and_after(surface const& before, surface const& after) {
    double const metres_y = static_cast<double>(before.z.extent(0) - 1) * before.metres.y;
    double const metres_x = static_cast<double>(before.z.extent(1) - 1) * before.metres.x;
    double const metres_per_pixel = std::max(metres_y, metres_x) / pixels_of_longer_side;
    auto const pixels = [&](double metres) {
        return std::max(std::size_t{1}, static_cast<std::size_t>(metres / metres_per_pixel));
    };
    auto const width = pixels(metres_x);
    image made{2 * width + gap, pixels(metres_y), {}};
    made.rgb.assign(3 * made.width * made.height, 255);
    painter const brush{made, before.metres, bounds_of(before), metres_per_pixel};
    for (std::size_t row = 0; row < made.height; ++row) {
        for (std::size_t column = 0; column < width; ++column) {
            brush.pixel(before, row, column, 0);
            brush.pixel(after, row, column, width + gap);
        }
    }
    return made;
}

} // namespace hillslope
