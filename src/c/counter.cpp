// SPDX-License-Identifier: MIT
#include "shmwin/segment/counter.hpp"

#include "shmwin/c/sync.h"

#include "c/named.hpp"
#include "c/seconds.hpp"

#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_counter {
    shmwin::counter is;
};

using namespace shmwin::detail;

namespace {

shmwin::schedule schedule_of(int kind, int64_t chunk) {
    using shmwin::schedule;
    if (chunk < 0) {
        shmwin::raise(shmwin::errc::invalid_argument,
                      "schedule is not possible (chunk " + std::to_string(chunk)
                          + "; 1 or more, or 0 for 1)");
    }
    auto const n = chunk == 0 ? 1 : chunk;
    switch (kind) {
    case SHMWIN_SCHEDULE_STATIC_BLOCKS:
        return schedule::static_blocks();
    case SHMWIN_SCHEDULE_STATIC_CHUNKS:
        return schedule::static_chunks(n);
    case SHMWIN_SCHEDULE_DYNAMIC:
        return schedule::dynamic(n);
    case SHMWIN_SCHEDULE_GUIDED:
        return schedule::guided(n);
    default:
        shmwin::raise(shmwin::errc::invalid_argument,
                      "schedule is not possible (" + std::to_string(kind)
                          + " is none of enum shmwin_schedule)");
    }
}

} // namespace

extern "C" {

int shmwin_counter_create(shmwin_segment* segment,
                          char const* name,
                          int64_t n_indices,
                          int schedule,
                          int64_t chunk,
                          shmwin_counter** counter) {
    return make_handle(segment, name, counter, [&](auto const& names, auto const& given) {
        return names.create_counter(given, n_indices, schedule_of(schedule, chunk), call_line());
    });
}

int shmwin_counter_find(shmwin_segment const* segment, char const* name, shmwin_counter** counter) {
    return make_handle(segment, name, counter, [](auto const& names, auto const& given) {
        return names.find_counter(given);
    });
}

void shmwin_counter_free_handle(shmwin_counter* counter) {
    delete counter;
}

int shmwin_counter_next(shmwin_counter const* counter, int64_t* begin, int64_t* end) {
    return guard([&] {
        need(begin, "begin") = 0;
        need(end, "end") = 0;
        auto const chunk = need(counter, "counter").is.next();
        if (!chunk) return;
        *begin = chunk->first;
        *end = chunk->last;
    });
}

int shmwin_counter_reset(shmwin_counter const* counter, int64_t n_indices) {
    return guard([&] { need(counter, "counter").is.reset(n_indices, call_line()); });
}

int shmwin_counter_size(shmwin_counter const* counter, int64_t* n_indices) {
    return guard([&] { need(n_indices, "n_indices") = need(counter, "counter").is.size(); });
}

int shmwin_counter_remaining(shmwin_counter const* counter, int64_t* n_indices) {
    return guard([&] { need(n_indices, "n_indices") = need(counter, "counter").is.remaining(); });
}
}
