// SPDX-License-Identifier: MIT
// Says: containers of other allocators
#include "shmwin/segment/segment.hpp"

#include <vector>

void use(shmwin::segment const& seg) {
    seg.construct<std::vector<double>>("v", 10);
}
