// SPDX-License-Identifier: MIT
#include "shmwin/sync/mutex.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/long_wait.hpp"
#include "shmwin/sync/look_clock.hpp"

#include "sync/lock_state.hpp"
#include "sync/patience.hpp"
#include "sync/taken_soon.hpp"

#include <optional>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

std::string holder_text(lock_holder const& by) {
    if (!by) return "nobody holds it";
    return text("thread ", by.thread, " of rank ", by.rank, " holds it");
}

[[noreturn]] void raise_not_held(awaited const& what, lock_holder const& by) {
    raise(errc::invalid_argument,
          text(what.call, " is not possible (", holder_text(by), ", not the calling thread)"));
}

[[noreturn]] void raise_own(awaited const& what, lock_holder const& me) {
    raise(errc::would_deadlock,
          text(what.call,
               " is not possible (",
               holder_text(me),
               ", which is the caller; unlock it first, or use a recursive_mutex)"));
}

} // namespace

// The lock is in nobody's hands, but its last holder died or gave up.
void mutex_state::require_sound(std::uint64_t seen, awaited const& what) {
    constexpr lock_words words;
    raise_unless_sound(what,
                       static_cast<int>(seen >> 32U) - 1,
                       (seen & not_recoverable) != 0,
                       (seen & inconsistent) != 0,
                       words);
}

// Ends the hold of a dead process, or of a thread or forked child that ended without it. True if
// nobody holds the lock that `seen` was.
bool mutex_state::end_of_dead(std::uint64_t seen, wait_context const& by) {
    auto const holder = holder_in(seen);
    if (!holder || !is_holder_gone(by.who(), holder)) return false;
    auto const left =
        inconsistent | (std::uint64_t{static_cast<std::uint32_t>(holder.rank)} + 1) << 32U;
    if (word_.compare_exchange_strong(seen, left)) futex_wake_all(lower_half());
    return true;
}

bool mutex_state::taken_soon(std::uint64_t mine, wait_policy const& policy) noexcept {
    return detail::taken_soon(
        policy,
        [&] { return word_.load(std::memory_order_relaxed) == 0; },
        [&] { return take(mine); });
}

// Of who waits: ends the hold of a dead process, does not wait for ever for one that left.
void mutex_state::look_at_holder(wait_context const& by, awaited const& what, patience& left) {
    auto const seen = word_.load(std::memory_order_relaxed);
    auto const holder = holder_in(seen);
    if (!holder || end_of_dead(seen, by)) return;
    if (left.ends_with(by.who(), holder.rank)) {
        raise_holder_left(what, by.who(), holder.rank, holder_text(holder));
    }
}

// Takes the lock that nobody holds, as `seen` says; nothing if it is another's by now.
std::optional<mutex_outcome> mutex_state::take_free(std::uint64_t& seen,
                                                    std::uint64_t mine,
                                                    bool to_repair,
                                                    awaited const& what) {
    if (!to_repair || (seen & not_recoverable) != 0) require_sound(seen, what);
    auto const kept = seen & inconsistent;
    if (!word_.compare_exchange_strong(
            seen, mine | kept, std::memory_order_acquire, std::memory_order_relaxed)) {
        return std::nullopt;
    }
    return kept != 0 ? mutex_outcome::to_repair : mutex_outcome::locked;
}

// False if the word is not as seen any more: then it is what `seen` becomes.
bool mutex_state::note_sleeper(std::uint64_t& seen) noexcept {
    auto const asleep = seen | sleepers;
    return seen == asleep || word_.compare_exchange_strong(seen, asleep);
}

mutex_outcome mutex_state::wait(wait_context const& by,
                                awaited const& what,
                                wait_deadline until,
                                bool to_repair) {
    auto const mine = name_of(by);
    if (taken_soon(mine, by.policy())) return mutex_outcome::locked;
    patience with_holder;
    auto const check = [&](bool look) {
        if (look) look_at_holder(by, what, with_holder);
    };
    long_wait waiting(by, what);
    std::uint64_t others = 0; // once it slept, others may sleep too
    auto seen = word_.load(std::memory_order_relaxed);
    for (;;) {
        if (!holder_in(seen)) {
            if (auto const got = take_free(seen, mine | others, to_repair, what)) return *got;
            continue;
        }
        if ((seen & ~flags) == mine) raise_own(what, holder_in(seen));
        if (!note_sleeper(seen)) continue;
        auto const old = static_cast<std::uint32_t>(seen | sleepers);
        auto const changed = [&] {
            return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed)) != old;
        };
        if (!waiting.sleep(lower_half(), old, changed, check, until)) {
            return mutex_outcome::timed_out;
        }
        others = sleepers;
        seen = word_.load(std::memory_order_relaxed);
    }
}

bool mutex_state::try_again(wait_context const& by, awaited const& what) {
    auto seen = word_.load(std::memory_order_relaxed);
    if (holder_in(seen) && is_time_to_look(look_key(this)) && end_of_dead(seen, by)) {
        seen = word_.load(std::memory_order_relaxed);
    }
    if (holder_in(seen)) return false;
    require_sound(seen, what);
    return take(name_of(by));
}

void mutex_state::mark_consistent(wait_context const& by, awaited const& what) {
    if (!is_mine(by)) raise_not_held(what, holder());
    word_.fetch_and(~inconsistent, std::memory_order_relaxed);
}

void mutex_state::give_back(wait_context const& by, awaited const& what) {
    if (!is_mine(by)) raise_not_held(what, holder());
    auto const gave_up =
        not_recoverable | (std::uint64_t{static_cast<std::uint32_t>(by.self())} + 1) << 32U;
    auto seen = word_.load(std::memory_order_relaxed);
    std::uint64_t left = 0;
    do {
        left = (seen & inconsistent) != 0 ? gave_up : 0;
    } while (!word_.compare_exchange_weak(
        seen, left, std::memory_order_release, std::memory_order_relaxed));
    if ((seen & sleepers) == 0) return;
    if (left == 0) {
        futex_wake_one(lower_half());
    } else {
        futex_wake_all(lower_half());
    }
}

} // namespace shmwin::inline v1::detail
