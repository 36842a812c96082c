// SPDX-License-Identifier: MIT
// Says: std::vector<bool> holds addresses
#include "shmwin/segment/segment.hpp"

void use(shmwin::segment const& seg) {
    seg.construct<shmwin::vector<bool>>(shmwin::transient, "v");
}
