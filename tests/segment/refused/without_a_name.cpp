// SPDX-License-Identifier: MIT
// Says: SHMWIN_NAME
#include "shmwin/segment/segment.hpp"

struct particle {
    double x;
};

void use(shmwin::segment const& seg) {
    seg.construct<shmwin::vector<particle>>(shmwin::transient, "v");
}
