// SPDX-License-Identifier: MIT
#include "segment/sync_states.hpp"

#include "shmwin/memory/task_queue.hpp"
#include "shmwin/sync/barrier.hpp"
#include "shmwin/sync/event.hpp"
#include "shmwin/sync/latch.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/recursive_mutex.hpp"
#include "shmwin/sync/section.hpp"
#include "shmwin/sync/semaphore.hpp"
#include "shmwin/sync/shared_mutex.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace shmwin::inline v1::detail {
namespace {

// --- by the name of the type -----------------------------------------------------------------

struct described_state {
    std::string_view type; ///< as in SHMWIN_NAME
    std::size_t n_bytes;   ///< at least: a record that says less is none of ours
    void (*tell)(plain_text& out, object_record const& what, std::byte const* state);
};

template <typename State>
State const& as(std::byte const* state) noexcept {
    return *reinterpret_cast<State const*>(state);
}

void tell_holder(plain_text& out, lock_holder const& holder) noexcept {
    out << "held by rank " << holder.rank << " (thread " << holder.thread << ")";
}

void tell_mutex(plain_text& out, object_record const& /*what*/, std::byte const* state) noexcept {
    auto const& mutex = as<mutex_state>(state);
    if (auto const holder = mutex.holder()) {
        tell_holder(out, holder);
    } else {
        out << (mutex.is_not_recoverable() ? "not recoverable" : "free");
    }
    if (mutex.is_inconsistent()) out << ", its data not repaired since a holder died";
}

std::span<shared_mutex_line const> lines_of(object_record const& what,
                                            std::byte const* state) noexcept {
    return {&as<shared_mutex_line>(state), what.n_bytes / sizeof(shared_mutex_line)};
}

// Behind the line of its own.
std::span<shared_mutex_line const> lines_of_section(object_record const& what,
                                                    std::byte const* state) noexcept {
    return lines_of(what, state).subspan(1);
}

// The word is that of shared_mutex.hpp's drawing, whose lower half says what a mutex's does.
void tell_lines(plain_text& out, std::span<shared_mutex_line const> lines) noexcept {
    std::uint64_t n_readers = 0;
    for (auto const& line : lines.subspan(1)) {
        n_readers += line.n_readers.load(std::memory_order_relaxed);
    }
    auto const word = lines[0].writer.load(std::memory_order_relaxed);
    auto const rank = static_cast<int>(word & 0xffffU) - 1;
    if (rank >= 0) {
        tell_holder(out, {rank, static_cast<std::uint32_t>(word >> 32U)});
        if (n_readers != 0) out << ", who waits for readers";
    } else if (word != 0) {
        out << (shared_mutex_access::is_not_recoverable(word) ? "not recoverable"
                                                              : "not repaired since a writer died");
    } else if (n_readers == 0) {
        out << "free";
    }
    if (n_readers != 0) out << (rank >= 0 || word != 0 ? ", " : "") << n_readers << " reading";
}

void tell_shared_mutex(plain_text& out,
                       object_record const& what,
                       std::byte const* state) noexcept {
    tell_lines(out, lines_of(what, state));
}

void tell_section(plain_text& out, object_record const& what, std::byte const* state) noexcept {
    out << "filled " << as<section_state>(state).version.load(std::memory_order_relaxed)
        << " times, ";
    tell_lines(out, lines_of_section(what, state));
}

void tell_event(plain_text& out, object_record const& /*what*/, std::byte const* state) noexcept {
    out << (is_set(as<event_state>(state)) ? "set" : "not set");
}

void tell_latch(plain_text& out, object_record const& /*what*/, std::byte const* state) noexcept {
    auto const count = as<latch_state>(state).count.load(std::memory_order_relaxed);
    if (count == 0) {
        out << "open";
    } else {
        out << count << " to be counted down";
    }
}

void tell_semaphore(plain_text& out,
                    object_record const& /*what*/,
                    std::byte const* state) noexcept {
    auto const& semaphore = as<semaphore_state>(state);
    out << semaphore.units.word.load(std::memory_order_relaxed) << " of " << semaphore.maximum
        << " units are there";
}

void tell_barrier(plain_text& out, object_record const& /*what*/, std::byte const* state) noexcept {
    auto const& barrier = as<barrier_state>(state);
    if (is_broken(barrier)) {
        out << "broken";
        return;
    }
    auto const before = barrier.arrivals_before.load(std::memory_order_relaxed);
    out << barrier.arrivals.load(std::memory_order_relaxed) - before << " of " << barrier.n_members
        << " members are there";
}

void tell_queue(plain_text& out, std::byte const* state) noexcept {
    auto const& queue = as<task_queue_state>(state);
    out << queue.n_queued.load(std::memory_order_relaxed) << " queued, "
        << queue.n_leased.load(std::memory_order_relaxed) << " leased";
}

// A recursive_mutex begins with a mutex.
constexpr std::array states{
    described_state{"shmwin.mutex/1", sizeof(mutex_state), tell_mutex},
    described_state{"shmwin.recursive_mutex/1", sizeof(recursive_mutex_state), tell_mutex},
    described_state{"shmwin.shared_mutex/1", sizeof(shared_mutex_line), tell_shared_mutex},
    described_state{"shmwin.section/1", section_bytes(0), tell_section},
    described_state{"shmwin.event/1", sizeof(event_state), tell_event},
    described_state{"shmwin.latch/1", sizeof(latch_state), tell_latch},
    described_state{"shmwin.semaphore/1", sizeof(semaphore_state), tell_semaphore},
    described_state{"shmwin.barrier/1", sizeof(barrier_state), tell_barrier},
};
static_assert(std::is_standard_layout_v<recursive_mutex_state>);

// --- values ----------------------------------------------------------------------------------

template <typename T>
void tell_number(plain_text& out, std::byte const* at) noexcept {
    // NOLINTNEXTLINE(*-const-cast): atomic_ref<T const> comes with C++26
    auto& word = const_cast<T&>(*reinterpret_cast<T const*>(at));
    out << std::atomic_ref(word).load(std::memory_order_relaxed);
}

template <typename One, typename Two, typename Four, typename Eight>
bool tell_of_size(plain_text& out, std::byte const* at, std::size_t n_bytes) noexcept {
    switch (n_bytes) {
    case 1:
        tell_number<One>(out, at);
        return true;
    case 2:
        tell_number<Two>(out, at);
        return true;
    case 4:
        tell_number<Four>(out, at);
        return true;
    case 8:
        tell_number<Eight>(out, at);
        return true;
    default:
        return false;
    }
}

bool tell_value(plain_text& out, object_record const& what, std::byte const* at) noexcept {
    if (!what.has_dtype) return false;
    switch (what.element_kind) {
    case dtype_kind::signed_integer:
        return tell_of_size<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(
            out, at, what.element_bytes);
    case dtype_kind::boolean:
    case dtype_kind::unsigned_integer:
        return tell_of_size<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(
            out, at, what.element_bytes);
    case dtype_kind::floating:
        if (what.element_bytes == sizeof(float)) {
            tell_number<float>(out, at);
        } else {
            tell_number<double>(out, at);
        }
        return true;
    default:
        return false;
    }
}

described_state const* description_of(object_record const& what) noexcept {
    if (what.kind == object_kind::synchronized) return states.data(); // it begins with a mutex
    if (what.kind != object_kind::sync) return nullptr;
    auto const* const found = std::ranges::find(states, what.type_text(), &described_state::type);
    return found == states.end() || what.n_bytes < found->n_bytes ? nullptr : found;
}

} // namespace

bool tell_state(plain_text& out, object_record const& what, std::byte const* block) noexcept {
    if (what.kind == object_kind::value) return tell_value(out, what, block);
    if (what.kind == object_kind::queue) {
        tell_queue(out, block);
        return true;
    }
    auto const* const known = description_of(what);
    if (known != nullptr) known->tell(out, what, block);
    return known != nullptr;
}

bool is_held_by(int rank, object_record const& what, std::byte const* block) noexcept {
    auto const* const known = description_of(what);
    if (known == nullptr) return false;
    if (known->tell == tell_mutex) return as<mutex_state>(block).holder().rank == rank;
    bool const is_section = known->tell == tell_section;
    if (known->tell != tell_shared_mutex && !is_section) return false;
    auto const lines = is_section ? lines_of_section(what, block) : lines_of(what, block);
    auto const mine = static_cast<std::size_t>(rank) + 1;
    auto const writer = lines[0].writer.load(std::memory_order_relaxed) & 0xffffU;
    return writer == mine || (mine < lines.size() && lines[mine].n_readers.load() != 0);
}

rank_bits members_of(object_record const& what, std::byte const* block) noexcept {
    auto const* const known = description_of(what);
    if (known == nullptr || known->tell != tell_barrier) return {};
    auto const members = as<barrier_state>(block).members();
    return sizeof(barrier_state) + members.size_bytes() <= what.n_bytes ? members : rank_bits();
}

} // namespace shmwin::inline v1::detail
