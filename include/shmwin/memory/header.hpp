// SPDX-License-Identifier: MIT
// segment_header: the first bytes of a segment, and where everything else in it lies.
//
//     0             4096
//     | header      | sections, each on a cache line or page ............ | pages (objects) |
//
// Every position is an offset in bytes from the header: each process maps the segment at an
// address of its own. A process that attaches checks magic, version, byte order and sizes first.
//
// Layer: memory. Knows nothing of MPI and HDF5.
#pragma once

#include "shmwin/base/export.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1::detail {

inline constexpr std::size_t page_bytes = 4096;
/// Largest alignment of an object's address: the segment is mapped at a multiple of it.
inline constexpr std::size_t segment_alignment = std::size_t{2} << 20U;

inline constexpr std::uint64_t segment_magic =
    0x316e6977'6d6873'0aULL; // "\nshmwin1", read as bytes
inline constexpr std::uint32_t layout_version = 2;
inline constexpr std::uint32_t byte_order_mark = 0x01020304;

/// The parts of a segment. Stable numbers.
enum class section_id : std::uint32_t {
    participants = 0,  ///< participant_slot, one a rank
    rendezvous = 1,    ///< rendezvous_state
    meeting_slots = 2, ///< meeting_slot, one a rank
    parking_lot = 3,   ///< parking_line
    heap_slots = 4,    ///< heap_slot: threads_per_rank a rank, and one that threads share
    run_control = 5,   ///< run_control: lock and bins of the page runs
    directory = 6,     ///< directory_state
    metadata_bits = 7, ///< a bit for each page of the lazy sections: it is there
    page_map = 8,      ///< a word for each page: what it is part of
    page_links = 9,    ///< a word for each page: its run's neighbours in the bin
    page_bits = 10,    ///< two bitmaps with a bit a page: present, and written to
    slabs = 11,        ///< slab: a descriptor for each page that may be one
    pages = 12,        ///< what objects are made of
    call_sites = 13,   ///< call_site: so many for each rank
    activity = 14,     ///< activity_slot, one a rank
    races = 15,        ///< race_list: what checked views found
};
inline constexpr std::size_t n_section_ids = 16;

struct section {
    std::uint64_t offset;
    std::uint64_t n_bytes;
};

/// What decides the layout. Equal values give equal layouts, on every machine.
struct layout_request {
    std::size_t capacity = 0; ///< bytes for objects; rounded up to pages
    int n_ranks = 1;
    int threads_per_rank = 1;
};

struct segment_header {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t byte_order;
    std::uint32_t header_bytes;
    std::uint32_t n_sections;
    std::uint64_t total_bytes; ///< from the header's first byte to the last page's last
    std::uint64_t n_pages;
    std::uint32_t page_size;
    std::int32_t n_ranks;
    std::int32_t threads_per_rank;
    std::uint32_t backing; ///< backing_kind of the window
    std::array<std::uint64_t, 2> uuid;
    std::int64_t created_ns; ///< after 1970, UTC
    std::uint64_t token;     ///< of the creation handshake
    std::uint32_t ready;
    std::uint32_t reserved;
    std::array<section, n_section_ids> sections;

    [[nodiscard]] section const& operator[](section_id which) const noexcept {
        return sections[static_cast<std::size_t>(which)]; // NOLINT(*-constant-array-index)
    }
};
static_assert(sizeof(segment_header) <= page_bytes);

/// Local. The header for a request; `uuid`, `created_ns`, `backing` and `token` are left 0.
/// @throws argument_error  capacity is 0 or over 15 TiB, or a count is not positive
[[nodiscard]] SHMWIN_API segment_header plan_layout(layout_request const& request);

/// Local. Checks that this library can use a segment with that header.
/// @throws runtime_failure (layout_mismatch) with both values
SHMWIN_API void check_header(segment_header const& found, std::size_t mapped_bytes);

} // namespace shmwin::inline v1::detail
