// SPDX-License-Identifier: MIT
// Options of queues and of per-rank vectors.
//
// Layer: c.
#pragma once

#include "shmwin/c/queue.h"
#include "shmwin/segment/options.hpp"

#include "c/options.hpp"

namespace shmwin::inline v1::detail {

[[nodiscard]] inline array_options container_options(shmwin_container_options const* given) {
    array_options made;
    made.saved = options_of(given, "SHMWIN_CONTAINER_OPTIONS_INIT").is_unsaved == 0;
    return made;
}

} // namespace shmwin::inline v1::detail
