// SPDX-License-Identifier: MIT
#include "segment/touch.hpp"

#include "shmwin/view/range.hpp"

#include "segment/request.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t interleaved_bytes = 16 * page_bytes;

constexpr std::uint64_t page_floor(std::uint64_t offset) {
    return offset / page_bytes * page_bytes;
}

constexpr std::uint64_t page_ceil(std::uint64_t offset) {
    return page_floor(offset + page_bytes - 1);
}

// Units [first, last) of an area that begins at `begin`. A page belongs to whoever owns its first
// byte; the page in which the area begins, to the first unit.
touched_part pages_of_units(std::uint64_t begin, std::size_t unit_bytes, range units) {
    auto const first = begin + static_cast<std::uint64_t>(units.first) * unit_bytes;
    auto const last = begin + static_cast<std::uint64_t>(units.last) * unit_bytes;
    auto const from = units.first == 0 ? page_floor(first) : page_ceil(first);
    auto const to = page_ceil(last);
    return {from, to > from ? to - from : 0};
}

// Rows of one array (or level). In layout_left rows are scattered: equal parts instead.
touched_part rows_of(object_request const& request,
                     std::uint64_t begin,
                     std::size_t n_bytes,
                     int rank,
                     int n_ranks) {
    bool const by_rows = request.order == memory_order_kind::right && !request.extents.empty()
                         && request.extents[0] > 0;
    if (by_rows) {
        auto const n_rows = request.extents[0];
        return pages_of_units(
            begin, n_bytes / static_cast<std::size_t>(n_rows), block_range(n_rows, n_ranks, rank));
    }
    auto const n_pages = static_cast<std::int64_t>((n_bytes + page_bytes - 1) / page_bytes);
    auto part = pages_of_units(begin, page_bytes, block_range(n_pages, n_ranks, rank));
    auto const end = page_ceil(begin + n_bytes);
    part.n_bytes = std::min<std::size_t>(part.n_bytes, end - std::min(end, part.offset));
    return part;
}

std::vector<touched_part>
interleaved(std::uint64_t offset, std::size_t n_bytes, int rank, int n_ranks) {
    std::vector<touched_part> parts;
    auto const end = page_ceil(offset + n_bytes);
    auto const step = interleaved_bytes * static_cast<std::uint64_t>(n_ranks);
    auto from = page_floor(offset) + interleaved_bytes * static_cast<std::uint64_t>(rank);
    for (; from < end; from += step) {
        parts.push_back({from, std::min(interleaved_bytes, end - from)});
    }
    return parts;
}

} // namespace

std::vector<touched_part> parts_to_touch(object_request const& request,
                                         std::uint64_t offset,
                                         std::size_t n_bytes,
                                         int rank,
                                         int n_ranks) {
    if (request.options.touch == touch::interleave) {
        return interleaved(offset, n_bytes, rank, n_ranks);
    }
    if (request.kind != object_kind::levels) {
        auto const n_elements = element_bytes(request);
        std::vector<touched_part> parts{rows_of(request, offset, n_elements, rank, n_ranks)};
        bool const more = n_bytes > n_elements; // a count of holders
        if (more && rank == n_ranks - 1)
            parts.push_back({offset + n_elements, n_bytes - n_elements});
        return parts;
    }
    auto const plan = plan_levels(request);
    std::vector<touched_part> parts;
    if (rank == 0) parts.push_back({page_floor(offset), plan.first_bytes});
    for (int level = 0; level < request.options.levels; ++level) {
        auto const begin =
            offset + plan.first_bytes + static_cast<std::size_t>(level) * plan.stride_bytes;
        parts.push_back(rows_of(request, begin, element_bytes(request), rank, n_ranks));
    }
    return parts;
}

} // namespace shmwin::inline v1::detail
