// SPDX-License-Identifier: MIT
// heap_attachment: how an object in the segment finds the heap it lives in. It may hold no
// address, and a heap's handle is one process's own; so each process keeps a table of the
// segments it has attached, by the address of their first byte.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/heap.hpp"

#include <cstddef>

namespace shmwin::inline v1::detail {

struct attached_heap;
class retired_blocks;

/// An entry of the table, for as long as the object lives: made where a segment is attached.
class SHMWIN_API heap_attachment {
  public:
    /// @param memory   stays where it is, and valid, as long as this
    /// @param retired  so does it; nullptr: what is retired is free at once
    explicit heap_attachment(heap const& memory, retired_blocks* retired = nullptr);
    heap_attachment(heap_attachment const&) = delete;
    heap_attachment(heap_attachment&&) = delete;
    heap_attachment& operator=(heap_attachment const&) = delete;
    heap_attachment& operator=(heap_attachment&&) = delete;
    ~heap_attachment();

  private:
    attached_heap* entry_;
};

/// Local. The heap of the segment whose first byte stands at `base`; nullptr if this process has
/// none there. Safe from any thread, without a lock. O(1).
[[nodiscard]] SHMWIN_API heap const* find_heap(std::byte const* base) noexcept;

/// Local. As find_heap().
/// @throws runtime_failure (closed)  there is none
[[nodiscard]] SHMWIN_API heap const& require_heap(std::byte const* base);

/// Local. Gives a block of that heap back when all ranks have met.
/// @throws argument_error (bad_pointer)  as heap::deallocate(), if there are no meetings
SHMWIN_API void retire(heap const& memory, void* block);

[[noreturn]] SHMWIN_API void raise_too_many(std::size_t n, std::size_t element_bytes);

} // namespace shmwin::inline v1::detail
