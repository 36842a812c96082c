// SPDX-License-Identifier: MIT
// Says: smart pointers, views and functions
#include "shmwin/segment/segment.hpp"

#include <span>

void use(shmwin::segment const& seg) {
    seg.destroy<std::span<int>>("s");
}
