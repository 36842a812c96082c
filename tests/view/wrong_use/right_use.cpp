// says nothing: this compiles, so that the others cannot fail for want of a header.
#include "shmwin/view/mdspan.hpp"

constexpr int element(int i) {
    int elements[6]{};
    shmwin::mdspan<int, shmwin::extents<int, 2, 3>> const m(elements);
    return m(i, 0);
}
static_assert(element(1) == 0);
