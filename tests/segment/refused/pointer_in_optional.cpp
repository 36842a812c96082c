// SPDX-License-Identifier: MIT
// Says: pointers and references cannot stand
#include "shmwin/segment/segment.hpp"

#include <optional>

using maybe = std::optional<int*>;
SHMWIN_NAME(maybe, "app.maybe/1");

void use(shmwin::segment const& seg) {
    seg.construct<maybe>(shmwin::transient, "m");
}
