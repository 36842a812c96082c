// SPDX-License-Identifier: MIT
// region: a segment as this process sees it: where it is mapped, and which of its pages are
// there. A page that was never populated is a hole: touching one when the system is out of memory
// is SIGBUS. So whoever writes to a page first asks the region to make it present, which fails
// with an error instead.
//
// Layer: memory.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/memory/header.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// Asks how many bytes may still be populated. Process-local.
struct page_source {
    /// Bytes that this segment may still take, of which `wanted` are asked for now; SIZE_MAX if
    /// nobody knows.
    std::size_t (*room)(void* context, std::size_t wanted) = nullptr;
    void* context = nullptr;
    char const* name = "memory"; ///< for error texts: "/dev/shm"
    char const* knob = "";       ///< for error texts: what to change
};

/// Process-local handle to the bytes. Cheap to copy.
class region {
  public:
    /// @param base  start of the header; aligned to a page
    region(std::byte* base, page_source const& source) noexcept : base_(base), source_(source) {}

    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    [[nodiscard]] segment_header const& header() const noexcept {
        return *reinterpret_cast<segment_header const*>(base_);
    }

    /// Local. Address, in this process, of an offset. nullptr for 0.
    [[nodiscard]] std::byte* at(std::uint64_t offset) const noexcept {
        return offset == 0 ? nullptr : base_ + offset;
    }

    /// Local. Offset of an address. 0 for nullptr.
    [[nodiscard]] std::uint64_t offset_of(void const* address) const noexcept {
        return address == nullptr
                   ? 0
                   : static_cast<std::uint64_t>(static_cast<std::byte const*>(address) - base_);
    }

    /// Local. True if the address lies among the segment's objects.
    [[nodiscard]] bool owns(void const* address) const noexcept {
        auto const& pages = header()[section_id::pages];
        auto const first = reinterpret_cast<std::uintptr_t>(base_) + pages.offset;
        auto const asked = reinterpret_cast<std::uintptr_t>(address);
        return asked >= first && asked - first < pages.n_bytes;
    }

    /// A section as an array of T.
    template <typename T>
    [[nodiscard]] std::span<T> as(section_id which) const noexcept {
        auto const& where = header()[which];
        SHMWIN_EXPECT(where.offset % alignof(T) == 0);
        return {reinterpret_cast<T*>(base_ + where.offset), where.n_bytes / sizeof(T)};
    }

    /// Local. Writes the header and makes everything present that is needed from the start. On
    /// fresh, zeroed bytes, in one process, before any other attaches.
    /// @throws out_of_memory (no_space)
    SHMWIN_API void create(segment_header const& header) const;

    /// Local. Makes metadata present: the bytes [offset, offset + n_bytes) of the sections
    /// page_map, page_links, page_bits. Cheap if they are.
    /// @throws out_of_memory (no_space)
    SHMWIN_API void ensure_metadata(std::uint64_t offset, std::size_t n_bytes) const;

    /// Local. True if the metadata page that holds `offset` is present.
    [[nodiscard]] SHMWIN_API bool has_metadata(std::uint64_t offset) const noexcept;

    /// Local. How many metadata pages are present. O(pages / 32,000).
    [[nodiscard]] SHMWIN_API std::uint64_t count_metadata() const noexcept;

    /// Local. Populates fresh bytes.
    /// @throws out_of_memory (no_space) naming what is full, the bytes needed and there, the knob
    SHMWIN_API void populate(std::uint64_t offset, std::size_t n_bytes) const;

    /// Local. As populate(), for what would only be good to have.
    /// @returns  false if it cannot be had
    SHMWIN_API bool try_populate(std::uint64_t offset, std::size_t n_bytes) const noexcept;

    /// Local. Gives the memory of whole pages back to the system; they are holes again, which read
    /// as 0 in every process.
    /// @returns  false if the system cannot do that here; nothing changed
    SHMWIN_API bool release(std::uint64_t offset, std::size_t n_bytes) const noexcept;

  private:
    [[nodiscard]] std::size_t room_for(std::size_t n_bytes) const noexcept;

    std::byte* base_;
    page_source source_;
};

} // namespace shmwin::inline v1::detail
