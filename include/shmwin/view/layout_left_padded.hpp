// SPDX-License-Identifier: MIT
// layout_left_padded: the first index varies fastest, and columns begin at multiples of a padding.
// What BLAS calls a leading dimension. Of a (3, 2) array, padded to 4:
//
//   place      0      1      2      3      4      5      6
//   element  (0,0)  (1,0)  (2,0)    -    (0,1)  (1,1)  (2,1)       strides (1, 4)
//
// ISO C++26 [mdspan.layout.leftpad]. The policy stands in layout.hpp.
#pragma once

#include "shmwin/view/layout.hpp"
#include "shmwin/view/padded_mapping.hpp"
