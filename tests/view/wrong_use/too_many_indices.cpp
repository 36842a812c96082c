// says: one_index_for_each_dimension
#include "shmwin/view/layout_left.hpp"

auto place(shmwin::layout_left::mapping<shmwin::dims<2>> m) {
    return m(1, 2, 3);
}
