// SPDX-License-Identifier: MIT
#include "shmwin/segment/latch.hpp"

#include "shmwin/c/sync.h"

#include "c/named.hpp"
#include "c/seconds.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_latch {
    shmwin::latch is;
};

using namespace shmwin::detail;

extern "C" {

int shmwin_latch_create(shmwin_segment* segment,
                        char const* name,
                        int64_t count,
                        shmwin_latch** latch) {
    return make_handle(segment, name, latch, [&](auto const& names, auto const& given) {
        return names.create_latch(given, count, call_line());
    });
}

int shmwin_latch_find(shmwin_segment const* segment, char const* name, shmwin_latch** latch) {
    return make_handle(segment, name, latch, [](auto const& names, auto const& given) {
        return names.find_latch(given);
    });
}

void shmwin_latch_free_handle(shmwin_latch* latch) {
    delete latch;
}

int shmwin_latch_count_down(shmwin_latch const* latch, int64_t n) {
    return guard([&] { need(latch, "latch").is.count_down(n); });
}

int shmwin_latch_count(shmwin_latch const* latch, int64_t* count) {
    return guard([&] { need(count, "count") = need(latch, "latch").is.count(); });
}

int shmwin_latch_wait(shmwin_latch const* latch, double seconds) {
    return timed("shmwin_latch_wait", seconds, [&](wait_deadline until) {
        return need(latch, "latch").is.wait_until(until);
    });
}
}
