// says: extents: the index type cannot hold a static extent
#include "shmwin/view/extents.hpp"

shmwin::extents<signed char, 200> e;
