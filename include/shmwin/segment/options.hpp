// SPDX-License-Identifier: MIT
// Options of segments and of what is created in them.
//
// Layer: segment.
#pragma once

#include "shmwin/mpi/window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1 {

/// Of a segment. What is set here wins over the environment, that over the default.
struct segment_options {
    /// Bytes for objects; pages cost nothing until they are used. 0: SHMWIN_CAPACITY, or half of
    /// what is free.
    std::size_t capacity = 0;
    /// Where the memory comes from. automatic: SHMWIN_BACKING, or as it fits.
    backing_kind backing = backing_kind::automatic;
    /// Threads of a rank that have a heap of their own. 0: SHMWIN_THREADS_PER_RANK, or 1.
    int threads_per_rank = 0;
    /// False: of all ranks, only the first one's core dump holds the segment.
    bool in_all_core_dumps = false;
    /// How often a wait looks before it gives the processor away. Negative: SHMWIN_SPIN, or what
    /// suits so many ranks on the cores that they may use together. Each rank may have its own.
    int spin = -1;
    /// Longest sleep between two looks at who is still there. 0: SHMWIN_WAIT_SLICE_US, or 50 ms.
    std::chrono::microseconds wait_slice{0};
    /// A wait that lasts so long is warned of, once. 0: none is. Negative: SHMWIN_WAIT_WARN, or
    /// none.
    std::chrono::seconds wait_warn{-1};
    /// May end a wait by throwing: see wait_policy::interrupt. Each rank may have its own.
    void (*interrupt)() = nullptr;
};

/// Who touches an array's pages first; on NUMA machines they come to lie near that rank's core.
enum class touch : std::uint8_t {
    by_rows,    ///< each rank its rows (block_range of dimension 0)
    interleave, ///< all ranks in turn, 64 KiB at a time: for tables that all read everywhere
    later,      ///< whoever writes first. The one mode in which a full memory means SIGBUS
};

/// Of an array or of time levels. The same on all ranks.
struct array_options {
    shmwin::touch touch = shmwin::touch::by_rows;
    std::size_t align = 64;   ///< of the first element, in bytes: a power of two, at most 2 MiB
    bool saved = true;        ///< checkpoints hold it
    bool whole_pages = false; ///< nothing else shares its pages: for protection and registration
    int levels = 2;           ///< how many time levels; only create_levels reads it
};

} // namespace shmwin::inline v1
