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

int shmwin_segment_is_open(shmwin_segment const* segment) {
    return segment != nullptr && segment->whole->is_open() ? 1 : 0;
}

int shmwin_segment_abandoned(shmwin_segment const* segment) {
    return guard([&] {
        auto const who = whole_of(segment).abandoned();
        return who ? note_status(*who) : static_cast<int>(SHMWIN_SUCCESS);
    });
}

int shmwin_segment_fence(shmwin_segment* segment) {
    return guard([&] { whole_of(segment).fence(call_line()); });
}

int shmwin_segment_fence_ranks(shmwin_segment* segment, int const* ranks, size_t n_ranks) {
    return guard([&] { whole_of(segment).fence(need_span(ranks, n_ranks, "ranks"), call_line()); });
}

int shmwin_segment_trim(shmwin_segment* segment, size_t* n_bytes) {
    return guard([&] {
        auto const given_back = whole_of(segment).trim(call_line());
        if (n_bytes != nullptr) *n_bytes = given_back;
    });
}

int shmwin_segment_rank(shmwin_segment const* segment) {
    return segment == nullptr ? -1 : segment->whole->rank();
}

int shmwin_segment_size(shmwin_segment const* segment) {
    return segment == nullptr ? -1 : segment->whole->n_ranks();
}

size_t shmwin_segment_capacity(shmwin_segment const* segment) {
    return segment == nullptr ? 0 : segment->whole->capacity();
}

int shmwin_segment_backing(shmwin_segment const* segment) {
    return segment == nullptr ? -1 : static_cast<int>(segment->whole->backing());
}

int shmwin_segment_wait_policy(shmwin_segment const* segment, int* spin, double* wait_slice) {
    return guard([&] {
        auto const& policy = whole_of(segment).wait_policy();
        if (spin != nullptr) *spin = policy.spin;
        if (wait_slice != nullptr)
            *wait_slice = std::chrono::duration<double>(policy.slice).count();
    });
}

int shmwin_segment_rma(shmwin_segment const* segment, MPI_Win* window, MPI_Aint* base) {
    return guard([&] {
        need(window, "window") = whole_of(segment).rma();
        need(base, "base") = whole_of(segment).rma_offset();
    });
}
}

static_assert(SHMWIN_BACKING_AUTOMATIC == static_cast<int>(shmwin::backing_kind::automatic));
static_assert(SHMWIN_BACKING_MPI_WINDOW == static_cast<int>(shmwin::backing_kind::mpi_window));
static_assert(SHMWIN_BACKING_MEMFD == static_cast<int>(shmwin::backing_kind::memfd));
