// SPDX-License-Identifier: MIT
#include "shmwin/segment/latch.hpp"

namespace shmwin::inline v1 {

void latch::count_down(std::int64_t n) const {
    detail::count_down(state(), n);
}

bool latch::try_wait() const noexcept {
    return detail::is_open(state());
}

std::int64_t latch::count() const noexcept {
    return state().count.load(std::memory_order_acquire);
}

void latch::wait() const {
    static_cast<void>(wait(detail::no_deadline));
}

void latch::arrive_and_wait(std::int64_t n) const {
    count_down(n);
    wait();
}

bool latch::wait(detail::wait_deadline until) const {
    return detail::wait_for_latch(state(), waits(), what("latch::wait"), until);
}

} // namespace shmwin::inline v1
