// SPDX-License-Identifier: MIT
// The same once more as C++23, where operator[] takes several indices (see tests.cmake).
#include "standard_mdspan_test.cpp"
