// says: an_index_is_beyond_its_extent
#include "shmwin/view/mdspan.hpp"

constexpr int element(int i) {
    int elements[6]{};
    shmwin::mdspan<int, shmwin::extents<int, 2, 3>> const m(elements);
    return m(i, 0);
}
static_assert(element(1) == 0);
static_assert(element(2) == 0); // wrong
