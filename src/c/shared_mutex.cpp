// SPDX-License-Identifier: MIT
#include "shmwin/c/sync.h"

#include "c/locks.hpp"
#include "c/named.hpp"
#include "c/seconds.hpp"

using namespace shmwin::detail;

extern "C" {

int shmwin_shared_mutex_create(shmwin_segment* segment,
                               char const* name,
                               shmwin_shared_mutex** mutex) {
    return make_handle(segment, name, mutex, [](auto const& names, auto const& given) {
        return names.create_shared_mutex(given, call_line());
    });
}

int shmwin_shared_mutex_find(shmwin_segment const* segment,
                             char const* name,
                             shmwin_shared_mutex** mutex) {
    return make_handle(segment, name, mutex, [](auto const& names, auto const& given) {
        return names.find_shared_mutex(given);
    });
}

void shmwin_shared_mutex_free_handle(shmwin_shared_mutex* mutex) {
    delete mutex;
}

int shmwin_shared_mutex_lock(shmwin_shared_mutex const* mutex, double seconds) {
    return timed("shmwin_shared_mutex_lock", seconds, [&](wait_deadline until) {
        return lock_by(need(mutex, "mutex").is, until);
    });
}

int shmwin_shared_mutex_unlock(shmwin_shared_mutex const* mutex) {
    return guard([&] { need(mutex, "mutex").is.unlock(); });
}

int shmwin_shared_mutex_lock_to_repair(shmwin_shared_mutex const* mutex, int* owner_died) {
    return guard([&] {
        need(owner_died, "owner_died") = 0;
        *owner_died = need(mutex, "mutex").is.lock_to_repair() ? 1 : 0;
    });
}

int shmwin_shared_mutex_mark_consistent(shmwin_shared_mutex const* mutex) {
    return guard([&] { need(mutex, "mutex").is.mark_consistent(); });
}

int shmwin_shared_mutex_holder(shmwin_shared_mutex const* mutex, int* rank, uint32_t* thread) {
    return guard([&] { tell_holder(need(mutex, "mutex").is.holder(), rank, thread); });
}

int shmwin_shared_mutex_lock_shared(shmwin_shared_mutex const* mutex, double seconds) {
    return timed("shmwin_shared_mutex_lock_shared", seconds, [&](wait_deadline until) {
        return need(mutex, "mutex").is.try_lock_shared_until(until);
    });
}

int shmwin_shared_mutex_unlock_shared(shmwin_shared_mutex const* mutex) {
    return guard([&] { need(mutex, "mutex").is.unlock_shared(); });
}

int shmwin_shared_mutex_n_readers(shmwin_shared_mutex const* mutex, uint64_t* n_readers) {
    return guard([&] { need(n_readers, "n_readers") = need(mutex, "mutex").is.n_readers(); });
}
}
