// SPDX-License-Identifier: MIT
// thread_slot: which of a rank's heap slots the calling thread allocates from. A thread takes a
// slot that nobody has, or whose thread or process ended; threads beyond the slots get none.
//
// Layer: memory.
#pragma once

#include "shmwin/memory/region.hpp"

#include "memory/slab.hpp"

#include <cstddef>
#include <cstdint>
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace shmwin::inline v1::detail {

/// What a thread remembers of its last look-up.
struct thread_slot_cache {
    std::uint64_t heap = 0; ///< whose slot it is: rank_slots::heap
    heap_slot* slot = nullptr;
    std::uint64_t user = 0;     ///< this process and thread; 0: not asked yet
    std::uint32_t number = 0;   ///< of the slot among all ranks'
    std::uint32_t patience = 0; ///< calls until it looks again for a slot of its own
    std::uint64_t none_of = 0;  ///< heap that has no slot for it
    slab* last = nullptr;       ///< of its own, in which it freed a block by way of the page
    slab* likely = nullptr;     ///< the same twice; null: not so
};

// Plain, so without a guard; in the static block, so without a call where the library is shared.
// NOLINTNEXTLINE(*-avoid-non-const-global-variables): of a thread, and nothing but a memory of it
extern constinit thread_local thread_slot_cache my_slot [[gnu::tls_model("initial-exec")]];

/// The slots of a rank, and the number of the first of them.
struct rank_slots {
    std::uint64_t heap; ///< number of the handle, in this process; never 0, never used again
    std::byte* first;
    std::uint32_t first_number;
    std::uint32_t n_own; ///< slots that threads have alone; the one behind them is shared

    [[nodiscard]] heap_slot& operator[](std::uint32_t k) const noexcept {
        return *reinterpret_cast<heap_slot*>(first + k * heap_slot_bytes);
    }
};

/// Local. The calling thread's slot; null if there is none for it. Slots become present one by one.
/// @param taken_over  set if the slot's last user died, so that its lists may be half changed
/// @throws out_of_memory (no_space)
[[nodiscard]] heap_slot*
find_thread_slot(region const& where, rank_slots const& slots, bool& taken_over);

/// What a thread did with its slot comes before what the next one does: the kernel says that the
/// thread has ended. ThreadSanitizer does not hear that, and is told here.
inline void slot_was_used([[maybe_unused]] heap_slot& slot) noexcept {
#if defined(__SANITIZE_THREAD__)
    __tsan_release(&slot);
#endif
}

/// Local. Takes a slot that nobody has, or whose thread or process ended, for as long as the caller
/// likes. False if a living thread has it, or the caller.
[[nodiscard]] bool borrow_slot(heap_slot& slot, bool& taken_over) noexcept;

} // namespace shmwin::inline v1::detail
