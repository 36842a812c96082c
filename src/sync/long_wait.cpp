// SPDX-License-Identifier: MIT
#include "shmwin/sync/long_wait.hpp"

#include <utility>

namespace shmwin::inline v1::detail {

long_wait::long_wait(wait_context const& by,
                     awaited const& what,
                     function_ref<void(bool)> check,
                     wait_deadline until) noexcept
    : policy_(by.policy()),
      object_(what.object),
      note_(by.log(), what, by.policy()),
      check_(check),
      until_(until) {}

bool long_wait::sleep(waitable& w, std::uint32_t old) {
    look_between_sleeps();
    if (detail::wait_while(
            w, old, policy_, [this](bool look) { slept(look); }, until_)) {
        return true;
    }
    look_at_the_end(&w);
    return w.word.load(std::memory_order_acquire) != old;
}

bool long_wait::sleep(futex_word& word, std::uint32_t old, function_ref<bool()> changed) {
    look_between_sleeps();
    auto const check = [this](bool look) { slept(look); };
    if (detail::sleep_on(word, old, changed, policy_, check, until_)) return true;
    look_at_the_end(&word);
    return changed();
}

void long_wait::slept(bool look) {
    note_.slept(look);
    check_(look);
}

void long_wait::look_between_sleeps() {
    if (std::exchange(is_first_, false)) return;
    if (looks_.is_due()) slept(true);
}

// The line is of several objects, the object may have several lines.
void long_wait::look_at_the_end(void const* word) {
    if (is_time_to_look(look_key(word) ^ object_)) check_(true);
}

} // namespace shmwin::inline v1::detail
