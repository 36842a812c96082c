// SPDX-License-Identifier: MIT
// dtype to HDF5 datatype and back: the door's one list. Types are as h5py writes them.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "base/dtype_made.hpp"
#include "io/hdf5.hpp"

namespace shmwin::inline v1::detail {

/// The HDF5 datatype of an element, in memory and in files: the bytes are the same.
///
///     bool         enum of int8 {FALSE = 0, TRUE = 1}   wchar_t, char8_t, ...  integer
///     std::byte    opaque of 1 byte                     char, char[N]          string, null-padded
///     complex      compound {r, i}                      T[N]                   array
///     structure    compound with its offsets and size   enumeration            enum
[[nodiscard]] h5_handle h5_type_of(dtype const& type);

/// The dtype whose elements have just these bytes, or why there is none: other byte orders and
/// formats, text of variable length, references, ... Text in fixed length may also end with a zero.
[[nodiscard]] made_dtype dtype_of_h5(hid_t type);

} // namespace shmwin::inline v1::detail
