// SPDX-License-Identifier: MIT
// Says: per-rank containers are shmwin::vector
#include "shmwin/segment/segment.hpp"

void use(shmwin::segment const& seg) {
    seg.create_per_rank<shmwin::deque<int>>("d");
}
