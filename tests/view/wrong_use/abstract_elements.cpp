// says: mdspan: an element is not abstract
#include "shmwin/view/mdspan.hpp"

struct shape {
    virtual double area() const = 0;
};
auto size(shmwin::mdspan<shape, shmwin::extents<int, 2>> const& m) {
    return m.size();
}
