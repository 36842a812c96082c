// SPDX-License-Identifier: MIT
#include "shmwin/memory/heap.hpp"

#include "shmwin/c/heap.h"

#include "c/handles.hpp"
#include "c/options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

using namespace shmwin::detail;

namespace {

shmwin::heap const& heap_of(shmwin_segment const* segment) {
    return whole_of(segment).heap();
}

std::size_t alignment_or_usual(std::size_t given) noexcept {
    return given == 0 ? alignof(std::max_align_t) : given;
}

} // namespace

extern "C" {

int shmwin_heap_allocate(shmwin_segment const* segment,
                         size_t n_bytes,
                         size_t alignment,
                         void** block) {
    return guard([&] {
        need(block, "block") = nullptr;
        *block = heap_of(segment).allocate(n_bytes, alignment_or_usual(alignment));
    });
}

int shmwin_heap_allocate_zeroed(shmwin_segment const* segment,
                                size_t n_bytes,
                                size_t alignment,
                                void** block) {
    return guard([&] {
        need(block, "block") = nullptr;
        *block = heap_of(segment).allocate_zeroed(n_bytes, alignment_or_usual(alignment));
    });
}

int shmwin_heap_deallocate(shmwin_segment const* segment, void* block) {
    return guard([&] { heap_of(segment).deallocate(block); });
}

int shmwin_heap_try_expand(shmwin_segment const* segment,
                           void* block,
                           size_t n_bytes,
                           int* is_expanded) {
    return guard([&] {
        need(is_expanded, "is_expanded") = 0;
        *is_expanded = heap_of(segment).try_expand(block, n_bytes) ? 1 : 0;
    });
}

int shmwin_heap_shrink(shmwin_segment const* segment,
                       void* block,
                       size_t n_bytes,
                       size_t* usable_bytes) {
    return guard([&] {
        auto const left = heap_of(segment).shrink(block, n_bytes);
        if (usable_bytes != nullptr) *usable_bytes = left;
    });
}

size_t shmwin_heap_usable_size(shmwin_segment const* segment, void const* block) {
    if (shmwin_heap_owns(segment, block) == 0) return 0;
    return guard_or(size_t{0}, [&] { return segment->whole->heap().usable_size(block); });
}

uint64_t shmwin_heap_offset_of(shmwin_segment const* segment, void const* address) {
    return segment == nullptr ? 0 : segment->whole->heap().offset_of(address);
}

void* shmwin_heap_at(shmwin_segment const* segment, uint64_t offset) {
    return segment == nullptr ? nullptr : segment->whole->heap().at(offset);
}

int shmwin_heap_owns(shmwin_segment const* segment, void const* address) {
    return segment != nullptr && segment->whole->heap().owns(address) ? 1 : 0;
}

int shmwin_heap_get_stats(shmwin_segment const* segment, shmwin_heap_stats* stats) {
    return guard([&] {
        check_struct_bytes(need(stats, "stats").struct_bytes, "SHMWIN_HEAP_STATS_INIT");
        auto const known = std::min(stats->struct_bytes, sizeof(shmwin_heap_stats));
        auto const now = heap_of(segment).stats();
        shmwin_heap_stats const told{stats->struct_bytes,
                                     now.capacity,
                                     now.used,
                                     now.free,
                                     now.largest_free,
                                     now.most_used,
                                     now.in_pages,
                                     now.metadata,
                                     now.present,
                                     now.n_blocks,
                                     now.n_lock_takeovers};
        std::memcpy(stats, &told, known);
    });
}
}
