// SPDX-License-Identifier: MIT
#include "shmwin/sync/parking_lot.hpp"

#include "shmwin/sync/look_clock.hpp"

namespace shmwin::inline v1::detail {

bool parking_lot::park(std::uint64_t key,
                       wait_policy const& policy,
                       function_ref<bool()> ready,
                       function_ref<void(bool)> check,
                       wait_deadline until) const {
    auto& sequence = line(key).sequence;
    look_clock looks;
    for (;;) {
        auto const seen = sequence.word.load(); // before the look: a change after it is noticed
        if (ready()) return true;
        if (looks.is_due()) check(true); // others may end each sleep before its own look
        if (wait_while(sequence, seen, policy, check, until)) continue;
        if (is_time_to_look(key)) check(true);
        return ready();
    }
}

void parking_lot::unpark(std::uint64_t key) const noexcept {
    auto& sequence = line(key).sequence;
    sequence.word.fetch_add(1);
    sequence.wake();
}

void parking_lot::unpark_all() const noexcept {
    for (auto& each : lines_) {
        each.sequence.word.fetch_add(1);
        each.sequence.wake();
    }
}

} // namespace shmwin::inline v1::detail
