// SPDX-License-Identifier: MIT
// checkpoint_options: what a store is asked for, once; checkpoint_label and restore_options: what
// one call is.
//
// Layer: io.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace shmwin::inline v1 {

/// Where an asynchronous save keeps what it has still to write.
enum class staging : std::uint8_t {
    full,    ///< a copy of all: returns after a copy at memory speed; memory: as much again
    bounded, ///< .staging_bytes at a time: returns when the last part is copied; memory: that much
    frozen,  ///< no copy of the segment's own arrays and levels: nothing may be written to them,
             ///< and none destroyed, until it is done; all else is copied
};

/// What a save does while an asynchronous one of the same store is in flight.
enum class when_busy : std::uint8_t {
    wait,   ///< for the one in flight to end; then it begins
    skip,   ///< saves nothing, and says so in its report
    refuse, ///< runtime_failure (busy)
};

/// Of a store. The same on all ranks.
struct checkpoint_options {
    /// Retention runs after each save, and leaves this many: those of the highest steps that are
    /// whole, and those that this job saved or restored last. At least 1. Damaged ones do not
    /// count.
    int keep = 2;
    std::int64_t keep_every = 0; ///< it leaves steps that are multiples of this, too; 0: none
    bool durable = true;         ///< false: no fsync; a power failure may then lose the newest
    bool verify_first = false; ///< restore checks all bytes before it moves the first: reads twice

    /// What is saved: objects whose name fits one of `only` (empty: all) and none of `except`.
    /// Patterns as fnmatch(3) has them without flags: * and ? and [...], where * stops at no slash:
    /// "fields/*" is all of that group, groups in it too. Of bytes, or of characters if the host
    /// has called setlocale().
    std::vector<std::string> only{};
    std::vector<std::string> except{};

    /// Blocks of 256 KiB whose checksum is as in the checkpoint that was saved or restored last are
    /// taken from there by reflink, where the file system has it (xfs, btrfs); elsewhere, and if
    /// that file is gone or was written to, all are written. Each file is complete in itself, but
    /// they share what they have in common on disk: what rots there has rotted in all of them, and
    /// verify() names it in each. Room is not reserved before.
    bool incremental = false;
    /// 1 (fast) to 9 (small): arrays above 64 KiB are stored in chunks near 1 MiB (of arrays above
    /// 2 GiB, a 2048th), shuffled and deflated, as every HDF5 reads them; compressed by all ranks,
    /// placed by the first, inflated by all. 0: not.
    ///
    /// save_async() then does what save() does. Where a chunk goes in the file HDF5 alone decides,
    /// when its size is known and H5Dwrite_chunk places it; a thread beside the host's may not call
    /// HDF5, which is not made for several threads. To compress behind and place at the next call
    /// would leave a file that needs that call to become whole.
    int deflate = 0;

    shmwin::staging staging = staging::full;            ///< of save_async()
    std::size_t staging_bytes = std::size_t{64} << 20U; ///< of staging::bounded, of all ranks
    shmwin::when_busy when_busy = when_busy::wait;

    // When due() says so: each that is set, alone.
    std::int64_t every_steps = 0;                ///< 0: not by steps
    std::chrono::duration<double> every_time{0}; ///< since the last; 0: not by time
    double overhead = 0.0; ///< as often as costs this share of the time (0.01: 1 %); 0: not
    /// Mean time between failures of the job: as often as loses least (Young 1974, Daly 2006)
    /// with the cost that was measured. 0: not.
    std::chrono::duration<double> failure_interval{0};
    /// When the job is ended, after now. 0: SHMWIN_WALL_CLOCK, or what Slurm's environment says, or
    /// never. due() stops in time for one more save.
    std::chrono::duration<double> wall_clock{0};
    /// Caught while the store lives: due() says that one came. The handlers of before are called
    /// too, and come back.
    std::vector<int> signals{};
};

/// A fact about a checkpoint, kept with it as an attribute of the file's root: h5dump -a, h5py's
/// file.attrs and checkpoint_info show it. At most 60,000 bytes each, and 512 KiB together.
struct checkpoint_attribute {
    /// At most 255 bytes; not one of the library's own (step, time, created, created_ns, uuid,
    /// parent_uuid, n_ranks, shmwin_...).
    std::string name;
    std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>>
        value;
};

/// What the caller tells of a checkpoint.
struct checkpoint_label {
    std::int64_t step = 0;                          ///< 0 or more; part of the file's name
    double time = 0.0;                              ///< model time, in the caller's unit
    std::vector<checkpoint_attribute> attributes{}; ///< the same on all ranks
};

/// What per-rank containers are given, when another number of ranks restores them.
enum class other_ranks : std::uint8_t {
    redistribute, ///< block_range() of the whole, in order
    refuse,       ///< argument_error (shape_mismatch)
};

/// How a checkpoint comes back. The same on all ranks.
struct restore_options {
    /// Objects that only the file has are left there, and objects that only the segment has stay
    /// as they are. Both are listed in the info.
    bool partial = false;
    /// Numbers of another type are converted, if every one fits; else out_of_range, and nothing
    /// has changed. Not structures, fixed arrays, texts, enumerations, bool.
    bool convert = false;
    std::vector<std::string> only{};   ///< as in checkpoint_options: what is restored
    std::vector<std::string> except{}; ///< what is not
    shmwin::other_ranks other_ranks = other_ranks::redistribute;
};

} // namespace shmwin::inline v1
