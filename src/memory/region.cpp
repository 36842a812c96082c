// SPDX-License-Identifier: MIT
#include "shmwin/memory/region.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "memory/populate.hpp"

#include <atomic>
#include <bit>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t page_of(std::uint64_t offset) {
    return offset / page_bytes;
}

// The sections from page_map on are made present piece by piece.
std::uint64_t first_lazy_page(segment_header const& header) {
    return page_of(header[section_id::page_map].offset);
}

std::atomic_ref<std::uint64_t> bit_word(region const& where, std::uint64_t page) {
    return std::atomic_ref(where.as<std::uint64_t>(section_id::metadata_bits)[page / 64]);
}

} // namespace

std::size_t region::room_for(std::size_t n_bytes) const noexcept {
    return source_.room == nullptr ? SIZE_MAX : source_.room(source_.context, n_bytes);
}

bool region::try_populate(std::uint64_t offset, std::size_t n_bytes) const noexcept {
    return room_for(n_bytes) >= n_bytes && populate_pages(base_ + offset, n_bytes) == 0;
}

void region::populate(std::uint64_t offset, std::size_t n_bytes) const {
    auto const room = room_for(n_bytes);
    auto const failed = room < n_bytes ? ENOSPC : populate_pages(base_ + offset, n_bytes);
    if (failed == 0) return;
    raise(errc::no_space,
          text(source_.name,
               " is full (",
               bytes_text(n_bytes),
               " needed, ",
               room == SIZE_MAX ? std::string("unknown") : bytes_text(room),
               " available",
               failed == ENOSPC ? "" : "; ",
               failed == ENOSPC ? "" : errno_text(failed),
               *source_.knob == '\0' ? "" : "; ",
               source_.knob,
               ")"));
}

void region::create(segment_header const& header) const {
    auto const lazy_begin = header[section_id::page_map].offset;
    populate(0, lazy_begin);
    std::memcpy(base_, &header, sizeof header);
}

bool region::release(std::uint64_t offset, std::size_t n_bytes) const noexcept {
    return release_pages(base_ + offset, n_bytes);
}

bool region::has_metadata(std::uint64_t offset) const noexcept {
    auto const page = page_of(offset) - first_lazy_page(header());
    auto const word = bit_word(*this, page).load(std::memory_order_acquire);
    return (word >> (page % 64) & 1U) != 0;
}

std::uint64_t region::count_metadata() const noexcept {
    std::uint64_t n = 0;
    for (auto& each : as<std::uint64_t>(section_id::metadata_bits)) {
        auto const bits = std::atomic_ref(each).load(std::memory_order_relaxed);
        n += static_cast<unsigned>(std::popcount(bits));
    }
    return n;
}

void region::ensure_metadata(std::uint64_t offset, std::size_t n_bytes) const {
    if (n_bytes == 0) return;
    auto const last = page_of(offset + n_bytes - 1);
    for (auto page = page_of(offset); page <= last; ++page) {
        if (has_metadata(page * page_bytes)) continue;
        populate(page * page_bytes, page_bytes);
        auto const bit = page - first_lazy_page(header());
        bit_word(*this, bit).fetch_or(1ULL << (bit % 64), std::memory_order_release);
    }
}

} // namespace shmwin::inline v1::detail
