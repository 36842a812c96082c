// SPDX-License-Identifier: MIT
// save_plan: which bytes of the segment go where in a checkpoint's file. Rank 0, which made the
// file, knows; all ranks need it, and find the same objects in their own memory.
//
// Layer: io.
#pragma once

#include "io/checkpoint_file.hpp"
#include "io/inventory.hpp"
#include "io/payload.hpp"
#include "io/store_state.hpp"

#include <cstdint>
#include <vector>

namespace shmwin::inline v1::detail {

/// An object and its place in the file. Sent between ranks as bytes.
struct planned_part {
    directory_place object{};
    std::uint64_t n_bytes = 0;
    std::uint64_t file_offset = 0;
    std::uint64_t first_block = 0;
    std::uint64_t shared = 1;   ///< 0: each rank may have its own
    chunk_grid chunks{};        ///< of a compressed one
    std::uint64_t in_place = 0; ///< 1: an asynchronous save writes it from where it is
};

struct save_plan {
    std::vector<planned_part> parts;
    std::uint64_t checksums_offset = 0;
    std::uint64_t n_blocks = 0;
    std::uint64_t incremental = 0; ///< 1: with the blocks that the checkpoint of before has

    [[nodiscard]] std::uint64_t n_bytes() const noexcept;
};

/// Local. Of the file that was made for `all`.
[[nodiscard]] save_plan plan_of(checkpoint_file const& written, inventory const& all);

/// All, collective. Rank 0's, on all ranks.
void broadcast_plan(MPI_Comm comm, save_plan& plan);

/// Local. What was planned, as it is in this process's memory, with the blocks that it moves.
/// @throws argument_error (not_found)  an object was destroyed meanwhile
/// @throws runtime_failure (busy)      one has another size now
[[nodiscard]] std::vector<payload_part>
planned_parts(store_communicator const& ranks, save_plan const& plan, inventory& all);

} // namespace shmwin::inline v1::detail
