// SPDX-License-Identifier: MIT
// Says: link their nodes by addresses
#include "shmwin/segment/segment.hpp"

#include <functional>
#include <map>
#include <utility>

using entry = std::pair<int const, int>;
using map = std::map<int, int, std::less<>, shmwin::allocator<entry>>;

void use(shmwin::segment const& seg) {
    seg.construct<map>(shmwin::transient, "m");
}
