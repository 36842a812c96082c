// SPDX-License-Identifier: MIT
#include "shmwin/segment/condition_variable.hpp"

namespace shmwin::inline v1 {

void condition_variable::notify_one() const noexcept {
    detail::notify_one(state());
}

void condition_variable::notify_all() const noexcept {
    detail::notify_all(state());
}

detail::condition_outcome condition_variable::sleep(std::uint32_t ticket,
                                                    detail::wait_deadline until) const noexcept {
    return detail::wait_for_notification(
        state(), ticket, waits(), what("condition_variable::wait"), until);
}

} // namespace shmwin::inline v1
