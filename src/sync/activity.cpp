// SPDX-License-Identifier: MIT
#include "shmwin/sync/activity.hpp"

#include "shmwin/sync/thread_number.hpp"

#include <algorithm>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

using clock = wait_deadline::clock;

void store_call(activity_entry& entry, char const* call) noexcept {
    std::array<char, 8 * activity_entry::call_words> text{};
    std::copy_n(call, std::min(std::strlen(call), text.size()), text.data());
    for (std::size_t i = 0; i < entry.call.size(); ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + 8 * i, sizeof word);
        entry.call.at(i).store(word, std::memory_order_release);
    }
}

// False if the entry is another's by now, or none.
bool load(activity_entry const& entry, waiting& seen) noexcept {
    seen.thread = entry.thread.load(std::memory_order_acquire);
    auto const since = entry.since_ns.load(std::memory_order_acquire);
    if (seen.thread == 0 || since == 0) return false;
    seen.since = std::chrono::nanoseconds(since);
    // Acquired, all of them: the second looks at `since` and `thread` come after.
    seen.object = entry.object.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < entry.call.size(); ++i) {
        auto const word = entry.call.at(i).load(std::memory_order_acquire);
        std::memcpy(seen.call.data() + 8 * i, &word, sizeof word);
    }
    // Both: a wait that began in the same tick, and one whose `since` was there before its thread.
    return entry.since_ns.load(std::memory_order_acquire) == since
           && entry.thread.load(std::memory_order_relaxed) == seen.thread;
}

} // namespace

void activity::for_each(int rank, function_ref<void(waiting const&)> tell) const {
    if (slots_.empty()) return;
    for (auto const& entry : slot(rank).entries) {
        waiting seen;
        if (load(entry, seen)) tell(seen);
    }
}

// With more threads than entries the rest stays unsaid.
activity_entry* activity::take() const noexcept {
    if (slots_.empty()) return nullptr;
    auto const me = static_cast<std::int32_t>(this_thread_number());
    for (auto& entry : slot(self_).entries) {
        std::int32_t nobody = 0;
        if (entry.thread.compare_exchange_strong(nobody, me)) return &entry;
    }
    return nullptr;
}

void wait_note::enter() noexcept {
    begun_ = true;
    since_ = clock::now();
    entry_ = where_.take();
    if (entry_ == nullptr) return;
    entry_->object.store(what_.object, std::memory_order_release);
    store_call(*entry_, what_.call);
    auto const since = std::chrono::nanoseconds(since_.time_since_epoch()).count();
    entry_->since_ns.store(since, std::memory_order_release);
}

void wait_note::leave() noexcept {
    if (entry_ == nullptr) return;
    entry_->since_ns.store(0, std::memory_order_relaxed);
    entry_->thread.store(0, std::memory_order_release);
}

void wait_note::warn() noexcept {
    auto const how_long = clock::now() - since_;
    if (warned_ || how_long < warn_after_ || where_.watcher_ == nullptr) return;
    warned_ = true;
    bool const first = !where_.slots_.empty() && where_.slot(0).told.exchange(1) == 0;
    where_.watcher_->waits_too_long(what_, how_long, first);
}

} // namespace shmwin::inline v1::detail
