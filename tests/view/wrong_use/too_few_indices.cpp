// says: one_index_for_each_dimension
#include "shmwin/view/mdspan.hpp"

int element(shmwin::mdspan<int, shmwin::dims<2>> m) {
    return m(1);
}
