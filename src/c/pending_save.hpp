// SPDX-License-Identifier: MIT
// The handle of an asynchronous save: the store makes it.
//
// Layer: c.
#pragma once

#include "shmwin/c/checkpoint.h"
#include "shmwin/io/pending_save.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_pending_save {
    shmwin::pending_save is;
};
