// SPDX-License-Identifier: MIT
// stored_chunks: where the chunks of a compressed object are in its file, and the checksums of
// their compressed bytes: so any rank reads and inflates those that it needs, without HDF5, and a
// changed bit is found even if it inflates to the same.
//
// Layer: io.
#pragma once

#include "io/checksum.hpp"
#include "io/chunks.hpp"
#include "io/hdf5.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace shmwin::inline v1::detail {

/// As it stands in /.shmwin/chunks.
struct stored_chunk {
    std::uint64_t offset = 0; ///< in the file
    std::uint64_t n_bytes = 0;
    checksum sum{};
};
static_assert(sizeof(stored_chunk) == 32);

struct stored_chunks {
    chunk_grid grid;
    std::vector<stored_chunk> all; ///< by number
};

/// Local. How a data set is cut; nothing if its chunks are not as the library makes them: other
/// filters, or chunks that are no neighbours in memory.
[[nodiscard]] std::optional<chunk_grid> grid_of(hid_t dataset);

/// Local. Sets the places of chunks that were just written. False if HDF5 does not tell.
[[nodiscard]] bool find_places(hid_t dataset, stored_chunks& of);

} // namespace shmwin::inline v1::detail
