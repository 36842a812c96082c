// SPDX-License-Identifier: MIT
// What nearly all tests of files include.
#pragma once

#include "shmwin/io/checkpoint_store.hpp" // IWYU pragma: export

#include "support/precompiled_mpi.hpp" // IWYU pragma: export
