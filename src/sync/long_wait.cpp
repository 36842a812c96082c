// SPDX-License-Identifier: MIT
#include "shmwin/sync/long_wait.hpp"

#include <utility>

namespace shmwin::inline v1::detail {

long_wait::long_wait(wait_context const& by, awaited const& what) noexcept
    : policy_(by.policy()), object_(what.object), note_(by.log(), what, by.policy()) {}

bool long_wait::sleep(waitable& w,
                      std::uint32_t old,
                      function_ref<void(bool)> check,
                      wait_deadline until) {
    auto const noted = [&](bool look) {
        note_.slept(look);
        check(look);
    };
    look_between_sleeps(noted);
    if (detail::wait_while(w, old, policy_, noted, until)) return true;
    look_at_the_end(&w, check);
    return w.word.load(std::memory_order_acquire) != old;
}

bool long_wait::sleep(futex_word& word,
                      std::uint32_t old,
                      function_ref<bool()> changed,
                      function_ref<void(bool)> check,
                      wait_deadline until) {
    auto const noted = [&](bool look) {
        note_.slept(look);
        check(look);
    };
    look_between_sleeps(noted);
    if (detail::sleep_on(word, old, changed, policy_, noted, until)) return true;
    look_at_the_end(&word, check);
    return changed();
}

void long_wait::look_between_sleeps(function_ref<void(bool)> check) {
    if (std::exchange(is_first_, false)) return;
    if (looks_.is_due()) check(true);
}

// The line is of several objects, the object may have several lines.
void long_wait::look_at_the_end(void const* word, function_ref<void(bool)> check) const {
    if (is_time_to_look(look_key(word) ^ object_)) check(true);
}

} // namespace shmwin::inline v1::detail
