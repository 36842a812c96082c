// SPDX-License-Identifier: MIT
#include "shmwin/segment/event.hpp"

#include "shmwin/c/sync.h"

#include "c/named.hpp"
#include "c/seconds.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_event {
    shmwin::event is;
};

using namespace shmwin::detail;

extern "C" {

int shmwin_event_create(shmwin_segment* segment, char const* name, shmwin_event** event) {
    return make_handle(segment, name, event, [](auto const& names, auto const& given) {
        return names.create_event(given, call_line());
    });
}

int shmwin_event_find(shmwin_segment const* segment, char const* name, shmwin_event** event) {
    return make_handle(segment, name, event, [](auto const& names, auto const& given) {
        return names.find_event(given);
    });
}

void shmwin_event_free_handle(shmwin_event* event) {
    delete event;
}

int shmwin_event_set(shmwin_event const* event) {
    return guard([&] { need(event, "event").is.set(); });
}

int shmwin_event_clear(shmwin_event const* event) {
    return guard([&] { need(event, "event").is.clear(); });
}

int shmwin_event_is_set(shmwin_event const* event, int* is_set) {
    return guard([&] { need(is_set, "is_set") = need(event, "event").is.is_set() ? 1 : 0; });
}

int shmwin_event_wait(shmwin_event const* event, double seconds) {
    return timed("shmwin_event_wait", seconds, [&](wait_deadline until) {
        return need(event, "event").is.wait_until(until);
    });
}
}
