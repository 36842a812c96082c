// SPDX-License-Identifier: MIT
#include "shmwin/memory/header.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/call_sites.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/race_shadow.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "memory/slab.hpp"

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t n_parking_lines = 256;
constexpr std::size_t max_capacity = std::size_t{15} << 40U;

constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
    return (n + unit - 1) / unit * unit;
}

// Places the sections one after the other.
class planner {
  public:
    explicit planner(segment_header& header) : header_(header) {}

    void place(section_id which, std::size_t n_bytes, std::size_t alignment) {
        end_ = round_up(end_, alignment);
        header_.sections.at(static_cast<std::size_t>(which)) = {end_, n_bytes};
        end_ += n_bytes;
    }

    [[nodiscard]] std::size_t end() const noexcept { return end_; }

  private:
    segment_header& header_;
    std::size_t end_ = page_bytes;
};

void check(char const* what, std::uint64_t found, std::uint64_t expected) {
    if (found == expected) return;
    raise(errc::layout_mismatch,
          text("segment cannot be used (its ",
               what,
               " is ",
               found,
               ", this library's is ",
               expected,
               "; use one version of shmwin on all ranks)"));
}

void check_request(layout_request const& request) {
    if (request.capacity == 0 || request.capacity > max_capacity) {
        raise(errc::invalid_argument,
              text("capacity is out of range (",
                   bytes_text(request.capacity),
                   "; 1 byte to ",
                   bytes_text(max_capacity),
                   "; set .capacity or SHMWIN_CAPACITY)"));
    }
    if (request.n_ranks < 1 || request.n_ranks > rendezvous::max_ranks) {
        raise(errc::invalid_argument,
              text("number of ranks is out of range (",
                   request.n_ranks,
                   "; 1 to ",
                   rendezvous::max_ranks,
                   ")"));
    }
    if (request.threads_per_rank < 1 || request.threads_per_rank > 1024) {
        raise(errc::invalid_argument,
              text("threads_per_rank is out of range (",
                   request.threads_per_rank,
                   "; 1 to 1024; set .threads_per_rank or SHMWIN_THREADS_PER_RANK)"));
    }
}

// All but the places of its sections.
segment_header header_of(layout_request const& request) {
    segment_header header{};
    header.magic = segment_magic;
    header.version = layout_version;
    header.byte_order = byte_order_mark;
    header.header_bytes = sizeof(segment_header);
    header.n_sections = n_section_ids;
    header.n_pages = round_up(request.capacity, page_bytes) / page_bytes;
    header.page_size = page_bytes;
    header.n_ranks = request.n_ranks;
    header.threads_per_rank = request.threads_per_rank;
    return header;
}

} // namespace

segment_header plan_layout(layout_request const& request) {
    check_request(request);
    auto header = header_of(request);
    auto const n_ranks = static_cast<std::size_t>(request.n_ranks);
    auto const n_slots = n_ranks * (static_cast<std::size_t>(request.threads_per_rank) + 1);
    auto const n_words = header.n_pages;
    auto const bitmap_bytes = round_up(header.n_pages, 64) / 8;
    // Each lazily present section begins and ends on a page: so many pages need a bit.
    auto const n_lazy_pages = 2 * (8 * n_words / page_bytes + 1) + 2 * bitmap_bytes / page_bytes + 3
                              + sizeof(slab) * header.n_pages / page_bytes + 2
                              + n_slots * heap_slot_bytes / page_bytes;

    planner plan(header);
    plan.place(section_id::participants, n_ranks * sizeof(participant_slot), line_bytes);
    plan.place(section_id::rendezvous, sizeof(rendezvous_state), line_bytes);
    plan.place(section_id::meeting_slots, n_ranks * sizeof(meeting_slot), alignof(meeting_slot));
    plan.place(section_id::call_sites,
               n_ranks * call_sites::sites_of_rank * sizeof(call_site),
               line_bytes);
    plan.place(section_id::races, sizeof(race_list), line_bytes);
    plan.place(section_id::parking_lot, n_parking_lines * sizeof(parking_line), line_bytes);
    plan.place(section_id::activity, n_ranks * sizeof(activity_slot), line_bytes);
    plan.place(section_id::run_control, sizeof(run_control), line_bytes);
    plan.place(section_id::directory, sizeof(directory_state), line_bytes);
    plan.place(section_id::metadata_bits, round_up(n_lazy_pages, 64) / 8, line_bytes);
    plan.place(section_id::page_map, 8 * n_words, page_bytes);
    plan.place(section_id::page_links, 8 * n_words, page_bytes);
    plan.place(section_id::page_bits, 2 * bitmap_bytes, page_bytes);
    plan.place(section_id::slabs, sizeof(slab) * header.n_pages, page_bytes);
    plan.place(section_id::heap_slots, n_slots * heap_slot_bytes, page_bytes);
    plan.place(section_id::pages, header.n_pages * page_bytes, page_bytes);
    header.total_bytes = plan.end();
    return header;
}

void check_header(segment_header const& found, std::size_t mapped_bytes) {
    check("magic number", found.magic, segment_magic);
    check("layout version", found.version, layout_version);
    check("byte order", found.byte_order, byte_order_mark);
    check("header size", found.header_bytes, sizeof(segment_header));
    check("number of sections", found.n_sections, n_section_ids);
    check("page size", found.page_size, page_bytes);
    if (found.total_bytes > mapped_bytes) {
        raise(errc::layout_mismatch,
              text("segment cannot be used (it has ",
                   found.total_bytes,
                   " bytes, ",
                   mapped_bytes,
                   " are mapped)"));
    }
}

} // namespace shmwin::inline v1::detail
