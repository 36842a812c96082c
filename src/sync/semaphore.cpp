// SPDX-License-Identifier: MIT
#include "shmwin/sync/semaphore.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/long_wait.hpp"
#include "shmwin/sync/missing.hpp"

namespace shmwin::inline v1::detail {

void check_semaphore(std::int64_t initial, std::int64_t maximum) {
    if (initial >= 0 && initial <= maximum && maximum <= most_units) return;
    raise(errc::invalid_argument,
          text("semaphore is not possible (",
               initial,
               " units of at most ",
               maximum,
               "; 0 or more, at most the maximum, which is at most ",
               most_units,
               ")"));
}

bool try_acquire(semaphore_state& semaphore) noexcept {
    auto& units = semaphore.units.word;
    auto seen = units.load(std::memory_order_relaxed);
    while (seen != 0) {
        if (units.compare_exchange_weak(
                seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

bool acquire(semaphore_state& semaphore,
             wait_context const& in,
             awaited const& what,
             wait_deadline until) {
    auto const check = [&](bool look) { check_all_there(in, what, look); };
    long_wait waiting(in, what);
    for (;;) {
        if (try_acquire(semaphore)) return true;
        if (!waiting.sleep(semaphore.units, 0, check, until)) return try_acquire(semaphore);
    }
}

void release(semaphore_state& semaphore, std::int64_t n) {
    auto& units = semaphore.units;
    auto seen = units.word.load(std::memory_order_relaxed);
    do {
        if (n < 0 || n > std::int64_t{semaphore.maximum} - seen) {
            raise(errc::invalid_argument,
                  text("semaphore cannot take ",
                       n,
                       " units (it has ",
                       seen,
                       " of at most ",
                       semaphore.maximum,
                       "; released more often than acquired?)"));
        }
        // Sequentially consistent: ordered against a sleeper's count and look.
    } while (!units.word.compare_exchange_weak(seen, seen + static_cast<std::uint32_t>(n)));
    if (n == 0 || units.n_sleepers.load() == 0) return;
    // One who is woken and killed takes nothing: the unit is there for all who look.
    if (n == 1) {
        futex_wake_one(units.word);
    } else {
        futex_wake_all(units.word);
    }
}

} // namespace shmwin::inline v1::detail
