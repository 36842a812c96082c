// SPDX-License-Identifier: MIT
// Says: link their nodes by addresses
#include "shmwin/segment/segment.hpp"

#include <list>

void use(shmwin::segment const& seg) {
    seg.construct<std::list<int, shmwin::allocator<int>>>(shmwin::transient, "l");
}
