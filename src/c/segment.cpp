// SPDX-License-Identifier: MIT
#include "shmwin/segment/segment.hpp"

#include "shmwin/c/segment.h"

#include "c/handles.hpp"
#include "c/options.hpp"

#include <chrono>
#include <memory>

using namespace shmwin::detail;

namespace {

// The defaults of C are 0; those of C++ say which 0 is meant.
shmwin::segment_options translated(shmwin_segment_options const& given) {
    using shmwin::errc;
    using shmwin::raise;
    if (given.backing < SHMWIN_BACKING_AUTOMATIC || given.backing > SHMWIN_BACKING_MEMFD) {
        raise(errc::invalid_argument,
              "segment cannot be opened (backing " + std::to_string(given.backing)
                  + " is none of enum shmwin_backing)");
    }
    if (!(given.wait_slice >= 0 && given.wait_slice < 1e6 && given.wait_warn < 1e9)) {
        raise(errc::invalid_argument,
              "segment cannot be opened (wait_slice or wait_warn is no number of seconds)");
    }
    using seconds = std::chrono::duration<double>;
    shmwin::segment_options made;
    made.capacity = given.capacity;
    made.backing = static_cast<shmwin::backing_kind>(given.backing);
    made.threads_per_rank = given.threads_per_rank;
    made.in_all_core_dumps = given.in_all_core_dumps != 0;
    if (given.spin != 0) made.spin = given.spin < 0 ? 0 : given.spin;
    made.wait_slice = std::chrono::ceil<std::chrono::microseconds>(seconds(given.wait_slice));
    if (given.wait_warn < 0) made.wait_warn = std::chrono::seconds(0);
    if (given.wait_warn > 0) {
        made.wait_warn = std::chrono::ceil<std::chrono::seconds>(seconds(given.wait_warn));
    }
    return made;
}

} // namespace

extern "C" {

int shmwin_segment_open(shmwin_node const* node,
                        shmwin_segment_options const* options,
                        shmwin_segment** segment) {
    return guard([&] {
        need(segment, "segment") = nullptr;
        auto const asked = translated(options_of(options, "SHMWIN_SEGMENT_OPTIONS_INIT"));
        auto whole = std::make_shared<shmwin::segment>(need(node, "node").is, asked, call_line());
        shmwin::object_group names = *whole;
        *segment = new shmwin_segment{std::move(whole), std::move(names)};
    });
}

int shmwin_segment_close(shmwin_segment* segment) {
    return guard([&] { whole_of(segment).close(call_line()); });
}

int shmwin_segment_leave(shmwin_segment* segment, char const* reason) {
    return guard([&] { whole_of(segment).leave(need_text(reason, "reason")); });
}

void shmwin_segment_free_handle(shmwin_segment* segment) {
    delete segment;
}

int shmwin_segment_fence(shmwin_segment* segment) {
    return guard([&] { whole_of(segment).fence(call_line()); });
}
}
