// SPDX-License-Identifier: MIT
// Deadlines of the C interface: seconds from now; negative: none.
//
// Layer: c.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/mutex.hpp"

#include "c/status.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace shmwin::inline v1::detail {

/// @throws argument_error (invalid_argument)  it is no number
[[nodiscard]] inline wait_deadline deadline_in(double seconds) {
    if (std::isnan(seconds)) {
        raise(errc::invalid_argument, "time is no number (seconds is NaN; negative: no deadline)");
    }
    return seconds < 0 ? no_deadline : deadline_after(std::chrono::duration<double>(seconds));
}

/// guard() of a wait: `wait(deadline)` is false if that passed.
template <typename Wait>
[[nodiscard]] int timed(std::string_view call, double seconds, Wait const& wait) {
    return guard(
        [&] { return wait(deadline_in(seconds)) ? int{SHMWIN_SUCCESS} : note_timed_out(call); });
}

/// What functions that ask for the holder give.
inline void tell_holder(lock_holder const& holder, int* rank, std::uint32_t* thread) {
    need(rank, "rank") = holder.rank;
    if (thread != nullptr) *thread = holder.thread;
}

} // namespace shmwin::inline v1::detail
