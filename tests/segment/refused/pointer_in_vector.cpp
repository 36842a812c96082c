// SPDX-License-Identifier: MIT
// Says: pointers and references cannot stand
#include "shmwin/segment/segment.hpp"

void use(shmwin::segment const& seg) {
    seg.construct<shmwin::vector<char const*>>(shmwin::transient, "v");
}
