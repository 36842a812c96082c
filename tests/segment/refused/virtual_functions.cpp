// SPDX-License-Identifier: MIT
// Says: objects with virtual functions
#include "shmwin/segment/segment.hpp"

struct shape {
    virtual double area() const { return 0; }
};
SHMWIN_NAME(shape, "app.shape/1");

void use(shmwin::segment const& seg) {
    seg.construct<shape>(shmwin::transient, "s");
}
