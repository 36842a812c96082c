// SPDX-License-Identifier: MIT
// sync: what the bindings of locks and the like have in common. A state is in a named object, or in
// a block that has no name and goes with its last holder; either way the door keeps it mapped.
//
// Layer: python.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/scratch_array.hpp"
#include "shmwin/sync/deadline.hpp"

#include "python/call.hpp"
#include "python/group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace shmwin::python {

using core_ptr = std::shared_ptr<shmwin::detail::segment_core>;

/// Bytes in a segment, without a name. Free again when the last rank has dropped it.
class shared_block {
  public:
    /// Node, collective. Begins with the bytes of `initial`, the same on all ranks; zeros follow.
    /// @param kind  what it is for, the same on all ranks: for errors
    shared_block(group_door const& in,
                 std::string const& kind,
                 std::size_t n_bytes,
                 std::string const& initial,
                 std::size_t initial_at,
                 source_line const& where);

    [[nodiscard]] std::byte* data() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::size_t n_bytes() const noexcept {
        return static_cast<std::size_t>(bytes_.size());
    }
    [[nodiscard]] core_ptr const& core() const noexcept { return core_; }
    /// @throws argument_error (out_of_range)
    [[nodiscard]] std::byte* at(std::size_t offset, std::size_t n) const;

  private:
    core_ptr core_;
    scratch_array<std::byte, 1> bytes_;
};

/// A State in the segment, and this process's way to it.
template <typename State>
class sync_door {
  public:
    sync_door(std::shared_ptr<shared_block> block, std::size_t offset)
        : block_(std::move(block)),
          core_(block_->core()),
          state_(reinterpret_cast<State*>(block_->at(offset, sizeof(State)))) {
        core_->note_locks();
    }
    template <typename Handle>
    sync_door(core_ptr core, Handle const& named)
        : core_(std::move(core)),
          named_(named.where()),
          state_(reinterpret_cast<State*>(named.where().address)) {}

    /// @throws argument_error (not_found)        it was destroyed
    /// @throws runtime_failure (closed)          the segment is closed
    [[nodiscard]] State& open(char const* call) const {
        core_->require_open(std::string_view(call));
        return here(call);
    }
    /// Also in a closed segment: to give back.
    /// @throws argument_error (not_found)
    [[nodiscard]] State& here(char const* call) const {
        if (block_ == nullptr && !core_->is_there(named_.index, named_.generation)) {
            raise(errc::not_found,
                  shmwin::detail::text(call, " is not possible (the object was destroyed)"));
        }
        return *state_;
    }
    [[nodiscard]] shmwin::detail::wait_context const& waits() const noexcept {
        return core_->waits();
    }
    [[nodiscard]] shmwin::detail::awaited what(char const* call) const noexcept {
        return {call, core_->memory().offset_of(state_)};
    }
    [[nodiscard]] core_ptr const& core() const noexcept { return core_; }

  private:
    std::shared_ptr<shared_block> block_;
    core_ptr core_;
    shmwin::detail::placed_object named_;
    State* state_;
};

/// Local. Takes a free lock; false if there is more to it. Never waits.
template <typename State>
[[nodiscard]] bool take_free(sync_door<State> const& lock) noexcept {
    try {
        return lock.open("acquire").try_lock(lock.waits(), lock.what("acquire"));
    } catch (...) { // the slow way throws it again
        return false;
    }
}

/// Local. Gives back what the calling thread holds; false if there is more to it.
template <typename State>
[[nodiscard]] bool give_back(sync_door<State> const& lock) noexcept {
    try {
        auto& state = lock.here("release");
        if (!state.is_mine(lock.waits())) return false;
        state.unlock(lock.waits(), lock.what("release"));
        return true;
    } catch (...) {
        return false;
    }
}

using mutex_door = sync_door<shmwin::detail::mutex_state>;
using rlock_door = sync_door<shmwin::detail::recursive_mutex_state>;

/// Local. Of a timeout in seconds; without one there is no deadline, a negative one has passed.
[[nodiscard]] inline shmwin::detail::wait_deadline deadline_of(std::optional<double> timeout) {
    return timeout ? shmwin::detail::deadline_after(std::chrono::duration<double>(*timeout))
                   : shmwin::detail::no_deadline;
}

/// Local. With the GIL.
/// @throws shmwin.sync.NotHeld
[[noreturn]] void raise_not_held(char const* call, lock_holder const& holder);

/// Local. As acquire(block, timeout) of multiprocessing.
template <typename State>
bool acquire(sync_door<State> const& lock, bool block, std::optional<double> timeout) {
    auto& state = lock.open("acquire");
    auto const what = lock.what("acquire");
    if (state.try_lock(lock.waits(), what)) return true; // without a look at other threads
    if (!block) return false;
    auto const until = deadline_of(timeout);
    return without_gil([&] { return state.lock_until(lock.waits(), what, until); });
}

/// Local.
/// @throws shmwin.sync.NotHeld  the calling thread does not hold it
template <typename State>
void release(sync_door<State> const& lock) {
    auto& state = lock.here("release");
    if (!state.is_mine(lock.waits())) raise_not_held("release", state.holder());
    state.unlock(lock.waits(), lock.what("release"));
}

} // namespace shmwin::python
