// SPDX-License-Identifier: MIT
// schedule: how a counter shares the indices of a loop out, under OpenMP's names.
//
// Layer: sync.
#pragma once

#include "shmwin/base/contract.hpp"

#include <cstdint>

namespace shmwin::inline v1 {

/// How indices 0 ... n - 1 are cut in chunks, and who gets which.
/// @see OpenMP 5.2, 11.5.3 (schedule clause)
class schedule {
  public:
    enum class kind : std::uint32_t {
        static_blocks, ///< one block a rank, as block_range()
        static_chunks, ///< chunks of equal size, to the ranks in turn
        dynamic,       ///< chunks of equal size, to whoever asks
        guided,        ///< large chunks first, then ever smaller ones, to whoever asks
    };

    /// Local. Each rank gets the block that block_range() says: for work that is even.
    [[nodiscard]] static constexpr schedule static_blocks() noexcept {
        return {kind::static_blocks, 1};
    }
    /// Local. Chunk k goes to rank k modulo the number of ranks. @pre  chunk > 0
    [[nodiscard]] static constexpr schedule static_chunks(std::int64_t chunk) noexcept {
        return {kind::static_chunks, chunk};
    }
    /// Local. For work that is uneven. A larger chunk costs balance, a smaller one atomic
    /// operations.
    /// @pre  chunk > 0
    [[nodiscard]] static constexpr schedule dynamic(std::int64_t chunk = 1) noexcept {
        return {kind::dynamic, chunk};
    }
    /// Local. A chunk has the indices that are left, divided by twice the number of ranks, and not
    /// less than `least`, but for the last one: few chunks, and small ones at the end. Half of what
    /// C. D. Polychronopoulos and D. J. Kuck give out ("Guided self-scheduling", 1987), so that a
    /// loop whose first indices are the longest is balanced too. @pre  least > 0
    [[nodiscard]] static constexpr schedule guided(std::int64_t least = 1) noexcept {
        return {kind::guided, least};
    }

    [[nodiscard]] constexpr kind how() const noexcept { return how_; }
    /// Indices in a chunk; of guided, the least.
    [[nodiscard]] constexpr std::int64_t chunk() const noexcept { return chunk_; }

    friend constexpr bool operator==(schedule const&, schedule const&) noexcept = default;

  private:
    constexpr schedule(kind how, std::int64_t chunk) noexcept : how_(how), chunk_(chunk) {
        SHMWIN_EXPECT(chunk > 0);
    }

    kind how_;
    std::int64_t chunk_;
};

} // namespace shmwin::inline v1
