// SPDX-License-Identifier: MIT
// What nearly all tests without MPI include.
#pragma once

#include <gtest/gtest.h> // IWYU pragma: export

#include <gmock/gmock.h> // IWYU pragma: export
