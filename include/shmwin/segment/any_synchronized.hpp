// SPDX-License-Identifier: MIT
// any_synchronized: handle to data and their lock, where the type of the data is known at run time
// only.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/lock_handle.hpp"
#include "shmwin/segment/synchronized_guard.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/view/any_view.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace shmwin::inline v1 {

namespace detail {

/// The lock of a synchronized object, under the names of its own calls.
struct synchronized_lock : mutex_state {
    static constexpr lock_calls calls = synchronized_calls;
};
static_assert(sizeof(synchronized_lock) == sizeof(mutex_state));

} // namespace detail

/// What synchronized<T> and synchronized_array<T, N> are to the compiler. It is the lock itself, so
/// std::unique_lock<any_synchronized> holds it, and condition_variable waits with it; who holds it
/// may use the data. Cheap to copy, owns nothing. All functions: detail::lock_handle.
class SHMWIN_API any_synchronized : public detail::lock_handle<detail::synchronized_lock> {
  public:
    /// Refers to nothing.
    any_synchronized() = default;

    /// Local. The data: one element without dimensions, or an array in C order. O(dimensions)
    /// @pre  the calling thread holds the lock for as long as it uses them (checked here, in debug
    ///       builds)
    [[nodiscard]] any_view view() const;
    /// Local. The first byte of them. As view().
    [[nodiscard]] void* data() const;

    /// Local. They never change: no lock is needed.
    [[nodiscard]] dtype const& type() const noexcept { return what_.type; }
    [[nodiscard]] std::span<std::int64_t const> shape() const noexcept { return what_.shape(); }

    /// Internal: made by segment and group.
    any_synchronized(std::shared_ptr<detail::segment_core> core, detail::described_object what)
        : lock_handle(std::move(core), what.place), what_(std::move(what)) {}

  private:
    detail::described_object what_;
};

} // namespace shmwin::inline v1
