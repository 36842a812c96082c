// SPDX-License-Identifier: MIT
// Each REFUSED is a container that would leave addresses in the segment: none may compile.
#include "shmwin/memory/allocator.hpp"

#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

template <typename T>
using alloc = shmwin::allocator<T>;
using entry = std::pair<int const, int>;

void use(shmwin::heap const& memory) {
#if REFUSED == 0 // the test of the test: this one does
    std::vector<int, alloc<int>>(memory).push_back(1);
#elif REFUSED == 1
    std::list<int, alloc<int>>(memory).push_back(1);
#elif REFUSED == 2
    std::forward_list<int, alloc<int>>(memory).push_front(1);
#elif REFUSED == 3
    std::map<int, int, std::less<>, alloc<entry>>(memory).emplace(1, 1);
#elif REFUSED == 4
    using hash = std::hash<int>;
    std::unordered_map<int, int, hash, std::equal_to<>, alloc<entry>>(memory).emplace(1, 1);
#elif REFUSED == 5
    std::vector<bool, alloc<bool>>(memory).push_back(true);
#elif REFUSED == 6
    std::vector<std::string, alloc<std::string>>(memory).emplace_back("1");
#elif REFUSED == 7
    std::vector<int*, alloc<int*>>(memory).push_back(nullptr);
#endif
}
