// SPDX-License-Identifier: MIT
// The payload of a checkpoint: moved by all ranks, each its blocks, by plain pwrite and pread (or
// from the page cache) between file and memory. No HDF5 and no MPI call here, so any thread can do
// it.
//
// Layer: io.
#pragma once

#include "shmwin/memory/heap.hpp"
#include "shmwin/view/range.hpp"

#include "io/checkpoint_file.hpp"
#include "io/payload_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

class previous_checkpoint;

/// Where an object's bytes are in this process and in the file, and which of them it moves.
struct payload_part {
    payload_source memory; ///< nowhere: the file is only looked at
    std::uint64_t n_bytes = 0;
    std::uint64_t file_offset = 0;
    std::uint64_t first_block = 0;
    range mine{};                 ///< indices among all blocks
    heap const* holder = nullptr; ///< whose pages are made present; null: it is not the segment's
    bool shared = true;           ///< false: each rank may have its own memory
    std::string name{};           ///< in the file
    std::shared_ptr<stored_chunks const> chunks{}; ///< to be read, if it is compressed
};

/// A block whose checksum differs.
struct damaged_block {
    std::uint64_t part;  ///< index among the parts
    std::uint64_t block; ///< index within the part
};

/// Local. Writes this rank's blocks and their checksums. What is not contiguous in memory goes
/// through a buffer of one block.
/// @param previous  open: what is there as well is taken from there; or null
/// @returns  bytes that were taken, not written
/// @throws out_of_memory (no_space), runtime_failure (io_failure)
std::uint64_t write_payload(std::filesystem::path const& path,
                            std::span<payload_part const> parts,
                            std::uint64_t checksums_offset,
                            previous_checkpoint const* previous = nullptr);

/// Local. Reads this rank's blocks into memory and compares their checksums.
/// @returns  the damaged ones, at most 100
/// @throws out_of_memory (no_space), runtime_failure (io_failure, damaged)
[[nodiscard]] std::vector<damaged_block> read_payload(std::filesystem::path const& path,
                                                      std::span<payload_part const> parts,
                                                      std::span<checksum const> expected);

/// Local. Compares checksums of bytes that are in memory already.
[[nodiscard]] std::vector<damaged_block> check_memory(std::span<payload_part const> parts,
                                                      std::span<checksum const> expected);

/// "fields/u, block 3 (bytes 3145728 to 4194303)" for each.
[[nodiscard]] std::vector<std::string> describe_damage(std::vector<damaged_block> const& damage,
                                                       std::vector<stored_object> const& objects);

} // namespace shmwin::inline v1::detail
