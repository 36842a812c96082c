// SPDX-License-Identifier: MIT
// activity: what each rank waits for, where the others can read it. Only those who wait for long
// enough to have slept once say so: a wait that ends sooner stores nothing. One slot a rank:
//
//     | told (64) | entry of a waiting thread (64) | ... 7 in all |
//     entry: | thread | since | object | call, 40 bytes |
//
// What a killed rank has left there stays, as its state says; nobody waits for it.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shmwin::inline v1::detail {

/// What is waited for, in words for people.
struct awaited {
    char const* call = "";    ///< "mutex::lock"; a literal
    std::uint64_t object = 0; ///< its position in the segment; 0: unknown, or none
};

/// In the segment: what one thread waits for.
struct alignas(64) activity_entry {
    static constexpr std::size_t call_words = 5;

    std::atomic<std::int32_t> thread; ///< 0: free
    std::uint32_t reserved;
    std::atomic<std::int64_t> since_ns; ///< monotonic; 0 while the entry is written
    std::atomic<std::uint64_t> object;
    std::array<std::atomic<std::uint64_t>, call_words> call; ///< text, 0 behind it
};
static_assert(sizeof(activity_entry) == 64);

/// In the segment. All zero is a rank that waits for nothing.
struct alignas(64) activity_slot {
    std::atomic<std::uint32_t> told; ///< of rank 0's slot: somebody has told of all ranks at length
    std::array<activity_entry, 7> entries;
};
static_assert(sizeof(activity_slot) == 512);

/// What a thread of a rank waits for: a copy of an entry.
struct waiting {
    std::int32_t thread = 0;
    std::chrono::nanoseconds since{}; ///< on the clock of the waits
    std::uint64_t object = 0;
    std::array<char, 8 * activity_entry::call_words + 1> call{};

    [[nodiscard]] std::string_view call_text() const noexcept { return call.data(); }
};

/// Process-local. Is told of waits that take too long.
class wait_watcher {
  public:
    wait_watcher() = default;
    wait_watcher(wait_watcher const&) = delete;
    wait_watcher(wait_watcher&&) = delete;
    wait_watcher& operator=(wait_watcher const&) = delete;
    wait_watcher& operator=(wait_watcher&&) = delete;
    virtual ~wait_watcher() = default;

    /// Once a wait.
    /// @param at_length  nobody told of all ranks yet: the caller is the one to do it
    virtual void waits_too_long(awaited const& what,
                                std::chrono::nanoseconds how_long,
                                bool at_length) noexcept = 0;
};

/// Process-local handle to the slots. Cheap to copy. Without slots nothing is noted.
class activity {
  public:
    activity() = default;
    activity(std::span<activity_slot> slots, int self, wait_watcher* watcher = nullptr) noexcept
        : slots_(slots), self_(self), watcher_(watcher) {}

    /// Local. What the threads of a rank wait for, one after the other; a snapshot. Safe in a
    /// signal handler.
    SHMWIN_API void for_each(int rank, function_ref<void(waiting const&)> tell) const;

  private:
    friend class wait_note;
    [[nodiscard]] activity_slot& slot(int rank) const noexcept {
        return slots_[static_cast<std::size_t>(rank)];
    }
    [[nodiscard]] activity_entry* take() const noexcept;

    std::span<activity_slot> slots_;
    int self_ = 0;
    wait_watcher* watcher_ = nullptr;
};

/// One wait of this thread, from its begin to its end. Costs nothing until slept() is called.
class wait_note {
  public:
    wait_note(activity const& where, awaited const& what, wait_policy const& policy) noexcept
        : where_(where), what_(what), warn_after_(policy.warn_after) {}
    wait_note(wait_note const&) = delete;
    wait_note(wait_note&&) = delete;
    wait_note& operator=(wait_note const&) = delete;
    wait_note& operator=(wait_note&&) = delete;
    ~wait_note() {
        if (begun_) leave();
    }

    /// Local. After each slice of the wait; `look` as checks get it.
    void slept(bool look) {
        if (!begun_) enter();
        if (look && warn_after_.count() > 0) warn();
    }

  private:
    SHMWIN_API void enter() noexcept;
    SHMWIN_API void leave() noexcept;
    SHMWIN_API void warn() noexcept;

    activity const& where_;
    awaited what_;
    std::chrono::seconds warn_after_;
    bool begun_ = false;
    bool warned_ = false;
    wait_deadline since_{};
    activity_entry* entry_ = nullptr;
};

} // namespace shmwin::inline v1::detail
