// SPDX-License-Identifier: MIT
// What nearly all tests with MPI include.
#pragma once

#include "support/open_segment.hpp"       // IWYU pragma: export
#include "support/precompiled_serial.hpp" // IWYU pragma: export
