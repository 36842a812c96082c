// SPDX-License-Identifier: MIT
// seal: the checksum of a checkpoint's structure, which is every byte outside the payload, and the
// table that lets it be compared before HDF5 looks at a byte: HDF5 1.10 trusts what it reads, and
// may die of a damaged file. The table stands behind HDF5's part of the file, which no other reader
// minds; a tool that rewrites or edits the file drops it, and the file is then read as what it is.
//
//     0               hdf5_bytes                                            n_bytes
//     |  HDF5's part  | first, last of each range that is payload | footer |
//
// Numbers are 8 bytes, little endian. The footer: place of the record, number of ranges,
// hdf5_bytes, "shmwinS1".
//
// Layer: io.
#pragma once

#include "io/checkpoint_file.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace shmwin::inline v1::detail {

/// Local. The table of a file of which HDF5 has made n_bytes.
[[nodiscard]] std::vector<std::byte> seal_table(checkpoint_file const& of);

/// Local. Checksum of every byte outside payload and record. The signature counts as whole.
[[nodiscard]] checksum structure_checksum(std::filesystem::path const& path,
                                          checkpoint_file const& of);

/// Local. True if the file has its table, and its structure is as it was written; false if it has
/// no table, and may be another tool's. No HDF5.
/// @throws runtime_failure (damaged, io_failure)
[[nodiscard]] bool is_sealed(std::filesystem::path const& path);

/// Local. Whether what HDF5 found is what was written.
/// @throws runtime_failure (damaged, io_failure)
[[nodiscard]] bool
is_as_written(std::filesystem::path const& path, checkpoint_file const& found, bool sealed);

} // namespace shmwin::inline v1::detail
