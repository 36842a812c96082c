// SPDX-License-Identifier: MIT
// Says: keeps it out of them
#include "shmwin/segment/segment.hpp"

void use(shmwin::segment const& seg) {
    seg.construct<shmwin::string>("s");
}
