// SPDX-License-Identifier: MIT
// compress_parts: the compressed objects of a save. All ranks compress, chunk by chunk in turn;
// rank 0, which has the file open, gets the bytes in messages and places them. At most two chunks
// and their compressed bytes are in each rank's memory.
//
// Layer: io.
#pragma once

#include "io/payload.hpp"
#include "io/save_file.hpp"
#include "io/save_plan.hpp"
#include "io/store_state.hpp"

#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// All, collective. After create() and before close_structure() of rank 0's file.
/// @returns  on rank 0, bytes that were stored
/// @throws out_of_memory, runtime_failure (io_failure)
std::uint64_t compress_parts(store_communicator const& ranks,
                             save_plan const& plan,
                             std::span<payload_part const> parts,
                             int level,
                             save_file& into);

} // namespace shmwin::inline v1::detail
