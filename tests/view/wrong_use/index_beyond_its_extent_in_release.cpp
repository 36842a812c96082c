// says: an_index_is_beyond_its_extent
#define NDEBUG
#include "index_beyond_its_extent.cpp"
