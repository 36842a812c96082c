// SPDX-License-Identifier: MIT
// Reports of a segment: texts for the caller.
#include "shmwin/segment/memory_map.hpp"

#include "shmwin/c/segment.h"

#include "c/handles.hpp"

#include <string>

using namespace shmwin::detail;

namespace {

// `make` gives the text.
template <typename Make>
int give_text(char** text, Make&& make) {
    return guard([&] {
        need(text, "text") = nullptr;
        *text = new_text(make());
    });
}

std::string lines_of(shmwin::heap_report const& report) {
    std::string lines;
    for (auto const& each : report.violations) {
        lines.append(each).append("\n");
    }
    return lines;
}

} // namespace

extern "C" {

int shmwin_segment_verify(shmwin_segment const* segment, size_t limit, char** report) {
    return guard([&] {
        if (report != nullptr) *report = nullptr;
        auto const found = whole_of(segment).verify(limit);
        if (found.ok()) return;
        if (report != nullptr) *report = new_text(lines_of(found));
        shmwin::raise(shmwin::errc::corrupted,
                      "segment is not sound (" + found.violations[0] + ")");
    });
}

int shmwin_segment_memory_map_text(shmwin_segment const* segment, size_t n_objects, char** text) {
    return give_text(text, [&] { return whole_of(segment).memory_map().text(n_objects); });
}

int shmwin_segment_memory_map_json(shmwin_segment const* segment, char** text) {
    return give_text(text, [&] { return whole_of(segment).memory_map().json(); });
}

int shmwin_segment_report(shmwin_segment const* segment, char** text) {
    return give_text(text, [&] { return whole_of(segment).report(); });
}

int shmwin_segment_collect(shmwin_segment* segment) {
    return guard([&] { whole_of(segment).heap().collect(); });
}
}
