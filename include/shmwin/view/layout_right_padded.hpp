// SPDX-License-Identifier: MIT
// layout_right_padded: the last index varies fastest, and rows begin at multiples of a padding.
// Rows that begin on a cache line; some columns of a wider array. Of a (2, 3) array, padded to 4:
//
//   place      0      1      2      3      4      5      6
//   element  (0,0)  (0,1)  (0,2)    -    (1,0)  (1,1)  (1,2)       strides (4, 1)
//
// ISO C++26 [mdspan.layout.rightpad]. The policy stands in layout.hpp.
#pragma once

#include "shmwin/view/layout.hpp"
#include "shmwin/view/padded_mapping.hpp"
