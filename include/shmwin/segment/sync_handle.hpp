// SPDX-License-Identifier: MIT
// sync_handle: what all handles to locks, barriers, queues, ... have in common. The state is in the
// segment and knows no process; the handle brings this one's.
//
// Layer: segment.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace shmwin::inline v1::detail {

/// Cheap to copy, owns nothing; keeps the segment mapped in this process.
template <typename State>
class sync_handle {
  public:
    using state_type = State;

    /// Refers to nothing.
    sync_handle() = default;

    /// Local. True if it refers to something that was not destroyed. A look-up.
    [[nodiscard]] bool is_valid() const {
        return core_ != nullptr && core_->is_there(where_.index, where_.generation);
    }
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Internal: made by segment and group.
    sync_handle(std::shared_ptr<segment_core> core, placed_object where)
        : core_(std::move(core)), where_(std::move(where)) {}
    [[nodiscard]] placed_object const& where() const noexcept { return where_; }

  protected:
    [[nodiscard]] State& state() const noexcept {
        SHMWIN_EXPECT(is_valid());
        return *reinterpret_cast<State*>(where_.address);
    }
    [[nodiscard]] wait_context const& waits() const noexcept { return core_->waits(); }
    [[nodiscard]] awaited what(char const* call) const noexcept {
        return {call, core_->memory().offset_of(where_.address)};
    }
    [[nodiscard]] segment_core& core() const noexcept { return *core_; }

  private:
    std::shared_ptr<segment_core> core_;
    placed_object where_;
};

} // namespace shmwin::inline v1::detail
