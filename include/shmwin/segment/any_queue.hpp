// SPDX-License-Identifier: MIT
// any_queue and any_lease: a queue of tasks whose type is known at run time only.
//
// Layer: segment.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/memory/task_queue.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/wait.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace shmwin::inline v1 {

class any_lease;

namespace detail {

struct free_aligned {
    std::align_val_t alignment{1};
    void operator()(std::byte* bytes) const noexcept { ::operator delete(bytes, alignment); }
};

} // namespace detail

/// What queue<T> is to the compiler: order, memory, errors and checkpoints as there. A task is
/// type().n_bytes() bytes. Cheap to copy, owns nothing; local, and safe from any thread.
class SHMWIN_API any_queue : public detail::sync_handle<detail::task_queue_state> {
  public:
    /// Refers to nothing.
    any_queue() = default;

    /// Queues copies of n tasks that lie one after the other, of any alignment: all of them, or
    /// none if it throws. As queue::push_range().
    void push(void const* tasks, std::size_t n = 1) const;

    /// Takes the first task; sleeps while there is none and a lease is out, until then. An empty
    /// lease says that all work is done; nothing, that the time is over. As queue::pop_until().
    [[nodiscard]] std::optional<any_lease>
    pop(detail::wait_deadline until = detail::no_deadline) const;
    /// Takes the first task if there is one. As queue::try_pop().
    [[nodiscard]] std::optional<any_lease> try_pop() const;

    /// Takes all that is queued out, without a lease; leases go on. How many there were.
    std::size_t clear() const;

    /// Tasks that are queued; that are leased. Of one moment.
    [[nodiscard]] std::size_t size() const noexcept { return all().n_queued(); }
    [[nodiscard]] std::size_t n_leased() const noexcept { return all().n_leased(); }
    [[nodiscard]] dtype const& type() const noexcept { return what_.type; }

    /// Internal: made by segment and group.
    any_queue(std::shared_ptr<detail::segment_core> core, detail::described_object what)
        : sync_handle(std::move(core), what.place), what_(std::move(what)) {}
    static void destruct(heap const& memory, void* at) noexcept {
        detail::task_queue::destroy(*static_cast<detail::task_queue_state*>(at), memory);
    }

  private:
    friend class any_lease;

    [[nodiscard]] detail::task_queue all() const noexcept {
        return {state(), core().memory(), waits()};
    }

    detail::described_object what_;
};

/// One task, taken from a queue. Ends once: by done(), or by put_back(), which its destructor calls
/// too. Holds a copy of the task; of one thread at a time. @see lease
class SHMWIN_API any_lease {
  public:
    /// Empty: no task.
    any_lease() = default;
    any_lease(any_lease const&) = delete;
    any_lease(any_lease&& other) noexcept
        : from_(std::move(other.from_)),
          which_(std::exchange(other.which_, {})),
          task_(std::move(other.task_)) {}
    any_lease& operator=(any_lease const&) = delete;
    any_lease& operator=(any_lease&& other) noexcept;
    ~any_lease() { put_back(); }

    /// Local. True until it ends.
    explicit operator bool() const noexcept { return which_.chunk != 0; }

    /// Local. The copy of the task, aligned as its type; null if it came without one.
    [[nodiscard]] void const* data() const noexcept { return task_.get(); }

    /// Local. As lease::attempts(), lease::done(), lease::put_back().
    [[nodiscard]] int attempts() const noexcept { return which_.attempts(); }
    bool done() noexcept { return end(true); }
    bool put_back() noexcept { return end(false); }

  private:
    friend class any_queue;

    explicit any_lease(any_queue const& from);
    [[nodiscard]] static std::optional<any_lease> of(any_lease&& got, detail::pop_outcome outcome);
    bool end(bool done) noexcept;

    any_queue from_{};
    detail::task_ticket which_{};
    std::unique_ptr<std::byte, detail::free_aligned> task_;
};

} // namespace shmwin::inline v1
