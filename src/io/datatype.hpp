// SPDX-License-Identifier: MIT
// dtype to HDF5 datatype: the door's one list. Types are as h5py writes them.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "io/hdf5.hpp"

namespace shmwin::inline v1::detail {

/// The HDF5 datatype of an element, in memory and in files: the bytes are the same.
///
///     bool        enum of int8 {FALSE = 0, TRUE = 1}        complex   compound {r, i}
///     std::byte   opaque of 1 byte                          char      string of 1 byte,
///     null-padded wchar_t, char8_t, char16_t, char32_t   integer of that size
[[nodiscard]] h5_handle h5_type_of(dtype type);

} // namespace shmwin::inline v1::detail
