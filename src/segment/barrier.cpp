// SPDX-License-Identifier: MIT
#include "shmwin/segment/barrier.hpp"

namespace shmwin::inline v1 {

bool barrier::meet(detail::wait_deadline until) const {
    return detail::meet_at(state(), waits(), what("barrier::arrive_and_wait"), until);
}

void barrier::arrive_and_wait() const {
    static_cast<void>(meet(detail::no_deadline));
}

bool barrier::is_broken() const noexcept {
    return detail::is_broken(state());
}

std::vector<int> barrier::members() const {
    std::vector<int> all;
    for (int rank = 0; rank < waits().who().size(); ++rank) {
        if (detail::contains(state().members(), rank)) all.push_back(rank);
    }
    return all;
}

} // namespace shmwin::inline v1
