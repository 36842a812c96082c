// SPDX-License-Identifier: MIT
// staging_area: shared memory of a store, where asynchronous saves keep what is still to be
// written. Made by the first, grown when one needs more, kept for the next: its pages are there.
//
//     | save_status (a page) | payload, or a staging_ring |
//
// Layer: io.
#pragma once

#include "shmwin/mpi/node.hpp"
#include "shmwin/mpi/window.hpp"

#include "io/save_status.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace shmwin::inline v1::detail {

class staging_area {
  public:
    /// Node, collective, when no save is in flight. Makes room, if there is not enough.
    /// @param n_ended  how many asynchronous saves there were
    /// @throws out_of_memory (no_space)  on all ranks; there is no area then
    void require(node const& on, std::size_t n_bytes, std::uint32_t n_ended);

    [[nodiscard]] bool empty() const noexcept { return !window_; }
    [[nodiscard]] save_status& status() const noexcept;
    [[nodiscard]] std::byte* payload() const noexcept;
    [[nodiscard]] std::shared_ptr<void const> keep_alive() const { return window_->keep_alive(); }

  private:
    std::size_t n_bytes_ = 0; ///< of payload
    std::optional<window> window_;
};

} // namespace shmwin::inline v1::detail
