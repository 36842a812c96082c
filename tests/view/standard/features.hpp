// SPDX-License-Identifier: MIT
// What came after C++23, where `md` has it.
#pragma once

// NOLINTBEGIN(cppcoreguidelines-macro-usage): as the standard library says it
#ifndef STANDARD_IS_STD
#define STANDARD_HAS_DIMS
#define STANDARD_HAS_AT
#define STANDARD_HAS_STATIC_DEDUCTION
#else
#include <version>
#if defined(__cpp_lib_mdspan) && __cpp_lib_mdspan >= 202406L
#define STANDARD_HAS_DIMS
#endif
#endif
// NOLINTEND(cppcoreguidelines-macro-usage)
