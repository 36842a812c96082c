// SPDX-License-Identifier: MIT
// Each REFUSED is a description that could not be true: none may compile. 0 does.
#include "shmwin/base/describe.hpp"

#include <vector>

struct good {
    double x;
    int id;
};
SHMWIN_DESCRIBE(good, x, id);
static_assert(shmwin::element<good>);

struct other {
    int* address;
    double value;
};
struct refers {
    int& to;
};
struct derived : good {
    int more;
};
struct copied {
    copied(copied const& from) : x(from.x) {}
    int x;
};
struct inner {
    int a;
};
struct outer {
    inner in;
};
struct gap {
    int a;
    double missing;
    int c;
};
struct tight {
    int a;
    int missing;
    double c;
};
enum class two { a = 1, b = 1 };

#if REFUSED == 1 // a pointer or a reference
SHMWIN_DESCRIBE(other, address, value);
#elif REFUSED == 2  // not of standard layout
SHMWIN_DESCRIBE(derived, more);
#elif REFUSED == 3  // not trivially copyable
SHMWIN_DESCRIBE(copied, x);
#elif REFUSED == 4  // no row
SHMWIN_DESCRIBE(outer, in);
#elif REFUSED == 5  // order
struct swapped {
    double x;
    int id;
};
SHMWIN_DESCRIBE(swapped, id, x);
#elif REFUSED == 6  // missing
SHMWIN_DESCRIBE(gap, a, c);
#elif REFUSED == 7  // every_member_is_listed: no gap, one missing
SHMWIN_DESCRIBE(tight, a, c);
#elif REFUSED == 8  // standard layout
SHMWIN_DESCRIBE(refers, to);
#elif REFUSED == 9  // one value
SHMWIN_DESCRIBE_ENUM(two, a, b);
#elif REFUSED == 10 // no enumeration
SHMWIN_DESCRIBE_ENUM(tight, a);
#elif REFUSED == 11 // no array can hold what is not described
static_assert(shmwin::element<inner>, "an element needs a row");
#endif
