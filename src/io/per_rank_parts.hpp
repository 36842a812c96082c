// SPDX-License-Identifier: MIT
// Per-rank containers in files: two data sets for each, which any number of ranks reads.
//
//     <name>/data       | elements of rank 0 | of rank 1 | ...    the containers' element type
//     <name>/offsets    | 0 | first of rank 1 | ... | all |       int64, n_ranks + 1
//
// Layer: io.
#pragma once

#include "shmwin/segment/per_rank_access.hpp"

#include "io/checkpoint_file.hpp"
#include "io/inventory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// Local. The data set of all ranks' elements; that of the offsets, whose bytes it owns.
[[nodiscard]] inventory_item per_rank_data(segment_core const& of, directory_entry const& entry);
[[nodiscard]] inventory_item per_rank_offsets(segment_core const& of, directory_entry const& entry);

/// Local. Checks that both data sets of each container are there, side by side.
/// @throws runtime_failure (damaged)
void check_per_rank(checkpoint_file const& found);

/// Local. Checks that an object of the segment is what the file holds: containers, of the same
/// element type.
/// @param stored  the containers' elements
/// @throws argument_error (type_mismatch)
void check_per_rank_fit(segment_core const& target,
                        stored_object const& stored,
                        object_record const& found);

/// Local. True if they begin with 0, never fall, and end with n.
[[nodiscard]] bool are_offsets(std::span<std::int64_t const> offsets, std::int64_t n) noexcept;

/// Local. How many elements a rank gets: as many as the same one had, or, if there were others, its
/// block of the whole.
[[nodiscard]] std::int64_t
n_elements_of(std::span<std::int64_t const> offsets, int n_ranks, int rank) noexcept;

/// The containers that a file brings back.
class per_rank_targets {
  public:
    per_rank_targets() = default;

    /// Local. Reads the offsets of those among `objects` and checks them.
    /// @pre  check_per_rank_fit() for all of them
    /// @throws runtime_failure (damaged, io_failure, not_shared)
    per_rank_targets(segment_core const& target,
                     checkpoint_file const& found,
                     std::vector<stored_object> const& objects);

    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

    /// Local. Makes room in this rank's containers; their elements stay as they are.
    /// @throws out_of_memory
    void reserve() const;

    /// Local. Gives this rank's containers the sizes that they will have.
    /// @pre  reserve(): so nothing can fail
    void resize() const;

    /// Local. Where one of a container's data sets goes. When all ranks have resized.
    [[nodiscard]] object_memory memory_of(stored_object const& stored);

  private:
    struct container {
        std::string name;
        directory_place place;
        std::byte* slots = nullptr;
        per_rank_access access;
        std::vector<std::int64_t> offsets;
    };
    [[nodiscard]] std::size_t n_mine(container const& which) const noexcept;

    segment_core const* target_ = nullptr;
    std::vector<container> all_;
    std::size_t next_ = 0; ///< where to look first
};

} // namespace shmwin::inline v1::detail
