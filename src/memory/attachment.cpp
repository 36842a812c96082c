// SPDX-License-Identifier: MIT
#include "shmwin/memory/attachment.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/retired_blocks.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace shmwin::inline v1::detail {

/// Never freed, only used again: who looks something up needs no lock.
struct attached_heap {
    std::atomic<std::byte const*> base{nullptr}; ///< nullptr: not in use
    std::atomic<heap const*> memory{nullptr};
    std::atomic<retired_blocks*> retired{nullptr};
    attached_heap* next = nullptr;
};

namespace {

using bucket = std::atomic<attached_heap*>;

// Of the process, since an object in a segment can reach nothing else. Few segments, many buckets.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
constinit std::array<bucket, 64> buckets{};
constinit std::mutex changing;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

bucket& bucket_of(std::byte const* base) noexcept {
    auto const page = reinterpret_cast<std::uintptr_t>(base) / page_bytes;
    return buckets[page * 0x9e37'79b9'7f4a'7c15ULL >> 58U]; // Fibonacci hashing (Knuth, 6.4)
}

attached_heap* unused_entry(bucket const& among) noexcept {
    auto* entry = among.load(std::memory_order_relaxed);
    while (entry != nullptr && entry->base.load(std::memory_order_relaxed) != nullptr) {
        entry = entry->next;
    }
    return entry;
}

attached_heap const* find_entry(std::byte const* base) noexcept {
    if (base == nullptr) return nullptr;
    auto const* entry = bucket_of(base).load(std::memory_order_acquire);
    while (entry != nullptr && entry->base.load(std::memory_order_acquire) != base) {
        entry = entry->next;
    }
    return entry;
}

} // namespace

heap_attachment::heap_attachment(heap const& memory, retired_blocks* retired) {
    auto const* const base = memory.where().base();
    auto& mine = bucket_of(base);
    std::lock_guard const lock(changing);
    entry_ = unused_entry(mine);
    bool const fresh = entry_ == nullptr;
    if (fresh) entry_ = new attached_heap; // NOLINT(cppcoreguidelines-owning-memory): never freed
    entry_->memory.store(&memory, std::memory_order_relaxed);
    entry_->retired.store(retired, std::memory_order_relaxed);
    entry_->base.store(base, std::memory_order_release);
    if (!fresh) return;
    entry_->next = mine.load(std::memory_order_relaxed);
    mine.store(entry_, std::memory_order_release);
}

heap_attachment::~heap_attachment() {
    std::lock_guard const lock(changing);
    entry_->base.store(nullptr, std::memory_order_release);
}

heap const* find_heap(std::byte const* base) noexcept {
    auto const* const entry = find_entry(base);
    return entry == nullptr ? nullptr : entry->memory.load(std::memory_order_relaxed);
}

void retire(heap const& memory, void* block) {
    auto const* const entry = find_entry(memory.where().base());
    auto* const until_all_met =
        entry == nullptr ? nullptr : entry->retired.load(std::memory_order_relaxed);
    if (until_all_met != nullptr) {
        until_all_met->add(block);
    } else {
        memory.deallocate(block);
    }
}

heap const& require_heap(std::byte const* base) {
    if (auto const* const found = find_heap(base)) return *found;
    raise(errc::closed,
          text("allocator has no heap (this process has no segment at ",
               static_cast<void const*>(base),
               ": its last handle is gone, or the bytes of a container were copied to another "
               "place instead of the container)"));
}

void raise_too_many(std::size_t n, std::size_t element_bytes) {
    raise(errc::out_of_memory,
          text("too many elements (",
               n,
               " of ",
               element_bytes,
               " bytes; more than any segment can hold)"));
}

} // namespace shmwin::inline v1::detail
