// SPDX-License-Identifier: MIT
// segment: what users open. One range of memory that all ranks of a node share, with a heap and
// a directory of named, typed objects in it.
//
// Layer: segment.
#pragma once

#include "shmwin/memory/memory_resource.hpp"
#include "shmwin/segment/group.hpp"
#include "shmwin/segment/memory_map.hpp"
#include "shmwin/segment/options.hpp"

#include <mpi.h>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shmwin::inline v1 {

/// Owner of this rank's part in a segment; move-only. Everything is created through it (see
/// object_group), and lives until destroy() or close().
///
/// A segment that is destroyed without close() (by an exception, an early return) ends this
/// rank's part alone: it never waits, and every other rank's wait throws peer_left, naming this
/// rank, within a second. The MPI window is then freed at the beginning of MPI_Finalize.
class SHMWIN_API segment : public object_group {
  public:
    /// All, collective over the communicator that `on` was made from: each node gets its own
    /// segment. Costs one MPI window, and metadata of 0.6 % of the pages in use.
    ///
    /// @throws out_of_memory (no_space)  less memory is there: required and available bytes, knob
    /// @throws argument_error (invalid_argument)  an option or variable is not possible
    /// @throws runtime_failure (not_shared, disagreement, mpi_failure, system_failure)
    ///         all of them on all ranks, in seconds
    explicit segment(node const& on,
                     segment_options const& options = {},
                     source_line const& where = source_line::current());

    segment(segment&& other) noexcept;
    segment& operator=(segment&& other) noexcept;
    segment(segment const&) = delete;
    segment& operator=(segment const&) = delete;
    ~segment();

    /// Node, collective. All stores before it, on any rank, are visible to all ranks after it.
    /// Drives MPI while it waits, so no message of the host can dead-lock it. Orders loads and
    /// stores, not RMA: for that, MPI_Win_sync and MPI_Win_flush as MPI says.
    ///
    /// @throws peer_left, runtime_failure (disagreement, closed)
    /// @throws runtime_failure (data_race)  checked views found one; the fence was met all the same
    /// @see MPI 3.1, 11.5.4 (memory and process synchronisation)
    void fence(source_line const& where = source_line::current());

    /// These ranks, collective. All stores before it, on any of them, are visible to all of them
    /// after it; other ranks go on. Drives MPI as fence() does. Ranks in any order; of all ranks it
    /// is fence(). Each set keeps some 400 bytes of the segment.
    ///
    /// @throws argument_error (invalid_argument)  on this rank alone: it is not among the ranks,
    ///         one is none, or is given twice
    /// @throws barrier_broken  one of them left or died: on all of them, now and later
    /// @throws as fence()      of all ranks; else runtime_failure (closed)
    /// @throws out_of_memory
    /// @complexity  as barrier::arrive_and_wait(), and a look at a map of the sets used before
    void fence(std::span<int const> ranks, source_line const& where = source_line::current());
    void fence(std::initializer_list<int> ranks,
               source_line const& where = source_line::current()) {
        fence(std::span(ranks.begin(), ranks.size()), where);
    }

    /// Node, collective. Gives the memory of the heap's free pages back to the system, after each
    /// rank has collected its own; pages of metadata stay. Nothing else ever does: once one process
    /// has given pages back, those that another has registered (with a network card, a GPU) are
    /// orphans that hold old data. So no transfer and no registration may be live on memory that
    /// was freed.
    ///
    /// @returns  bytes given back, the same on all ranks; 0 where the system cannot take them
    /// @throws peer_left, runtime_failure (disagreement, closed), out_of_memory (no_space)
    /// @complexity  O(pages); allocations of whole pages wait meanwhile
    std::size_t trim(source_line const& where = source_line::current());

    /// Node, collective. Ends the segment for all: waits for all ranks, frees the MPI window.
    /// What handles and views show stays mapped while they exist. A second close() does nothing.
    /// @throws peer_left, runtime_failure (disagreement)
    void close(source_line const& where = source_line::current());

    /// Local. Ends this rank's part before the others', with a reason that they get to read.
    void leave(std::string_view text) noexcept;

    /// Local. False after close() or leave().
    [[nodiscard]] bool is_open() const noexcept;

    /// Local. Who broke the segment by leaving it, as an error to throw or print; nothing if all
    /// are there, as far as anybody has noticed.
    [[nodiscard]] std::optional<error_info> abandoned() const;

    /// Local. The heap: allocate() and deallocate() for any rank and thread, stats(), verify().
    [[nodiscard]] shmwin::heap const& heap() const noexcept;

    /// Local. For private std::pmr containers whose bytes lie in the segment; keeps it mapped.
    [[nodiscard]] shmwin::memory_resource memory_resource() const noexcept;

    /// Local. Checks every invariant of heap and directory, while nobody changes them. O(pages).
    [[nodiscard]] heap_report verify(std::size_t limit = 20) const;

    /// Local. Where the memory went: totals, and every named object with its type, shape, bytes,
    /// rank and source line. .text() for people, .json() for scripts. O(n log n).
    [[nodiscard]] shmwin::memory_map memory_map() const;

    /// Local. What every rank does, holds and waits for, and what objects there are: the text of
    /// shmwin_dump(). A snapshot while others go on. O(objects * (ranks + waits)).
    [[nodiscard]] std::string report() const;
    /// Local. The same, to stderr.
    void dump() const;

    /// Local. How this rank waits: what was chosen when it attached.
    [[nodiscard]] shmwin::wait_policy const& wait_policy() const noexcept;

    /// Local. This rank's number among the segment's, in node.comm().
    [[nodiscard]] int rank() const noexcept;
    /// Local. How many ranks share the segment.
    [[nodiscard]] int n_ranks() const noexcept;
    /// Local. Where the memory comes from: mpi_window or memfd.
    [[nodiscard]] backing_kind backing() const noexcept;
    /// Local. Bytes for objects.
    [[nodiscard]] std::size_t capacity() const noexcept;
    /// Local. For RMA on the segment: displacement = rma_offset() + an object's offset().
    /// MPI_WIN_NULL if the backing is memfd, and after close().
    [[nodiscard]] MPI_Win rma() const noexcept;
    [[nodiscard]] MPI_Aint rma_offset() const noexcept;

  private:
    void end() noexcept;
};

} // namespace shmwin::inline v1
