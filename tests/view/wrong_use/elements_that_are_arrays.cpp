// says: mdspan: an element is an object, not an array; arrays of arrays have one more extent
#include "shmwin/view/mdspan.hpp"

auto size(shmwin::mdspan<int[3], shmwin::extents<int, 2>> const& m) {
    return m.size();
}
