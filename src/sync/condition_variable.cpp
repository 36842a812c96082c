// SPDX-License-Identifier: MIT
#include "shmwin/sync/condition_variable.hpp"

#include "shmwin/sync/look_clock.hpp"
#include "shmwin/sync/missing.hpp"

namespace shmwin::inline v1::detail {

condition_outcome wait_for_notification(condition_state& condition,
                                        std::uint32_t ticket,
                                        wait_context const& in,
                                        awaited const& what,
                                        wait_deadline until) noexcept {
    auto const check = [&](bool look) { check_none_missing(in, what, look); };
    try {
        // Who waits in a loop for what others' notifications are not about never sleeps for long.
        bool const is_notified = condition.notified.word.load() != ticket;
        if (!is_notified && is_time_to_look(look_key(&condition))) check(true);
        return {in.wait_while(condition.notified, ticket, what, check, until), nullptr};
    } catch (...) {
        return {false, std::current_exception()};
    }
}

void notify_one(condition_state& condition) noexcept {
    condition.notified.word.fetch_add(1);
    if (condition.notified.n_sleepers.load() != 0) futex_wake_one(condition.notified.word);
}

void notify_all(condition_state& condition) noexcept {
    condition.notified.word.fetch_add(1);
    condition.notified.wake();
}

} // namespace shmwin::inline v1::detail
