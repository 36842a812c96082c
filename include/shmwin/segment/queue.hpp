// SPDX-License-Identifier: MIT
// queue: tasks that any rank pushes and any rank takes, each as a lease: a task is gone when its
// lease is done, and comes back when the lease ends otherwise, as by the death of its rank.
//
// Layer: segment.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/task_queue.hpp"
#include "shmwin/segment/array.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/deadline.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

template <array_element T>
class lease;

/// Handle to a queue of tasks in the segment. Cheap to copy, owns nothing. All functions are local
/// and safe from any thread; none but pop(), pop_for() and pop_until() waits for others.
///
///     while (auto task = tasks.pop()) {   // ends when nothing is queued and no lease is out
///         work_on(*task);                 // may push more
///         task.done();
///     }
///
/// Order: first in, first out, by when push() took the queue's lock; a task that comes back stands
/// where it stood. Memory: what a rank wrote before push() or put_back() is visible to whoever gets
/// the task, what it wrote before done() to whoever gets the empty lease.
///
/// Ranks that end before others push would take the queue for finished: push the first tasks before
/// a fence() that all meet, then pop; or hold a lease while pushing.
///
/// Checkpoints hold the tasks, leased ones too, if T is an element type; while one is saved nobody
/// may push or end a lease, while one is restored nobody may pop either.
template <array_element T>
class queue : public detail::sync_handle<detail::task_queue_state> {
    static_assert(!std::is_const_v<T>, "tasks are copied in");

  public:
    using value_type = T;

    using detail::sync_handle<detail::task_queue_state>::sync_handle;

    /// Local. Queues a copy of `task` and wakes those who wait.
    /// @throws out_of_memory (out_of_memory, no_space)  nothing changed
    /// @throws runtime_failure (closed)  the segment is closed
    /// @complexity  O(1); takes memory every 64 tasks, or every 16 KiB
    void push(T const& task) const { push_range(std::span<T const>(&task, 1)); }

    /// Local. Queues copies of all, in their order: all of them, or none if it throws. (Of a rank
    /// that is killed inside, the first few may be there.)
    void push_range(std::span<T const> tasks) const {
        require_open("queue::push");
        all().push(std::as_bytes(tasks));
    }

    /// Local. Takes the first task; sleeps while there is none and a lease is out. An empty lease
    /// says that all work is done: nothing is queued and no lease is out anywhere. Leases of ranks
    /// that left or died are taken back within 1 s by those who wait; no death ends the wait. A
    /// thread that pops while it holds the last lease itself waits for itself.
    /// @throws runtime_failure (closed)  this rank closed the segment, before or meanwhile
    [[nodiscard]] lease<T> pop() const { return *wait(detail::no_deadline); }

    /// Local. As pop(), for at most so long. Nothing: the time is over, and there may be more
    /// later. An empty lease: all work is done. Errors as of pop().
    template <typename Rep, typename Period>
    [[nodiscard]] std::optional<lease<T>>
    pop_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return wait(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] std::optional<lease<T>>
    pop_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return wait(detail::deadline_of(when));
    }

    /// Local. Takes the first task if there is one. Nothing: all that is left is leased. An empty
    /// lease: all work is done.
    /// @throws runtime_failure (closed)  the segment is closed
    [[nodiscard]] std::optional<lease<T>> try_pop() const;

    /// Local. Takes all that is queued out, without a lease; leases go on. How many there were.
    /// @throws runtime_failure (closed)  the segment is closed
    std::size_t clear() const {
        require_open("queue::clear");
        return all().clear();
    }

    /// Local. Tasks that are queued; that are leased. Of one moment.
    [[nodiscard]] std::size_t size() const noexcept { return all().n_queued(); }
    [[nodiscard]] std::size_t n_leased() const noexcept { return all().n_leased(); }

    /// Internal. What a new one begins as; how one ends.
    static void construct(void* at) { detail::task_queue::create(at, sizeof(T), alignof(T)); }
    static void destruct(heap const& memory, void* at) noexcept {
        detail::task_queue::destroy(*static_cast<detail::task_queue_state*>(at), memory);
    }

  private:
    friend class lease<T>;

    [[nodiscard]] detail::task_queue all() const noexcept {
        return {state(), core().memory(), waits()};
    }
    void require_open(char const* call) const { core().require_open(call); }
    [[nodiscard]] std::optional<lease<T>> wait(detail::wait_deadline until) const;
};

/// One task, taken from a queue. Ends once: by done(), or by put_back(), which its destructor calls
/// too. Holds a copy of the task; of one thread at a time.
template <array_element T>
class lease {
  public:
    /// Empty: no task.
    lease() = default;
    lease(lease const&) = delete;
    lease(lease&& other) noexcept
        : from_(std::move(other.from_)),
          which_(std::exchange(other.which_, {})),
          has_task_(std::exchange(other.has_task_, false)),
          bytes_(other.bytes_) {}
    lease& operator=(lease const&) = delete;
    lease& operator=(lease&& other) noexcept {
        if (this == &other) return *this;
        put_back();
        from_ = std::move(other.from_);
        which_ = std::exchange(other.which_, {});
        has_task_ = std::exchange(other.has_task_, false);
        bytes_ = other.bytes_;
        return *this;
    }
    ~lease() { put_back(); }

    /// Local. True until it ends.
    explicit operator bool() const noexcept { return which_.chunk != 0; }

    /// Local. The copy of the task.
    /// @pre  it came with a task; that may be done by now (checked in debug builds)
    [[nodiscard]] T const& operator*() const noexcept {
        SHMWIN_EXPECT(has_task_);
        return *std::launder(reinterpret_cast<T const*>(bytes_.data()));
    }
    /// Local. As operator*.
    [[nodiscard]] T const* operator->() const noexcept { return &**this; }

    /// Local. Which attempt at this task it is: 1 for the first lease. Counts to 32,767, and anew
    /// after a restart.
    [[nodiscard]] int attempts() const noexcept { return which_.attempts(); }

    /// Local. The task is done: it leaves the queue. Push what follows from it before.
    /// @returns  false if the lease had ended before, or the task is not this rank's any more: this
    ///           rank had left, or a restore has replaced what the queue held
    bool done() noexcept { return end(true); }

    /// Local. The task goes back to where it stood, and those who wait are woken. As done().
    bool put_back() noexcept { return end(false); }

  private:
    friend class queue<T>;
    static_assert(alignof(T) <= 4096, "an object of such an alignment has no copy on a stack");

    explicit lease(queue<T> const& from) : from_(from) {}

    bool end(bool done) noexcept {
        auto const which = std::exchange(which_, {});
        if (which.chunk == 0 || !from_.is_valid()) return false;
        return done ? from_.all().done(which) : from_.all().put_back(which);
    }

    queue<T> from_{};
    detail::task_ticket which_{};
    bool has_task_ = false; ///< it came with one; which_ tells whether it is still to be done
    alignas(T) std::array<std::byte, sizeof(T)> bytes_;
};

template <array_element T>
std::optional<lease<T>> queue<T>::try_pop() const {
    require_open("queue::try_pop");
    lease<T> got(*this);
    auto const outcome = all().try_pop(got.bytes_.data(), got.which_);
    if (outcome == detail::pop_outcome::none) return std::nullopt;
    got.has_task_ = outcome == detail::pop_outcome::task;
    return got;
}

template <array_element T>
std::optional<lease<T>> queue<T>::wait(detail::wait_deadline until) const {
    require_open("queue::pop");
    lease<T> got(*this);
    auto const outcome = all().pop(got.bytes_.data(), got.which_, "queue::pop", until);
    if (outcome == detail::pop_outcome::none) return std::nullopt;
    got.has_task_ = outcome == detail::pop_outcome::task;
    return got;
}

} // namespace shmwin::inline v1
