// SPDX-License-Identifier: MIT
// What a queue of tasks is made of, and how it is made whole again after a death.
#include "shmwin/memory/task_queue.hpp"

#include "memory/task_chain.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

// A chunk of small tasks is one of the heap's small blocks; large tasks have one each.
constexpr std::size_t chunk_bytes = std::size_t{16} << 10U;

} // namespace

task_chunk& task_queue::chunk_at(std::uint64_t where) const noexcept {
    return *static_cast<task_chunk*>(memory_.at(where));
}

unsigned task_queue::n_slots() const noexcept {
    return static_cast<unsigned>(
        std::clamp<std::uint64_t>(chunk_bytes / state_.task_bytes, 1, max_slots));
}

std::size_t task_queue::tasks_offset() const noexcept {
    auto const behind = sizeof(task_chunk) + n_slots() * sizeof(std::uint64_t);
    return (behind + state_.task_alignment - 1) / state_.task_alignment * state_.task_alignment;
}

std::atomic<std::uint64_t>& task_queue::word(task_chunk& of, unsigned slot) noexcept {
    auto* const words = reinterpret_cast<std::byte*>(&of) + sizeof(task_chunk);
    return reinterpret_cast<std::atomic<std::uint64_t>*>(words)[slot];
}

std::byte* task_queue::task(task_chunk& of, unsigned slot) const noexcept {
    return reinterpret_cast<std::byte*>(&of) + tasks_offset() + slot * state_.task_bytes;
}

// Its tasks are queued, but not written yet.
std::uint64_t task_queue::make_chunk(unsigned n_tasks) const {
    auto const n = n_slots();
    auto* const block =
        memory_.allocate(tasks_offset() + n * state_.task_bytes,
                         std::max<std::size_t>(alignof(task_chunk), state_.task_alignment));
    auto& made = *new (block) task_chunk{};
    made.queued = first_bits(n_tasks);
    made.n_used = n_tasks;
    for (unsigned slot = 0; slot < n; ++slot) {
        auto const state = slot < n_tasks ? slot_state::queued : slot_state::empty;
        new (&word(made, slot)) std::atomic<std::uint64_t>(word_of(state));
    }
    return memory_.offset_of(block);
}

void task_queue::make_chunks(chain& to, std::size_t n_tasks) const {
    while (n_tasks > 0) {
        auto const n = std::min<std::size_t>(n_tasks, n_slots());
        to.push_back(make_chunk(static_cast<unsigned>(n)));
        n_tasks -= n;
    }
}

void task_queue::fill(chain const& to, std::span<std::byte const> tasks) const noexcept {
    for (auto where = to.first(); where != 0; where = chunk_at(where).next.load()) {
        auto& chunk = chunk_at(where);
        auto const n_bytes = chunk.n_used * state_.task_bytes;
        std::memcpy(task(chunk, 0), tasks.data(), n_bytes);
        tasks = tasks.subspan(n_bytes);
    }
}

// --- under the lock ------------------------------------------------------------------------------

bool task_queue::append(std::span<std::byte const> tasks) const noexcept {
    if (state_.last == 0) return false;
    auto& chunk = chunk_at(state_.last);
    auto const n = tasks.size() / state_.task_bytes;
    if (n > n_slots() - chunk.n_used) return false;
    for (std::size_t i = 0; i < n; ++i) {
        auto const slot = chunk.n_used++;
        std::memcpy(task(chunk, slot), tasks.data() + i * state_.task_bytes, state_.task_bytes);
        set(chunk, slot, word_of(slot_state::queued));
    }
    return true;
}

void task_queue::link(chain& more) const noexcept {
    std::uint64_t n = 0;
    for (auto where = more.first(); where != 0; where = chunk_at(where).next.load()) {
        n += chunk_at(where).n_used;
    }
    auto& end = state_.last == 0 ? state_.first : chunk_at(state_.last).next;
    state_.last = more.last();
    end.store(more.release(), std::memory_order_release);
    state_.n_queued.fetch_add(n);
}

void task_queue::set(task_chunk& chunk, unsigned slot, std::uint64_t value) const noexcept {
    auto& place = word(chunk, slot);
    auto const before = state_of(place.load(std::memory_order_relaxed));
    auto const after = state_of(value);
    place.store(value, std::memory_order_release); // what counts; the rest follows from it
    auto const bit = std::uint64_t{1} << slot;
    auto const enter = [&](slot_state which, std::uint64_t& bits, auto& count) {
        if (after != which) return;
        bits |= bit;
        count.fetch_add(1);
    };
    auto const leave = [&](slot_state which, std::uint64_t& bits, auto& count) {
        if (before != which) return;
        bits &= ~bit;
        count.fetch_sub(1);
    };
    // Up before down: who looks without the lock never finds nothing while a task goes over.
    enter(slot_state::queued, chunk.queued, state_.n_queued);
    enter(slot_state::leased, chunk.leased, state_.n_leased);
    leave(slot_state::queued, chunk.queued, state_.n_queued);
    leave(slot_state::leased, chunk.leased, state_.n_leased);
}

// Chunks without tasks leave the list, up to the one at `until`; the last one of the queue is used
// again.
void task_queue::sweep(chain& garbage, std::uint64_t until) const noexcept {
    auto* link = &state_.first;
    for (auto where = link->load(); where != 0;) {
        auto& chunk = chunk_at(where);
        auto const next = chunk.next.load();
        bool const was_until = where == until;
        if (chunk.is_finished() && next == 0) reset(chunk);
        if (chunk.is_finished() && next != 0) {
            link->store(next, std::memory_order_release);
            garbage.push_front(where);
        } else {
            link = &chunk.next;
        }
        if (was_until) return;
        where = next;
    }
}

void task_queue::reset(task_chunk& last) const noexcept {
    for (unsigned slot = 0; slot < last.n_used; ++slot) {
        word(last, slot).store(word_of(slot_state::empty), std::memory_order_relaxed);
    }
    last.n_used = 0;
}

void task_queue::rebuild() const noexcept {
    std::uint64_t last = 0;
    std::uint64_t n_queued = 0;
    std::uint64_t n_leased = 0;
    for (auto where = state_.first.load(); where != 0; where = chunk_at(where).next.load()) {
        auto& chunk = chunk_at(where);
        rebuild(chunk);
        n_queued += static_cast<std::uint64_t>(std::popcount(chunk.queued));
        n_leased += static_cast<std::uint64_t>(std::popcount(chunk.leased));
        last = where;
    }
    state_.last = last;
    state_.n_queued.store(n_queued);
    state_.n_leased.store(n_leased);
    if (state_.incoming.load() == state_.first.load()) state_.incoming.store(0);
}

void task_queue::rebuild(task_chunk& chunk) const noexcept {
    chunk.queued = 0;
    chunk.leased = 0;
    chunk.n_used = 0;
    for (unsigned slot = 0; slot < n_slots(); ++slot) {
        auto const state = state_of(word(chunk, slot).load(std::memory_order_relaxed));
        auto const bit = std::uint64_t{1} << slot;
        if (state == slot_state::queued) chunk.queued |= bit;
        if (state == slot_state::leased) chunk.leased |= bit;
        if (state != slot_state::empty) chunk.n_used = slot + 1;
    }
}

std::string task_queue::violation() const {
    locked const hold(*this);
    std::uint64_t last = 0;
    std::uint64_t n_queued = 0;
    std::uint64_t n_leased = 0;
    for (auto where = state_.first.load(); where != 0; where = chunk_at(where).next.load()) {
        auto& chunk = chunk_at(where);
        auto const queued = chunk.queued;
        auto const leased = chunk.leased;
        auto const n_used = chunk.n_used;
        rebuild(chunk);
        if (queued != chunk.queued || leased != chunk.leased) return "bits are not as the words";
        if (n_used != chunk.n_used) return "number of used slots is not as the words";
        n_queued += static_cast<std::uint64_t>(std::popcount(queued));
        n_leased += static_cast<std::uint64_t>(std::popcount(leased));
        last = where;
    }
    if (last != state_.last) return "last chunk is another";
    if (n_queued != this->n_queued() || n_leased != this->n_leased()) return "counts are wrong";
    return {};
}

} // namespace shmwin::inline v1::detail
