// SPDX-License-Identifier: MIT
// Says: smart pointers, views and functions
#include "shmwin/segment/segment.hpp"

#include <string_view>
#include <utility>

using named = std::pair<int, std::string_view>;
SHMWIN_NAME(named, "app.named/1");

void use(shmwin::segment const& seg) {
    seg.construct<named>(shmwin::transient, "n");
}
