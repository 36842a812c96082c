// SPDX-License-Identifier: MIT
// Says: containers of other allocators
#include "shmwin/segment/segment.hpp"

#include <string>

void use(shmwin::segment const& seg) {
    seg.find<shmwin::vector<std::string>>("v");
}
