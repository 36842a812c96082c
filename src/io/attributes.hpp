// SPDX-License-Identifier: MIT
// attributes: what the caller tells of a checkpoint, as attributes of the file's root under their
// own names, beside the library's.
//
// Layer: io.
#pragma once

#include "shmwin/io/checkpoint_options.hpp"

#include "io/hdf5.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace shmwin::inline v1::detail {

// HDF5 1.10 keeps no more than 64 KiB in one; and the structure stays small.
inline constexpr std::size_t most_attribute_bytes = 60'000;
inline constexpr std::size_t most_attributes_bytes = std::size_t{512} << 10U;

/// Local.
/// @throws argument_error (invalid_argument)  a name is empty, the library's own, too long or there
///         twice; a text has a zero in it; one, or all together, are too large
void check_attributes(std::vector<checkpoint_attribute> const& all);

/// Local. On `file`, as h5py writes them.
void write_attributes(hid_t file, std::vector<checkpoint_attribute> const& all);

/// Local. All but the library's own, by name; also what other tools added, if it is an integer, a
/// number or a text, or an array of numbers.
/// @throws runtime_failure (damaged)
[[nodiscard]] std::vector<checkpoint_attribute> read_attributes(hid_t file,
                                                                std::filesystem::path const& path);

} // namespace shmwin::inline v1::detail
