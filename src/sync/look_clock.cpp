// SPDX-License-Identifier: MIT
#include "shmwin/sync/look_clock.hpp"

#include "shmwin/base/hash.hpp"

#include <array>

namespace shmwin::inline v1::detail {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{100};

} // namespace

bool look_clock::is_due() noexcept {
    auto const now = steady_clock::now();
    bool const is_first = next_ == steady_clock::time_point{};
    if (!is_first && now < next_) return false;
    next_ = now + look_every;
    return !is_first;
}

// Two keys that share a place drive each other out of it, and both are always due: a look too many
// costs time, one too few would hide a death.
bool is_time_to_look(std::uint64_t key) noexcept {
    struct place {
        std::uint64_t key = 0;
        steady_clock::time_point next;
    };
    thread_local std::array<place, 64> places{};
    auto& mine = places.at(mix(key) % places.size());
    auto const now = steady_clock::now();
    if (mine.key == key && now < mine.next) return false;
    mine = {key, now + look_every};
    return true;
}

} // namespace shmwin::inline v1::detail
