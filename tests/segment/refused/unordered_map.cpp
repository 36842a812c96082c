// SPDX-License-Identifier: MIT
// Says: link their nodes by addresses
#include "shmwin/segment/segment.hpp"

#include <functional>
#include <unordered_map>
#include <utility>

using entry = std::pair<int const, int>;
using map = std::unordered_map<int, int, std::hash<int>, std::equal_to<>, shmwin::allocator<entry>>;

void use(shmwin::segment const& seg) {
    seg.find_or_construct<map>(shmwin::transient, "m");
}
