// SPDX-License-Identifier: MIT
// staged_payload: which bytes of a save are where in the staging area. The same on all ranks, for
// it follows from the plan alone.
//
//     full:      | part 0 | part 1 | ...     each from a page on, if it is as large as one
//     bounded:   a staging_ring, through which all parts go
//
// Layer: io. No MPI and no HDF5.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/wait.hpp"

#include "io/payload.hpp"
#include "io/save_plan.hpp"
#include "sync/staging_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

class staged_payload {
  public:
    staged_payload(save_plan const& plan, checkpoint_options const& options, int n_ranks);

    /// Of the staging area.
    [[nodiscard]] std::size_t n_bytes() const noexcept { return n_bytes_; }
    [[nodiscard]] bool is_bounded() const noexcept { return shape_.has_value(); }

    /// Local. The ring in the area, if it is bounded.
    [[nodiscard]] std::optional<staging_ring> ring(std::byte* area) const;

    /// Local. Copies this rank's blocks of `mine` into the area.
    /// @param wait  for a place in the ring; may throw
    void copy(std::span<payload_part const> mine,
              int rank,
              std::byte* area,
              function_ref<void(waitable&, std::uint32_t)> wait) const;

    /// Local. The parts as the writer finds them: all blocks in the area, or in place; none, if
    /// they come through the ring.
    [[nodiscard]] std::vector<payload_part>
    parts(save_plan const& plan, std::span<payload_part const> mine, std::byte* area) const;

  private:
    std::vector<std::uint64_t> places_; ///< of the parts
    std::vector<bool> is_staged_;       ///< false: it is written from where it is
    std::size_t n_bytes_ = 0;
    std::optional<staging_ring::shape> shape_;
};

} // namespace shmwin::inline v1::detail
