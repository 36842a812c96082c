// says: mdspan: it is over shmwin::extents
#include "shmwin/view/mdspan.hpp"

#include <span>

auto size(shmwin::mdspan<int, std::span<int, 2>> const& m) {
    return m.size();
}
