// SPDX-License-Identifier: MIT
// checkpoint_store: a directory of checkpoints of a segment. Each is one plain HDF5 file that
// h5dump, h5py and xarray read with nothing of ours.
//
// Layer: io. HDF5 stays inside the sources.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/io/checkpoint_options.hpp"
#include "shmwin/io/due.hpp"
#include "shmwin/io/left_out.hpp"
#include "shmwin/io/pending_save.hpp"
#include "shmwin/segment/segment.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::inline v1 {

/// What is known of a checkpoint.
struct checkpoint_info {
    std::filesystem::path file;
    std::int64_t step = 0;
    double time = 0.0;
    int n_ranks = 0;             ///< that wrote it; any number may read it
    std::int64_t created_ns = 0; ///< after 1970, UTC
    std::string uuid;            ///< of this checkpoint
    std::string parent_uuid;     ///< of the one before it in this run, or restored from; or empty
    std::vector<checkpoint_attribute> attributes; ///< of its label, by name

    // Of a restore: objects that it was asked for, and that were on one side alone.
    std::vector<std::string> only_in_file;    ///< created; with .partial, left there
    std::vector<std::string> only_in_segment; ///< with .partial: as they were
};

struct save_report {
    std::filesystem::path file;
    std::size_t n_bytes = 0;               ///< of payload
    std::size_t n_bytes_written = 0;       ///< of it, as it was written: compressed, if it was
    std::size_t n_bytes_reused = 0;        ///< of it, taken from the checkpoint before
    double seconds = 0.0;                  ///< until it was durable
    bool skipped = false;                  ///< nothing was saved: .when_busy = skip
    std::vector<std::string> saved;        ///< names
    std::vector<left_out_object> left_out; ///< by name, with the reason; locks need none
};

enum class verdict : std::uint8_t {
    intact,   ///< every byte is as it was written
    repacked, ///< the payload is; another tool rewrote the structure around it
    damaged,  ///< something changed: see problems
};

struct verify_report {
    verdict result = verdict::damaged;
    std::vector<std::string> problems; ///< object and block, or what part of the structure
    std::size_t n_bytes = 0;           ///< of payload that was checked
};

/// Saves, finds, checks and restores checkpoints. Everything of it is all, collective over the
/// communicator that it was made from, and succeeds on all ranks or throws the same error on all.
///
/// A file appears under its name when it is whole and durable, never before: it is written under a
/// hidden name without the HDF5 signature, which no HDF5 reader opens; then the signature is put
/// in, and the file is renamed. Older checkpoints are removed only after that. A process that is
/// killed at any moment leaves every earlier checkpoint as it was.
class SHMWIN_API checkpoint_store {
  public:
    /// All, collective over `comm`. Makes the directory if it is missing, and sweeps what dead
    /// jobs left there.
    ///
    /// @param path  directory and stem: "run/state" gives run/state-000000001200.h5
    /// @throws runtime_failure (io_failure)  the directory cannot be made or written
    /// @throws runtime_failure (busy)        another job has this store open
    /// @throws argument_error (invalid_argument)  path or options are not possible
    checkpoint_store(MPI_Comm comm,
                     std::filesystem::path const& path,
                     checkpoint_options const& options = {});

    checkpoint_store(checkpoint_store&& other) noexcept;
    checkpoint_store& operator=(checkpoint_store&& other) noexcept;
    checkpoint_store(checkpoint_store const&) = delete;
    checkpoint_store& operator=(checkpoint_store const&) = delete;
    ~checkpoint_store();

    /// All, collective. Writes every saved object (arrays; the now of levels; values; objects,
    /// synchronized data, queues and per-rank containers of element types), by all ranks, straight
    /// from the segment. A checkpoint of the same step is replaced. The objects must not change
    /// meanwhile; it begins and ends with a fence.
    ///
    /// Per-rank containers "x" become two data sets: x/data, the elements of all ranks in their
    /// order, and x/offsets, n_ranks + 1 int64: those of rank r are data[offsets[r]:offsets[r +
    /// 1]]. Queues become one of their tasks in order, leased ones among them; meanwhile no thread
    /// may push or end a lease. Of synchronized objects and arrays the data are written, never the
    /// lock, which save() does not take.
    ///
    /// What is not written is listed in the report with the reason: transient objects, those with
    /// .saved = false, those whose elements have no description, and what .only and .except of the
    /// store leave out. The label's attributes are written as attributes of the file's root.
    ///
    /// Memory beside the segment, on each rank: a buffer of 256 KiB, 16 bytes for each block of
    /// 256 KiB that it writes, and a description of each object; with .incremental, 16 bytes for
    /// each block of the checkpoint before; with .deflate three chunks near 1 MiB, on the first
    /// rank four.
    ///
    /// @throws argument_error (invalid_argument)  the step is negative; an attribute has a name
    ///         that is empty, the library's own or there twice, or is too large; or an object's
    ///         name is also a group of another's
    /// @throws out_of_memory (no_space)      the disk has no room: required, available, path
    /// @throws runtime_failure (io_failure)  writing failed: call, path, reason
    /// @throws runtime_failure (unsupported) the communicator spans several nodes
    /// @throws runtime_failure (busy)        a per-rank container or a queue changed meanwhile
    /// @throws runtime_failure (data_race)   checked views found one; nothing is written
    save_report save(segment& seg,
                     checkpoint_label const& label,
                     source_line const& where = source_line::current());

    /// All, collective. As save(), but returns when all bytes are copied into shared memory of the
    /// store (.staging): about as long as a memcpy by all ranks takes. A thread of rank 0, which
    /// calls neither MPI nor HDF5, writes them behind; MPI_THREAD_FUNNELED is enough. What is
    /// written to objects, or destroyed, after the return is not in the file.
    ///
    /// The first call, and one that saves more than those before, makes that memory, which the
    /// store keeps: as much as is saved; with .staging = bounded .staging_bytes, and 256 KiB a rank
    /// at least, but it returns only when the last part is copied. With .deflate it does what
    /// save() does.
    ///
    /// One save of a store is in flight at a time: .when_busy says what a second save_async() does;
    /// every other call of the store, but due(), waits for its end first. An error of the thread
    /// is logged, and thrown by wait(); if nobody waited, by the next save() or save_async(), which
    /// then saves nothing. segment::close() and the end of the store wait for nothing; MPI_Finalize
    /// and exit() do, until the file is whole. Whatever else ends the process leaves the
    /// checkpoints of before, as in save().
    ///
    /// @throws as save(), but what the thread finds: wait() throws that
    /// @throws out_of_memory (no_space)  there is no room for the copy: what is needed, and the
    /// knob
    /// @throws runtime_failure (busy)    one is in flight, with .when_busy = refuse
    /// @throws peer_left  a rank left or died meanwhile; the file is gone, or whole
    pending_save save_async(segment& seg,
                            checkpoint_label const& label,
                            source_line const& where = source_line::current());

    /// All, collective. Restores the newest whole checkpoint; nothing, if the directory holds
    /// none at all. What is skipped is logged with the reason. Fills objects that exist in place
    /// (handles, views and pointers stay valid), creates the others.
    ///
    /// @throws runtime_failure (damaged)  there are checkpoints, and none is whole: never a
    ///         fresh start by accident
    /// @throws as restore()
    std::optional<checkpoint_info>
    restore_latest(segment& seg,
                   restore_options const& how = {},
                   source_line const& where = source_line::current());

    /// All, collective. Restores that file. Names, types and shapes are checked before the first
    /// byte moves; every block's checksum on the way.
    ///
    /// Only objects that .only and .except of `how` take are looked at, on both sides: the others
    /// stay in the file, or as they are. What the store itself leaves out of its files need not be
    /// in one. Without .partial, each saved object of the segment must be in the file; objects of
    /// the file alone are created. With .partial, what both have is restored, the rest stays where
    /// it is. The info lists what was on one side alone.
    ///
    /// With .convert, elements of another type are converted, of every kind of object: numbers
    /// (integers, floating-point) into numbers, complex ones into complex ones. All are tried
    /// before the first is written, so those objects are read twice, each rank through a buffer of
    /// a few MiB. Integers, and what becomes one, must be the same number; floating-point numbers
    /// are rounded, and must not be too large.
    ///
    /// Per-rank containers must have been created before: only the program knows their types. As
    /// many ranks as saved them get what each had; any other number gets block_range() of the
    /// whole, in order, or an error with .other_ranks = other_ranks::refuse. Each rank's own grows,
    /// so spans of them end.
    ///
    /// Queues are replaced as a whole, when all blocks were right: leases that are out then are
    /// void (their done() says false), and attempts count anew.
    ///
    /// Memory beside the segment, on each rank: a buffer of 256 KiB, or a window of 8 MiB on the
    /// file; checksums of all blocks, and a description of each object. Of compressed files, which
    /// all ranks inflate, three chunks near 1 MiB. Of files that another tool rewrote in chunks, on
    /// the first rank, a copy of the largest object that is not contiguous in memory.
    ///
    /// Locks stay as they are, also those of synchronized data, which are filled without them; a
    /// new one is free.
    ///
    /// @throws argument_error (type_mismatch, shape_mismatch)  an object differs; nothing changed
    /// @throws argument_error (not_found)  a saved object of the segment is not in the file, or
    ///         per-rank containers of the file are not in the segment: the text names what is on
    ///         one side alone, of both; nothing changed
    /// @throws argument_error (out_of_range)  with .convert: a value does not fit; object, place,
    ///         and why; nothing changed
    /// @throws runtime_failure (busy)  an object is write-protected; nothing changed
    /// @throws out_of_memory  the segment has no room; contents are as they were, but per-rank
    ///         containers may keep room that was made for them
    /// @throws runtime_failure (not_a_checkpoint, damaged, io_failure)  if a block is damaged, the
    ///         contents of the objects are unspecified, unless .verify_first is set
    /// @throws runtime_failure (data_race)  checked views found one; nothing changed
    checkpoint_info restore(segment& seg,
                            std::filesystem::path const& file,
                            restore_options const& how = {},
                            source_line const& where = source_line::current());

    /// All ranks, in the same order, but not together. Is a checkpoint due, by the options of the
    /// store, now that `step` has been done, and why? The same answer on all ranks: rank 0's. It
    /// waits for nobody when nothing is due; another rank waits until rank 0 has come to that call,
    /// and drives MPI meanwhile.
    ///
    /// Steps count from 0: after `step` there are step + 1, and that is the label to save under.
    /// .every_steps = 100 is due when step + 1 is a multiple of 100, or when one lies between the
    /// last call and this one. Time runs from the last save or restore. .overhead and
    /// .failure_interval count with the time that saves took, before the first with that of the
    /// restore; without one they are due at once, to find it out. .wall_clock is due when the time
    /// that is left is for one step and two saves; before the first save, for one step and a tenth
    /// of the time (5 minutes at most). A signal is due once for each time it comes, at whatever
    /// rank, within the next calls. What is due stays so until something is saved, but for signals
    /// and steps.
    ///
    ///     if (auto why = store.due(step)) {
    ///         store.save(seg, {.step = step + 1});
    ///         if (why.stop()) return 85;
    ///     }
    ///
    /// mpirun kills its ranks about a second after it gets SIGTERM; SIGUSR1 it passes on. So that
    /// is the one to ask the batch system for.
    ///
    /// @throws peer_left  a rank left or died: who waits learns it within a second
    /// @throws runtime_failure (disagreement)  a rank asks for another step than rank 0. Found
    ///         unless rank 0 is many calls ahead; thrown on that rank, the others get peer_left
    /// @throws argument_error (invalid_argument)  the step is negative
    /// @complexity  a store by rank 0, a load by each other rank, in a small segment that the first
    ///         call makes (all, collective). On several nodes: three small messages to all
    [[nodiscard]] due_reason due(std::int64_t step,
                                 source_line const& where = source_line::current());

    /// All, collective. The newest checkpoint whose structure is whole; nothing if there is none.
    /// Does not read the payload.
    [[nodiscard]] std::optional<checkpoint_info> latest() const;

    /// All, collective. All checkpoints of this store, oldest first, by their names alone.
    [[nodiscard]] std::vector<std::filesystem::path> list() const;

    /// All, collective. Retention leaves that file, in this job and all later ones, until unpin().
    /// It is the step that is pinned: who saves it anew replaces a pinned file, too. Pinned twice
    /// is pinned.
    /// @throws argument_error (not_found)    it is none of this store's
    /// @throws runtime_failure (io_failure)
    void pin(std::filesystem::path const& file);
    /// All, collective. Ends pin(): the next save may remove the file.
    /// @throws as pin()
    void unpin(std::filesystem::path const& file);
    /// All, collective. The pinned ones, oldest first.
    [[nodiscard]] std::vector<std::filesystem::path> pinned() const;

    /// All, collective. Removes the checkpoints of later steps: the way to go on for good from an
    /// older one than the newest,
    ///
    ///     auto const at = store.restore(seg, file);
    ///     store.discard_after(at.step);
    ///
    /// Without it those of the other branch stay: restore_latest() takes the highest step, whatever
    /// its branch, and a save replaces one of the same step. Retention then keeps the last of both:
    /// the highest steps, and what this job saved or restored last. Each file tells where it came
    /// from by its parent_uuid.
    ///
    /// @returns  what was removed, newest first
    /// @throws argument_error (not_found)  of what would be left, nothing is whole (structures are
    ///         read, no payload); nothing was removed
    /// @throws argument_error (invalid_argument)  a later one is pinned; nothing was removed
    /// @throws runtime_failure (io_failure)       some may have been removed, newest first
    std::vector<std::filesystem::path> discard_after(std::int64_t step);

    /// All, collective. Reads every byte of a file and compares checksums.
    /// @throws runtime_failure (not_a_checkpoint, io_failure)
    [[nodiscard]] verify_report verify(std::filesystem::path const& file) const;

    struct state;

  private:
    [[nodiscard]] std::vector<std::filesystem::path> newest_first() const;

    std::unique_ptr<state> state_;
};

} // namespace shmwin::inline v1
