// SPDX-License-Identifier: MIT
// errc: the one list of what can go wrong. Its values are stable: they are also the status codes
// of the C interface. New values are added at the end; none is ever reused.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstdint>

namespace shmwin::inline v1 {

/// What went wrong. 0 is success.
enum class errc : std::int32_t {
    ok = 0,
    invalid_argument = 1,  ///< an argument that no call could accept
    not_found = 2,         ///< no object of that name
    already_exists = 3,    ///< the name is taken
    type_mismatch = 4,     ///< the object has another element type or kind
    shape_mismatch = 5,    ///< the object has other dimensions, extents or layout
    out_of_memory = 6,     ///< the segment has no room for the request
    no_space = 7,          ///< the system has no room: /dev/shm, memory, disk
    not_shared = 8,        ///< the ranks cannot share memory
    disagreement = 9,      ///< ranks are in different collective calls, or with other arguments
    peer_left = 10,        ///< another rank threw, returned, exited or died
    owner_died = 11,       ///< the holder of a lock died; the data may be half changed
    not_recoverable = 12,  ///< nobody repaired the data after owner_died
    timed_out = 13,        ///< a deadline passed
    closed = 14,           ///< the segment is closed
    corrupted = 15,        ///< an invariant of the segment does not hold
    bad_pointer = 16,      ///< double free, interior or foreign pointer
    layout_mismatch = 17,  ///< the segment or file was made by an incompatible version
    mpi_failure = 18,      ///< an MPI call failed
    system_failure = 19,   ///< a system call failed
    io_failure = 20,       ///< reading or writing a file failed
    not_a_checkpoint = 21, ///< the file is not ours, or not HDF5
    damaged = 22,          ///< the file is ours, and its bytes have changed
    busy = 23,             ///< somebody else is using it
    unsupported = 24,      ///< valid, but not on this machine or in this version
    out_of_range = 25,     ///< an index beyond its extent, a value beyond its type
    barrier_broken = 26,   ///< a barrier or condition cannot be met: who must come has left or died
    would_deadlock = 27,   ///< the caller would wait for itself
    data_race = 28,        ///< two ranks used an element without a fence between, and one wrote
};

/// Local. The enumerator's name, e.g. "out_of_memory"; "unknown" for a value of a newer version.
SHMWIN_API char const* name(errc code) noexcept;

} // namespace shmwin::inline v1
