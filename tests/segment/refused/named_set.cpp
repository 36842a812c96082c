// SPDX-License-Identifier: MIT
// Says: link their nodes by addresses
#include "shmwin/segment/segment.hpp"

#include <functional>
#include <set>

using set = std::set<int, std::less<>, shmwin::allocator<int>>;
SHMWIN_NAME(set, "app.set/1"); // a name does not help

void use(shmwin::segment const& seg) {
    seg.create_object<set>("s");
}
