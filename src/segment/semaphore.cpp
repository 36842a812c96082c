// SPDX-License-Identifier: MIT
#include "shmwin/segment/semaphore.hpp"

namespace shmwin::inline v1 {

void semaphore::acquire() const {
    static_cast<void>(acquire(detail::no_deadline));
}

bool semaphore::try_acquire() const noexcept {
    return detail::try_acquire(state());
}

void semaphore::release(std::int64_t n) const {
    detail::release(state(), n);
}

std::int64_t semaphore::units() const noexcept {
    return state().units.word.load(std::memory_order_acquire);
}

bool semaphore::acquire(detail::wait_deadline until) const {
    return detail::acquire(state(), waits(), what("semaphore::acquire"), until);
}

} // namespace shmwin::inline v1
