// SPDX-License-Identifier: MIT
#include "shmwin/sync/robust_mutex.hpp"

#include <algorithm>

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
    if (who.alive(holder, true)) return false;
    if (who.state(holder) != participant_state::died) return false; // left: it lives on
    if (!word_.compare_exchange_strong(seen, mine | sleepers_bit)) return false;
    n_takeovers_.fetch_add(1);
    return true;
}

lock_outcome robust_mutex::lock(participants const& who, wait_policy const& policy) noexcept {
    auto const mine = static_cast<std::uint32_t>(who.self()) + 1;
    if (try_take(mine)) return lock_outcome::locked;
    for (int i = 0; i < std::min(policy.spin, 100); ++i) {
        cpu_pause();
        if (word_.load(std::memory_order_relaxed) == 0 && try_take(mine))
            return lock_outcome::locked;
    }
    for (;;) {
        // From here on we take the lock with the bit set: others may sleep too.
        auto seen = word_.load(std::memory_order_relaxed);
        if (seen == 0) {
            if (try_take(mine | sleepers_bit)) return lock_outcome::locked;
            continue;
        }
        if ((seen & sleepers_bit) == 0
            && !word_.compare_exchange_strong(seen, seen | sleepers_bit)) {
            continue;
        }
        auto const asleep = seen | sleepers_bit;
        auto const before = std::chrono::steady_clock::now();
        futex_wait(word_, asleep, look_every);
        bool const long_wait = std::chrono::steady_clock::now() - before >= look_every / 2;
        if (long_wait && word_.load() == asleep && take_over(asleep, mine, who)) {
            return lock_outcome::owner_died;
        }
    }
}

void robust_mutex::unlock() noexcept {
    auto const before = word_.exchange(0, std::memory_order_release);
    if ((before & sleepers_bit) != 0) futex_wake_one(word_);
}

} // namespace shmwin::inline v1::detail
