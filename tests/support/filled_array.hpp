// SPDX-License-Identifier: MIT
// An array to save, in an empty directory of its own: each state of it is a number, which all of
// its values tell.
#pragma once

#include "support/io_store.hpp"

#include <cstdint>
#include <filesystem>

namespace shmwin::test {

template <std::int64_t Elements>
struct filled_array : open_segment_and_directory {
    /// Node, collective, with a fence on both sides.
    void fill(double value) {
        seg.fence();
        for (auto const i : a.rows()) {
            a(i) = value + static_cast<double>(i);
        }
        seg.fence();
    }
    [[nodiscard]] static bool holds(array<double, 1> const& in, double value) {
        for (std::int64_t i = 0; i < in.extent(0); ++i) {
            if (in(i) != value + static_cast<double>(i)) return false;
        }
        return true;
    }
    [[nodiscard]] bool holds(double value) const { return holds(a, value); }

    array<double, 1> a = seg.create_array<double>("a", shape(Elements));
    std::filesystem::path const path = directory / "state";
};

} // namespace shmwin::test
