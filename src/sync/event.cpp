// SPDX-License-Identifier: MIT
#include "shmwin/sync/event.hpp"

#include "shmwin/sync/missing.hpp"

namespace shmwin::inline v1::detail {
namespace {

// One step on, if the lowest bit says that there is something to change. Another one may do it.
// Always an atomic change: what was stored before is visible to whoever sees the flag.
bool change(event_state& event, std::uint32_t from) noexcept {
    auto seen = event.changes.word.load(std::memory_order_relaxed);
    for (;;) {
        bool const changes = (seen & 1U) == from;
        if (event.changes.word.compare_exchange_weak(seen, changes ? seen + 1 : seen)) {
            return changes;
        }
    }
}

} // namespace

void set_event(event_state& event) noexcept {
    if (change(event, 0)) event.changes.wake();
}

void clear_event(event_state& event) noexcept {
    static_cast<void>(change(event, 1));
}

bool wait_for_event(event_state& event,
                    wait_context const& in,
                    awaited const& what,
                    wait_deadline until) {
    auto const seen = event.changes.word.load(std::memory_order_acquire);
    if ((seen & 1U) != 0) return true;
    auto const check = [&](bool look) { check_all_there(in, what, look); };
    return in.wait_while(event.changes, seen, what, check, until);
}

} // namespace shmwin::inline v1::detail
