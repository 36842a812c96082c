// says: the index type cannot count the elements of these static extents
#include "shmwin/view/mdspan.hpp"

auto size(shmwin::mdspan<int, shmwin::extents<signed char, 20, 10>> const& m) {
    return m.size();
}
