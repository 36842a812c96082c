// SPDX-License-Identifier: MIT
#include "shmwin/memory/retired_blocks.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace shmwin::inline v1::detail {

// A container's destructor ends here: nothing may be thrown.
void retired_blocks::add(void* block) noexcept {
    try {
        std::lock_guard const lock(changing_);
        blocks_.push_back(block);
        any_.store(true, std::memory_order_relaxed);
    } catch (std::exception const&) {
        log(log_level::error, "a block stays in use until close (no memory to note it for later)");
    }
}

void retired_blocks::watch(watch_key const& key, std::function<void()> check) {
    std::lock_guard const lock(changing_);
    auto const same = [&](watched const& each) { return each.key == key; };
    if (std::ranges::none_of(watched_, same)) watched_.push_back({key, std::move(check)});
    any_.store(true, std::memory_order_relaxed);
}

// What another thread retires from here on may be of a view that somebody takes after the meeting.
void retired_blocks::arriving() noexcept {
    if (!any_.load(std::memory_order_relaxed)) return;
    std::vector<watched> now;
    {
        std::lock_guard const lock(changing_);
        n_at_arrival_ = blocks_.size();
        now.swap(watched_);
    }
    for (auto const& each : now) {
        each.check();
    }
}

void retired_blocks::met() noexcept {
    if (!any_.load(std::memory_order_relaxed)) return;
    std::lock_guard const lock(changing_);
    auto const end = blocks_.begin() + static_cast<std::ptrdiff_t>(n_at_arrival_);
    try {
        std::for_each(blocks_.begin(), end, [&](void* block) { memory_.deallocate(block); });
    } catch (error const& failed) { // overwritten metadata, at worst
        log(log_level::error, failed.what());
    }
    blocks_.erase(blocks_.begin(), end);
    n_at_arrival_ = 0;
    any_.store(!blocks_.empty() || !watched_.empty(), std::memory_order_relaxed);
}

} // namespace shmwin::inline v1::detail
