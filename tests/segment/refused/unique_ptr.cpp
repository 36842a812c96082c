// SPDX-License-Identifier: MIT
// Says: smart pointers, views and functions
#include "shmwin/segment/segment.hpp"

#include <memory>

void use(shmwin::segment const& seg) {
    seg.construct<std::unique_ptr<int>>(shmwin::transient, "p");
}
