// SPDX-License-Identifier: MIT
// npy: the begin of a file in NumPy's format, version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
//
// Layer: cli.
#pragma once

#include "shmwin/base/dtype.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace shmwin::cli {

/// Local. What stands before the elements. Types are as h5py shows them: texts in fixed length as
/// bytes, enumerations as their integers, structures with their offsets; an array of fixed arrays
/// has more dimensions.
/// @param shape  slowest dimension first
/// @throws runtime_failure (unsupported)  a structure of so many members that version 1.0 has no
///         room for them (64 KiB)
[[nodiscard]] std::string npy_header(dtype const& type, std::span<std::uint64_t const> shape);

} // namespace shmwin::cli
