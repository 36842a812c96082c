// SPDX-License-Identifier: MIT
// Says: elements of per-rank containers are copied as bytes
#include "shmwin/segment/segment.hpp"

void use(shmwin::segment const& seg) {
    seg.create_per_rank<shmwin::vector<shmwin::string>>("v");
}
