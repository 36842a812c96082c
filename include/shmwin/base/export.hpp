// SPDX-License-Identifier: MIT
// Version and visibility. Symbols are hidden unless they are marked SHMWIN_API.
#pragma once

// NOLINTBEGIN(cppcoreguidelines-macro-usage): attributes and preprocessor values need macros
#define SHMWIN_VERSION_MAJOR 0
#define SHMWIN_VERSION_MINOR 1
#define SHMWIN_VERSION_PATCH 0
#define SHMWIN_VERSION "0.1.0"

#define SHMWIN_API __attribute__((visibility("default")))
// NOLINTEND(cppcoreguidelines-macro-usage)
