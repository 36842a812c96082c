// SPDX-License-Identifier: MIT
#include "shmwin/sync/value_wait.hpp"

#include "shmwin/sync/missing.hpp"

#include "sync/counted_sleeper.hpp"

#include <chrono>
#include <sched.h>

namespace shmwin::inline v1::detail {
namespace {

bool ready_soon(function_ref<bool()> ready, wait_policy const& policy) {
    for (int i = 0; i < policy.spin; ++i) {
        if (ready()) return true;
        pause_after(i);
    }
    for (int i = 0; i < policy.yield; ++i) {
        if (ready()) return true;
        ::sched_yield();
    }
    return ready();
}

} // namespace

bool wait_on_line(waitable& line,
                  wait_context const& waits,
                  awaited const& what,
                  function_ref<bool()> ready,
                  function_ref<void(bool)> check,
                  wait_deadline until) {
    long_wait whole(waits, what);
    return wait_on_line(line, whole, ready, check, until);
}

bool wait_on_line(waitable& line,
                  long_wait& whole,
                  function_ref<bool()> ready,
                  function_ref<void(bool)> check,
                  wait_deadline until) {
    if (ready()) return true;
    bool const is_over = until != no_deadline && until <= std::chrono::steady_clock::now();
    if (!is_over && ready_soon(ready, whole.policy())) return true;
    auto const in_slices = [&](bool look) {
        if (ready()) {
            line.word.fetch_add(1); // ends this sleep: nobody has notified, or died before
        } else {
            check(look);
        }
    };
    counted_sleeper const counted(line);
    for (;;) {
        auto const seen = line.word.load(); // before the look: a change after it is noticed
        if (ready()) return true;
        auto const changed = [&] { return line.word.load(std::memory_order_acquire) != seen; };
        if (!whole.sleep(line.word, seen, changed, in_slices, until)) return ready();
    }
}

bool wait_for_value(wait_context const& waits,
                    awaited const& what,
                    function_ref<bool()> ready,
                    wait_deadline until) {
    auto const check = [&](bool look) { check_all_there(waits, what, look); };
    return wait_on_line(waits.lot().line(what.object).sequence, waits, what, ready, check, until);
}

// A read that is an addition: ordered after the change of the value, of whatever order that was.
void notify_line(waitable& line) noexcept {
    if (line.n_sleepers.fetch_add(0) == 0) return;
    line.word.fetch_add(1);
    line.wake();
}

} // namespace shmwin::inline v1::detail
