// says: extents: an index type is a signed or unsigned integer type
#include "shmwin/view/extents.hpp"

shmwin::extents<double, 3> e;
