// SPDX-License-Identifier: MIT
// Guards of synchronized objects: while one lives its thread holds the lock, and only through it
// are the data reached.
//
// Layer: segment.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

inline constexpr lock_calls synchronized_calls{"synchronized::lock",
                                               "synchronized::try_lock",
                                               "synchronized::lock_for",
                                               "synchronized::lock_until",
                                               "synchronized::lock_to_repair",
                                               "mark_consistent of a synchronized's guard",
                                               "unlock of a synchronized's guard"};

/// What guards have in common: a lock that is held, or none.
class held_lock {
  public:
    held_lock(held_lock const&) = delete;
    held_lock(held_lock&& other) noexcept
        : mutex_(std::exchange(other.mutex_, nullptr)),
          by_(other.by_),
          object_(other.object_),
          owner_died_(other.owner_died_) {}
    held_lock& operator=(held_lock const&) = delete;
    held_lock& operator=(held_lock&&) = delete;

    /// Local. True if it holds the lock: try_lock() and those with a deadline may not have got it.
    explicit operator bool() const noexcept { return mutex_ != nullptr; }

    /// Local. True if the lock's last holder died, so that the data may be half changed. Only
    /// lock_to_repair() gives such a guard.
    [[nodiscard]] bool owner_died() const noexcept { return owner_died_; }

    /// Local. Says that the data are whole again. A guard that ends without it, also by an
    /// exception, leaves them not_recoverable for good if owner_died().
    /// @pre  it holds the lock
    void mark_consistent() const {
        SHMWIN_EXPECT(mutex_ != nullptr);
        mutex_->mark_consistent(*by_, {synchronized_calls.mark_consistent, object_});
    }

    /// Local. Gives the lock back before the guard ends. The data are then out of reach.
    /// @pre  it holds the lock
    void unlock() {
        SHMWIN_EXPECT(mutex_ != nullptr);
        std::exchange(mutex_, nullptr)->unlock(*by_, {synchronized_calls.unlock, object_});
    }

  protected:
    held_lock() = default;
    held_lock(mutex_state& held, wait_context const& by, std::uint64_t object, bool died) noexcept
        : mutex_(&held), by_(&by), object_(object), owner_died_(died) {}
    ~held_lock() {
        if (mutex_ != nullptr) unlock();
    }

  private:
    mutex_state* mutex_ = nullptr;
    wait_context const* by_ = nullptr;
    std::uint64_t object_ = 0;
    bool owner_died_ = false;
};

} // namespace detail

/// The data of a synchronized<T>, held. Movable; unlocks when it ends, also by an exception. Valid
/// while a handle, a group or the segment exists. Only the thread that locked may end it.
template <typename T>
class synchronized_guard : public detail::held_lock {
  public:
    /// Local. The data; not to be kept beyond the guard.
    /// @pre  it holds the lock
    [[nodiscard]] T& operator*() const noexcept {
        SHMWIN_EXPECT(*this);
        return *data_;
    }
    [[nodiscard]] T* operator->() const noexcept {
        SHMWIN_EXPECT(*this);
        return data_;
    }

    /// Internal.
    synchronized_guard() = default;
    template <typename... Held>
    explicit synchronized_guard(T* data, Held&&... held) noexcept
        : held_lock(std::forward<Held>(held)...), data_(data) {}

  private:
    T* data_ = nullptr;
};

/// The elements of a synchronized_array, held; else as synchronized_guard.
template <typename View>
class synchronized_array_guard : public detail::held_lock {
  public:
    /// Local. The elements. A copy of it is good for no longer than the guard.
    /// @pre  it holds the lock
    [[nodiscard]] View view() const noexcept {
        SHMWIN_EXPECT(*this);
        return view_;
    }
    [[nodiscard]] View operator*() const noexcept { return view(); }
    /// Local. One element.
    template <typename... Indices>
    requires(sizeof...(Indices) == View::rank()) [[nodiscard]] typename View::reference
    operator()(Indices... indices) const {
        return view()(static_cast<typename View::index_type>(indices)...);
    }

    /// Internal.
    explicit synchronized_array_guard(View const& view) noexcept : view_(view) {}
    template <typename... Held>
    explicit synchronized_array_guard(View const& view, Held&&... held) noexcept
        : held_lock(std::forward<Held>(held)...), view_(view) {}

  private:
    View view_;
};

} // namespace shmwin::inline v1
