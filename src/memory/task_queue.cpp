// SPDX-License-Identifier: MIT
// How tasks come and go, and who waits for them.
#include "shmwin/memory/task_queue.hpp"

#include "shmwin/sync/missing.hpp"

#include "memory/task_chain.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

// A little less than the waits' own look, so that each of those finds it due.
constexpr std::chrono::nanoseconds look_every = std::chrono::milliseconds(80);

} // namespace

task_queue::task_queue(task_queue_state& state,
                       heap const& memory,
                       wait_context const& waits) noexcept
    : state_(state), memory_(memory), waits_(waits) {}

void task_queue::create(void* at, std::size_t task_bytes, std::size_t task_alignment) noexcept {
    auto& made = *new (at) task_queue_state{};
    made.task_bytes = task_bytes;
    made.task_alignment = task_alignment;
}

void task_queue::destroy(task_queue_state& state, heap const& memory) noexcept {
    auto const first = state.first.exchange(0);
    auto const incoming = state.incoming.exchange(0);
    chain const tasks(memory, first);
    chain const more(memory, incoming == first ? 0 : incoming);
}

// Several that find the last chunk full all make one: those that come late use the first one's.
void task_queue::push(std::span<std::byte const> tasks) const {
    if (tasks.empty()) return;
    bool done = false;
    {
        locked const hold(*this);
        done = append(tasks);
    }
    if (!done) {
        chain fresh(memory_);
        make_chunks(fresh, tasks.size() / state_.task_bytes);
        fill(fresh, tasks);
        locked const hold(*this);
        if (!append(tasks)) link(fresh);
    }
    wake();
}

pop_outcome
task_queue::pop(void* to, task_ticket& got, char const* call, wait_deadline until) const {
    auto outcome = pop_outcome::none;
    awaited const what{call, key()};
    waits_.park(
        what,
        [&] {
            outcome = lease(got);
            return outcome != pop_outcome::none;
        },
        [&](bool look) {
            check_open(waits_.who(), what); // by another thread of this rank
            if (look) look_after_leases();
        },
        until);
    if (outcome == pop_outcome::task)
        std::memcpy(to, task(chunk_at(got.chunk), got.slot), state_.task_bytes);
    return outcome;
}

pop_outcome task_queue::try_pop(void* to, task_ticket& got) const {
    auto outcome = lease(got);
    if (outcome == pop_outcome::none) {
        look_after_leases();
        outcome = lease(got);
    }
    if (outcome == pop_outcome::task)
        std::memcpy(to, task(chunk_at(got.chunk), got.slot), state_.task_bytes);
    return outcome;
}

// Without the lock where there is nothing to get: all who sleep come here when a task is pushed.
pop_outcome task_queue::lease(task_ticket& got) const noexcept {
    if (n_queued() == 0 && n_leased() != 0) return pop_outcome::none;
    locked const hold(*this);
    if (n_queued() == 0) return n_leased() == 0 ? pop_outcome::end : pop_outcome::none;
    got = lease_first();
    return pop_outcome::task;
}

// What stands before the first queued task is leased: few chunks.
task_ticket task_queue::lease_first() const noexcept {
    auto where = state_.first.load(std::memory_order_relaxed);
    while (chunk_at(where).queued == 0) {
        where = chunk_at(where).next.load(std::memory_order_relaxed);
    }
    auto& chunk = chunk_at(where);
    auto const slot = static_cast<unsigned>(std::countr_zero(chunk.queued));
    auto const attempts = attempts_of(word(chunk, slot).load(std::memory_order_relaxed));
    auto const number = ++state_.n_leases & 0xffff'ffffU;
    auto const leased = word_of(slot_state::leased,
                                std::min(attempts + 1, max_15_bits),
                                static_cast<std::uint64_t>(waits_.self()),
                                number);
    set(chunk, slot, leased);
    return {where, leased, slot};
}

bool task_queue::end(task_ticket const& which, bool done) const noexcept {
    chain garbage(memory_);
    bool ended = false;
    bool nothing_left = false;
    {
        locked const hold(*this);
        ended = end_lease(which, done, garbage);
        nothing_left = n_queued() == 0 && n_leased() == 0;
    }
    if (ended && (!done || nothing_left)) wake();
    return ended;
}

// The chunk may be gone, so it is looked for; what stands before it is leased, too: few chunks.
bool task_queue::end_lease(task_ticket const& which, bool done, chain& garbage) const noexcept {
    auto where = state_.first.load(std::memory_order_relaxed);
    while (where != 0 && where != which.chunk) {
        where = chunk_at(where).next.load(std::memory_order_relaxed);
    }
    if (where == 0) return false;
    auto& chunk = chunk_at(where);
    if (word(chunk, which.slot).load(std::memory_order_relaxed) != which.word) return false;
    auto const attempts = attempts_of(which.word);
    set(chunk,
        which.slot,
        done ? word_of(slot_state::done) : word_of(slot_state::queued, attempts));
    if (chunk.is_finished()) sweep(garbage, where);
    return true;
}

std::size_t task_queue::clear() const noexcept {
    chain garbage(memory_);
    std::size_t n = 0;
    {
        locked const hold(*this);
        n = n_queued();
        for (auto where = state_.first.load(); where != 0; where = chunk_at(where).next.load()) {
            auto& chunk = chunk_at(where);
            while (chunk.queued != 0) {
                set(chunk,
                    static_cast<unsigned>(std::countr_zero(chunk.queued)),
                    word_of(slot_state::done));
            }
        }
        sweep(garbage, state_.last);
    }
    wake();
    return n;
}

// --- who holds what ------------------------------------------------------------------------------

bool task_queue::look_is_due() const noexcept {
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    auto const now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    auto before = state_.looked_ns.load(std::memory_order_relaxed);
    return now_ns - before >= look_every.count()
           && state_.looked_ns.compare_exchange_strong(before, now_ns);
}

// One of all who wait does it for all. Also where somebody died before he woke the others.
void task_queue::look_after_leases() const {
    if (!look_is_due()) return;
    auto ended = holders();
    bool any = false;
    for (std::size_t rank = 0; rank < ended.size(); ++rank) {
        auto const r = static_cast<int>(rank);
        bool const is_over = ended[rank] != 0 && r != waits_.self() && !waits_.who().alive(r, true);
        ended[rank] = is_over ? 1 : 0;
        any = any || is_over;
    }
    if (any) take_back(ended);
    if (n_queued() != 0 || n_leased() == 0) wake();
}

std::vector<char> task_queue::holders() const {
    std::vector<char> all(static_cast<std::size_t>(waits_.who().size()));
    locked const hold(*this);
    for_each_lease([&](task_chunk&, unsigned, std::uint64_t lease) {
        auto const holder = static_cast<std::size_t>(holder_of(lease));
        if (holder < all.size()) all[holder] = 1;
    });
    return all;
}

void task_queue::take_back(std::vector<char> const& ended) const noexcept {
    locked const hold(*this);
    for_each_lease([&](task_chunk& chunk, unsigned slot, std::uint64_t lease) {
        auto const holder = static_cast<std::size_t>(holder_of(lease));
        if (holder >= ended.size() || ended[holder] == 0) return;
        set(chunk, slot, word_of(slot_state::queued, attempts_of(lease)));
    });
}

void task_queue::for_each_lease(
    function_ref<void(task_chunk&, unsigned, std::uint64_t)> f) const noexcept {
    auto left = n_leased();
    for (auto where = state_.first.load(); where != 0 && left != 0;
         where = chunk_at(where).next.load()) {
        auto& chunk = chunk_at(where);
        for (auto bits = chunk.leased; bits != 0; bits &= bits - 1, --left) {
            auto const slot = static_cast<unsigned>(std::countr_zero(bits));
            f(chunk, slot, word(chunk, slot).load(std::memory_order_relaxed));
        }
    }
}

} // namespace shmwin::inline v1::detail
