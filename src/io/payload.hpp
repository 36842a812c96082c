// SPDX-License-Identifier: MIT
// The payload of a checkpoint: moved by all ranks, each its blocks, by plain pwrite and pread (or
// from the page cache) between file and segment. No HDF5 and no MPI call here, so any thread can do
// it.
//
// Layer: io.
#pragma once

#include "shmwin/memory/heap.hpp"
#include "shmwin/view/range.hpp"

#include "io/checkpoint_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// Where an object's bytes are in the segment and in the file. Sent between ranks as bytes.
struct payload_part {
    std::uint64_t memory_offset;
    std::uint64_t n_bytes;
    std::uint64_t file_offset;
    std::uint64_t first_block;
};

/// A block whose checksum differs.
struct damaged_block {
    std::uint64_t part;  ///< index among the parts
    std::uint64_t block; ///< index within the part
};

/// Local. Writes the blocks of `mine` (indices among all blocks) and their checksums.
/// @throws out_of_memory (no_space), runtime_failure (io_failure)
void write_payload(std::filesystem::path const& path,
                   std::byte const* base,
                   std::span<payload_part const> parts,
                   std::uint64_t checksums_offset,
                   range mine);

/// Local. Reads the blocks of `mine` into the segment and compares their checksums. With `target`
/// null it only compares.
/// @returns  the damaged ones, at most 100
/// @throws out_of_memory (no_space), runtime_failure (io_failure, damaged)
[[nodiscard]] std::vector<damaged_block> read_payload(std::filesystem::path const& path,
                                                      heap const* target,
                                                      std::span<payload_part const> parts,
                                                      std::span<checksum const> expected,
                                                      range mine);

/// Local. Compares checksums of bytes that are in memory already.
[[nodiscard]] std::vector<damaged_block> check_memory(std::byte const* base,
                                                      std::span<payload_part const> parts,
                                                      std::span<checksum const> expected,
                                                      range mine);

/// "fields/u, block 3 (bytes 3145728 to 4194303)" for each.
[[nodiscard]] std::vector<std::string> describe_damage(std::vector<damaged_block> const& damage,
                                                       std::vector<stored_object> const& objects);

} // namespace shmwin::inline v1::detail
