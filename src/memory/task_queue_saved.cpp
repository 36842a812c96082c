// SPDX-License-Identifier: MIT
// The tasks of a queue as a checkpoint sees them.
#include "shmwin/memory/task_queue.hpp"

#include "memory/task_chain.hpp"

#include <bit>

namespace shmwin::inline v1::detail {

std::vector<std::span<std::byte>> task_queue::tasks() const {
    locked const hold(*this);
    return tasks_from(state_.first.load());
}

std::vector<std::span<std::byte>> task_queue::incoming() const {
    return tasks_from(state_.incoming.load());
}

// Slots next to each other are one piece.
std::vector<std::span<std::byte>> task_queue::tasks_from(std::uint64_t first) const {
    std::vector<std::span<std::byte>> pieces;
    for (auto where = first; where != 0; where = chunk_at(where).next.load()) {
        auto& chunk = chunk_at(where);
        auto const bits = chunk.queued | chunk.leased;
        for (unsigned slot = 0; slot < chunk.n_used;) {
            auto const n = static_cast<unsigned>(std::countr_one(bits >> slot));
            if (n != 0) pieces.emplace_back(task(chunk, slot), n * state_.task_bytes);
            slot += n + 1;
        }
    }
    return pieces;
}

void task_queue::make_incoming(std::size_t n_tasks) const {
    drop_incoming();
    chain fresh(memory_);
    make_chunks(fresh, n_tasks);
    state_.incoming.store(fresh.release());
}

// Whoever dies before `incoming` is 0 has either not changed the list, or the repair sees it.
void task_queue::take_incoming() const noexcept {
    std::uint64_t before = 0;
    {
        locked const hold(*this);
        before = state_.first.load();
        state_.first.store(state_.incoming.load());
        state_.incoming.store(0);
        rebuild();
    }
    chain const garbage(memory_, before);
    wake();
}

void task_queue::drop_incoming() const noexcept {
    {
        locked const repaired(*this); // what is incoming may be the list already
    }
    chain const garbage(memory_, state_.incoming.exchange(0));
}

} // namespace shmwin::inline v1::detail
