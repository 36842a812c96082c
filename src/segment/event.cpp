// SPDX-License-Identifier: MIT
#include "shmwin/segment/event.hpp"

namespace shmwin::inline v1 {

void event::set() const noexcept {
    detail::set_event(state());
}

void event::clear() const noexcept {
    detail::clear_event(state());
}

bool event::is_set() const noexcept {
    return detail::is_set(state());
}

void event::wait() const {
    static_cast<void>(wait(detail::no_deadline));
}

bool event::wait(detail::wait_deadline until) const {
    return detail::wait_for_event(state(), waits(), what("event::wait"), until);
}

} // namespace shmwin::inline v1
