// SPDX-License-Identifier: MIT
// The handles of locks: also condition variables look into them.
//
// Layer: c.
#pragma once

#include "shmwin/segment/any_synchronized.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/shared_mutex.hpp"

// The names are those of the C interface.
// NOLINTBEGIN(readability-identifier-naming)
struct shmwin_mutex {
    shmwin::mutex is;
};
struct shmwin_recursive_mutex {
    shmwin::recursive_mutex is;
};
struct shmwin_shared_mutex {
    shmwin::shared_mutex is;
};
struct shmwin_synchronized {
    shmwin::any_synchronized is;
};
// NOLINTEND(readability-identifier-naming)
