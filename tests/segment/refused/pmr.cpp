// SPDX-License-Identifier: MIT
// Says: containers of other allocators
#include "shmwin/segment/segment.hpp"

#include <memory_resource>
#include <vector>

void use(shmwin::segment const& seg) {
    seg.construct<std::pmr::vector<int>>(shmwin::transient, "v");
}
