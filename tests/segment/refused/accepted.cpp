// SPDX-License-Identifier: MIT
// Compiles: what the others are refused for is not the includes or the flags.
#include "shmwin/segment/segment.hpp"

struct particle {
    double x;
};
SHMWIN_NAME(particle, "app.particle/1");

void use(shmwin::segment const& seg) {
    seg.construct<shmwin::vector<particle>>(shmwin::transient, "v");
    seg.find<shmwin::deque<shmwin::wstring>>("d")->clear();
    seg.construct<double>("x", 1.0);
}
