// SPDX-License-Identifier: MIT
#include "shmwin/c/sync.h"

#include "c/locks.hpp"
#include "c/named.hpp"
#include "c/seconds.hpp"

using namespace shmwin::detail;

extern "C" {

int shmwin_mutex_create(shmwin_segment* segment, char const* name, shmwin_mutex** mutex) {
    return make_handle(segment, name, mutex, [](auto const& names, auto const& given) {
        return names.create_mutex(given, call_line());
    });
}

int shmwin_mutex_find(shmwin_segment const* segment, char const* name, shmwin_mutex** mutex) {
    return make_handle(segment, name, mutex, [](auto const& names, auto const& given) {
        return names.find_mutex(given);
    });
}

void shmwin_mutex_free_handle(shmwin_mutex* mutex) {
    delete mutex;
}

int shmwin_mutex_lock(shmwin_mutex const* mutex, double seconds) {
    return timed("shmwin_mutex_lock", seconds, [&](wait_deadline until) {
        return lock_by(need(mutex, "mutex").is, until);
    });
}

int shmwin_mutex_unlock(shmwin_mutex const* mutex) {
    return guard([&] { need(mutex, "mutex").is.unlock(); });
}

int shmwin_mutex_lock_to_repair(shmwin_mutex const* mutex, int* owner_died) {
    return guard([&] {
        need(owner_died, "owner_died") = 0;
        *owner_died = need(mutex, "mutex").is.lock_to_repair() ? 1 : 0;
    });
}

int shmwin_mutex_mark_consistent(shmwin_mutex const* mutex) {
    return guard([&] { need(mutex, "mutex").is.mark_consistent(); });
}

int shmwin_mutex_holder(shmwin_mutex const* mutex, int* rank, uint32_t* thread) {
    return guard([&] { tell_holder(need(mutex, "mutex").is.holder(), rank, thread); });
}
}
