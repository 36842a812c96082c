// SPDX-License-Identifier: MIT
// A queue of tasks in shared pages, and ranks that use it: threads, or processes that may be
// killed. No MPI.
#pragma once

#include "shmwin/base/literals.hpp"
#include "shmwin/memory/task_queue.hpp"

#include "support/shared_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shmwin::test {

using namespace literals;

/// One rank's way to the queue of `state`.
template <typename T>
class queue_user {
  public:
    struct popped {
        T task{};
        detail::task_ticket ticket;
    };

    queue_user(shared_pages const& pages, std::uint64_t state, int rank, via which = via::first)
        : memory_(pages.memory(rank, which)),
          waits_(pages.who(rank, which),
                 shared_pages::policy(),
                 pages.lot(which),
                 pages.meeting(rank, shared_pages::policy(), which)),
          all_(*static_cast<detail::task_queue_state*>(memory_.at(state)), memory_, waits_) {}
    queue_user(queue_user const&) = delete;
    queue_user(queue_user&&) = delete;
    queue_user& operator=(queue_user const&) = delete;
    queue_user& operator=(queue_user&&) = delete;
    ~queue_user() = default;

    void push(T const& task) const { push(std::vector<T>{task}); }
    void push(std::vector<T> const& tasks) const { all_.push(std::as_bytes(std::span(tasks))); }

    /// Nothing: the end, or the deadline; outcome() tells.
    std::optional<popped> pop(detail::wait_deadline until = detail::no_deadline) {
        popped got;
        outcome_ = all_.pop(&got.task, got.ticket, "pop", until);
        if (outcome_ != detail::pop_outcome::task) return std::nullopt;
        return got;
    }
    std::optional<popped> try_pop() {
        popped got;
        outcome_ = all_.try_pop(&got.task, got.ticket);
        if (outcome_ != detail::pop_outcome::task) return std::nullopt;
        return got;
    }
    [[nodiscard]] detail::pop_outcome outcome() const noexcept { return outcome_; }

    /// All that is queued, which is done then.
    std::vector<T> drain() {
        std::vector<T> tasks;
        while (auto const got = try_pop()) {
            tasks.push_back(got->task);
            all_.done(got->ticket);
        }
        return tasks;
    }
    /// As a checkpoint sees them.
    [[nodiscard]] std::vector<T> saved() const {
        std::vector<T> tasks;
        for (auto const piece : all_.tasks()) {
            auto const* const first = reinterpret_cast<T const*>(piece.data());
            tasks.insert(tasks.end(), first, first + piece.size() / sizeof(T));
        }
        return tasks;
    }
    [[nodiscard]] detail::task_queue const& operator*() const noexcept { return all_; }
    [[nodiscard]] detail::task_queue const* operator->() const noexcept { return &all_; }
    [[nodiscard]] heap const& memory() const noexcept { return memory_; }
    [[nodiscard]] detail::wait_context const& waits() const noexcept { return waits_; }

  private:
    heap memory_;
    detail::wait_context waits_;
    detail::task_queue all_;
    detail::pop_outcome outcome_ = detail::pop_outcome::none;
};

/// Pages with an empty queue of T.
template <typename T>
struct queue_pages {
    explicit queue_pages(detail::layout_request const& request = {.capacity = std::size_t{4} << 20U,
                                                                  .n_ranks = 8})
        : pages(request) {
        auto const memory = pages.memory(0);
        auto* const at = memory.allocate(sizeof(detail::task_queue_state), 64);
        detail::task_queue::create(at, sizeof(T), alignof(T));
        state = memory.offset_of(at);
    }
    [[nodiscard]] queue_user<T> user(int rank, via which = via::first) const {
        return {pages, state, rank, which};
    }

    shared_pages pages;
    std::uint64_t state;
};

/// 0 to n - 1.
inline std::vector<std::int64_t> numbers(std::int64_t n, std::int64_t first = 0) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < n; ++i) {
        all.push_back(first + i);
    }
    return all;
}

} // namespace shmwin::test
