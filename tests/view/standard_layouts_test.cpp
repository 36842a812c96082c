// SPDX-License-Identifier: MIT
// Our types against the standard's text: tests/view/README.md lists the sections.
#include "shmwin/view/mdspan.hpp"

namespace md = shmwin;
// In this order: the tests need a name for the namespace, and the table is of them.
// clang-format off
#include "view/standard/layouts.hpp"
#include "support/standard_tests.hpp"
// clang-format on
