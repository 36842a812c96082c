// SPDX-License-Identifier: MIT
// task_queue: tasks that any rank pushes, and leases one at a time. It knows them as bytes. In the
// segment, a list of chunks in the order of push:
//
//     chunk:  | next, bits of queued, of leased, number used (64 bytes) | word of each slot | tasks
//     | word:   | number of the lease (32 bits) | attempts (15) | holder (15) | state (2) |
//
// A task stays in its slot until it is done, so one that comes back keeps its place. Words and
// `next` are the truth, each changed by one store; bits and counts follow from them and are made
// anew if a rank died inside the lock.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/sync/robust_mutex.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// In the segment. All 0 but the first two.
struct task_queue_state {
    std::uint64_t task_bytes;
    std::uint64_t task_alignment;
    std::atomic<std::int64_t> looked_ns; ///< when somebody last looked for dead holders
    std::atomic<std::uint64_t> incoming; ///< chunks of a restore that is under way
    // In a line of its own: what the lock guards. Positions are of chunks; 0: none.
    alignas(64) robust_mutex mutex;
    std::atomic<std::uint64_t> first;
    std::uint64_t last;
    std::uint64_t n_leases; ///< ever
    std::atomic<std::uint64_t> n_queued;
    std::atomic<std::uint64_t> n_leased;
};
static_assert(sizeof(task_queue_state) == 128);

/// In the segment; its words and tasks follow.
struct alignas(64) task_chunk {
    std::atomic<std::uint64_t> next; ///< position; 0: it is the last
    std::uint64_t queued;            ///< a bit for each slot
    std::uint64_t leased;
    std::uint32_t n_used; ///< slots that held a task

    [[nodiscard]] bool is_finished() const noexcept { return (queued | leased) == 0; }
};
static_assert(sizeof(task_chunk) == 64);

/// Which lease of which task. Good until the lease ends.
struct task_ticket {
    std::uint64_t chunk = 0; ///< position; 0: no lease
    std::uint64_t word = 0;  ///< as it is during the lease
    unsigned slot = 0;

    /// How often the task was leased, this time included; at most 32,767.
    [[nodiscard]] int attempts() const noexcept { return static_cast<int>(word >> 17U & 0x7fffU); }
};

enum class pop_outcome : std::uint8_t {
    task,
    none, ///< all that is left is leased: it may come back, or more be pushed
    end,  ///< nothing is queued and no lease is out
};

/// Process-local, made for a call or two; any thread. Sections under the lock are short: memory is
/// taken and given back outside. A rank killed between the two leaves blocks that are lost.
class SHMWIN_API task_queue {
  public:
    static constexpr unsigned max_slots = 64;

    /// @param state  in `memory`; it stays there
    task_queue(task_queue_state& state, heap const& memory, wait_context const& waits) noexcept;

    /// Local. Queues tasks, in their order, next to each other unless the last chunk has room for
    /// all. If the rank is killed inside: none, all, or as many of the first as fitted there.
    /// @throws out_of_memory  as heap::allocate(); nothing changed
    void push(std::span<std::byte const> tasks) const;

    /// Local. Leases the first task queued and copies it to `to`; sleeps while there is none and
    /// some are leased, until the deadline. Leases of ranks that ended are taken back.
    /// @throws runtime_failure (closed)  it would sleep, and this rank has closed the segment
    [[nodiscard]] pop_outcome
    pop(void* to, task_ticket& got, char const* call, wait_deadline until) const;
    [[nodiscard]] pop_outcome try_pop(void* to, task_ticket& got) const;

    /// Local. Ends a lease: the task is done, or queued again in its place.
    /// @returns  false if the lease had ended before, or its task was replaced by a restore
    bool done(task_ticket const& which) const noexcept { return end(which, true); }
    bool put_back(task_ticket const& which) const noexcept { return end(which, false); }

    /// Local. Takes what is queued out; leases go on. How many there were.
    std::size_t clear() const noexcept;

    [[nodiscard]] std::size_t n_queued() const noexcept { return state_.n_queued.load(); }
    [[nodiscard]] std::size_t n_leased() const noexcept { return state_.n_leased.load(); }

    /// Local. What is wrong, if nobody changes it meanwhile: "" is good. O(tasks).
    [[nodiscard]] std::string violation() const;

    // --- checkpoints --------------------------------------------------------------------------

    /// Local. All tasks, leased ones included, in the order of the queue.
    [[nodiscard]] std::vector<std::span<std::byte>> tasks() const;

    /// Local. Makes room for so many tasks beside those that are there. On one rank.
    /// @throws out_of_memory  nothing changed
    void make_incoming(std::size_t n_tasks) const;
    /// Local. That room; whoever fills it sees to it that the others see it.
    [[nodiscard]] std::vector<std::span<std::byte>> incoming() const;
    /// Local. What was made becomes the tasks; those before, and all leases, are no more. On one
    /// rank.
    void take_incoming() const noexcept;
    void drop_incoming() const noexcept;

    /// Local. Makes the state of a queue without tasks. Gives all memory back: before the state
    /// itself goes.
    static void create(void* at, std::size_t task_bytes, std::size_t task_alignment) noexcept;
    static void destroy(task_queue_state& state, heap const& memory) noexcept;

  private:
    class chain;
    class locked;

    [[nodiscard]] std::uint64_t key() const noexcept { return memory_.offset_of(&state_); }
    [[nodiscard]] task_chunk& chunk_at(std::uint64_t where) const noexcept;
    [[nodiscard]] unsigned n_slots() const noexcept;
    [[nodiscard]] std::size_t tasks_offset() const noexcept;
    [[nodiscard]] static std::atomic<std::uint64_t>& word(task_chunk& of, unsigned slot) noexcept;
    [[nodiscard]] std::byte* task(task_chunk& of, unsigned slot) const noexcept;
    [[nodiscard]] std::uint64_t make_chunk(unsigned n_tasks) const;
    void make_chunks(chain& to, std::size_t n_tasks) const;
    void fill(chain const& to, std::span<std::byte const> tasks) const noexcept;
    [[nodiscard]] std::vector<std::span<std::byte>> tasks_from(std::uint64_t first) const;

    // Under the lock.
    void rebuild() const noexcept;
    void rebuild(task_chunk& chunk) const noexcept;
    [[nodiscard]] bool append(std::span<std::byte const> tasks) const noexcept;
    void link(chain& more) const noexcept;
    [[nodiscard]] task_ticket lease_first() const noexcept;
    [[nodiscard]] bool
    end_lease(task_ticket const& which, bool done, chain& garbage) const noexcept;
    void set(task_chunk& chunk, unsigned slot, std::uint64_t value) const noexcept;
    void reset(task_chunk& last) const noexcept;
    void sweep(chain& garbage, std::uint64_t until) const noexcept;
    void for_each_lease(function_ref<void(task_chunk&, unsigned, std::uint64_t)> f) const noexcept;

    [[nodiscard]] bool end(task_ticket const& which, bool done) const noexcept;
    [[nodiscard]] pop_outcome lease(task_ticket& got) const noexcept;
    [[nodiscard]] bool look_is_due() const noexcept;
    void look_after_leases() const;
    [[nodiscard]] std::vector<char> holders() const;
    void take_back(std::vector<char> const& ended) const noexcept;
    void wake() const noexcept { waits_.lot().unpark(key()); }

    task_queue_state& state_;
    heap const& memory_;
    wait_context const& waits_;
};

} // namespace shmwin::inline v1::detail
