// says: mdspan: the accessor has another element type
#include "shmwin/view/mdspan.hpp"

using view = shmwin::
    mdspan<int, shmwin::extents<int, 2>, shmwin::layout_right, shmwin::default_accessor<long>>;
auto size(view const& m) {
    return m.size();
}
