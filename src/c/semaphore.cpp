// SPDX-License-Identifier: MIT
#include "shmwin/segment/semaphore.hpp"

#include "shmwin/c/sync.h"

#include "c/named.hpp"
#include "c/seconds.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_semaphore {
    shmwin::semaphore is;
};

using namespace shmwin::detail;

extern "C" {

int shmwin_semaphore_create(shmwin_segment* segment,
                            char const* name,
                            int64_t initial,
                            int64_t maximum,
                            shmwin_semaphore** semaphore) {
    auto const most = maximum < 0 ? shmwin::semaphore::max() : maximum;
    return make_handle(segment, name, semaphore, [&](auto const& names, auto const& given) {
        return names.create_semaphore(given, initial, most, call_line());
    });
}

int shmwin_semaphore_find(shmwin_segment const* segment,
                          char const* name,
                          shmwin_semaphore** semaphore) {
    return make_handle(segment, name, semaphore, [](auto const& names, auto const& given) {
        return names.find_semaphore(given);
    });
}

void shmwin_semaphore_free_handle(shmwin_semaphore* semaphore) {
    delete semaphore;
}

int shmwin_semaphore_acquire(shmwin_semaphore const* semaphore, double seconds) {
    return timed("shmwin_semaphore_acquire", seconds, [&](wait_deadline until) {
        return need(semaphore, "semaphore").is.try_acquire_until(until);
    });
}

int shmwin_semaphore_release(shmwin_semaphore const* semaphore, int64_t n) {
    return guard([&] { need(semaphore, "semaphore").is.release(n); });
}

int shmwin_semaphore_units(shmwin_semaphore const* semaphore, int64_t* units) {
    return guard([&] { need(units, "units") = need(semaphore, "semaphore").is.units(); });
}
}
