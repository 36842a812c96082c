// SPDX-License-Identifier: MIT
#include "shmwin/segment/barrier.hpp"

#include "shmwin/c/sync.h"

#include "c/named.hpp"
#include "c/seconds.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_barrier {
    shmwin::barrier is;
};

using namespace shmwin::detail;

extern "C" {

int shmwin_barrier_create(shmwin_segment* segment, char const* name, shmwin_barrier** barrier) {
    return make_handle(segment, name, barrier, [](auto const& names, auto const& given) {
        return names.create_barrier(given, call_line());
    });
}

int shmwin_barrier_create_of(shmwin_segment* segment,
                             char const* name,
                             int const* members,
                             size_t n_members,
                             shmwin_barrier** barrier) {
    return make_handle(segment, name, barrier, [&](auto const& names, auto const& given) {
        if (n_members != 0) static_cast<void>(need(members, "members"));
        return names.create_barrier(given, std::span(members, n_members), call_line());
    });
}

int shmwin_barrier_find(shmwin_segment const* segment, char const* name, shmwin_barrier** barrier) {
    return make_handle(segment, name, barrier, [](auto const& names, auto const& given) {
        return names.find_barrier(given);
    });
}

void shmwin_barrier_free_handle(shmwin_barrier* barrier) {
    delete barrier;
}

int shmwin_barrier_arrive_and_wait(shmwin_barrier const* barrier, double seconds) {
    return timed("shmwin_barrier_arrive_and_wait", seconds, [&](wait_deadline until) {
        return need(barrier, "barrier").is.arrive_and_wait_until(until);
    });
}

int shmwin_barrier_is_broken(shmwin_barrier const* barrier, int* is_broken) {
    return guard(
        [&] { need(is_broken, "is_broken") = need(barrier, "barrier").is.is_broken() ? 1 : 0; });
}

int shmwin_barrier_members(shmwin_barrier const* barrier,
                           int* members,
                           size_t n_room,
                           size_t* n_members) {
    return guard([&] {
        auto const all = need(barrier, "barrier").is.members();
        if (n_room != 0) static_cast<void>(need(members, "members"));
        need(n_members, "n_members") = all.size();
        std::copy_n(all.begin(), std::min(n_room, all.size()), members);
    });
}
}
