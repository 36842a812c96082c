// SPDX-License-Identifier: MIT
#include "shmwin/sync/robust_mutex.hpp"

#include "sync/taken_soon.hpp"

namespace shmwin::inline v1::detail {
namespace {

// Longest time that a dead holder goes unnoticed.
constexpr std::chrono::microseconds look_every{20'000};

} // namespace

bool robust_mutex::try_take(std::uint32_t mine) noexcept {
    std::uint32_t expected = 0;
    return word_.compare_exchange_strong(
        expected, mine, std::memory_order_acquire, std::memory_order_relaxed);
}

bool robust_mutex::take_over(std::uint32_t seen,
                             std::uint32_t mine,
                             participants const& who) noexcept {
    if (seen == 0) return false;
    auto const holder = static_cast<int>(seen & ~sleepers_bit) - 1;
    if (!who.gone(holder)) return false; // one that left or closed may live on, and hold it
    if (!word_.compare_exchange_strong(seen, mine | sleepers_bit)) return false;
    n_takeovers_.fetch_add(1);
    return true;
}

bool robust_mutex::taken_soon(std::uint32_t mine, wait_policy const& policy) noexcept {
    if (try_take(mine)) return true;
    return detail::taken_soon(
        policy,
        [&] { return word_.load(std::memory_order_relaxed) == 0; },
        [&] { return try_take(mine); });
}

// Sleeps while `seen` holds the lock. True if that was so long that the holder may be dead.
bool robust_mutex::sleep_once(std::uint32_t seen) noexcept {
    auto const asleep = seen | sleepers_bit;
    if (seen != asleep && !word_.compare_exchange_strong(seen, asleep)) return false;
    auto const before = std::chrono::steady_clock::now();
    futex_wait(word_, asleep, look_every);
    bool const long_wait = std::chrono::steady_clock::now() - before >= look_every / 2;
    return long_wait && word_.load() == asleep;
}

lock_outcome robust_mutex::lock(participants const& who, wait_policy const& policy) noexcept {
    auto const mine = static_cast<std::uint32_t>(who.self()) + 1;
    if (taken_soon(mine, policy)) return lock_outcome::locked;
    for (;;) {
        // From here on the lock is taken with the bit set: others may sleep too.
        auto const seen = word_.load(std::memory_order_relaxed);
        if (seen == 0) {
            if (try_take(mine | sleepers_bit)) return lock_outcome::locked;
        } else if (sleep_once(seen) && take_over(seen | sleepers_bit, mine, who)) {
            return lock_outcome::owner_died;
        }
    }
}

void robust_mutex::unlock() noexcept {
    auto const before = word_.exchange(0, std::memory_order_release);
    if ((before & sleepers_bit) != 0) futex_wake_one(word_);
}

} // namespace shmwin::inline v1::detail
