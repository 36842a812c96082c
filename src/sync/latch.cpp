// SPDX-License-Identifier: MIT
#include "shmwin/sync/latch.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/missing.hpp"

namespace shmwin::inline v1::detail {

void check_latch_count(std::int64_t count) {
    if (count >= 0) return;
    raise(errc::invalid_argument, text("latch counts down from nothing (", count, "; 0 or more)"));
}

void count_down(latch_state& latch, std::int64_t n) {
    auto seen = latch.count.load(std::memory_order_relaxed);
    do {
        if (n < 0 || n > seen) {
            raise(errc::invalid_argument,
                  text("latch cannot count down by ", n, " (", seen, " are left)"));
        }
    } while (!latch.count.compare_exchange_weak(
        seen, seen - n, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (seen == n) latch.open.publish(1);
}

bool wait_for_latch(latch_state& latch,
                    wait_context const& in,
                    awaited const& what,
                    wait_deadline until) {
    if (is_open(latch)) return true;
    auto const check = [&](bool look) {
        if (is_open(latch)) {
            latch.open.publish(1); // whoever should have was killed
        } else {
            check_none_missing(in, what, look);
        }
    };
    return in.wait_while(latch.open, 0, what, check, until) || is_open(latch);
}

} // namespace shmwin::inline v1::detail
