// SPDX-License-Identifier: MIT
#include "shmwin/sync/counter.hpp"

#include "shmwin/base/contract.hpp"

#include <algorithm>
#include <new>

namespace shmwin::inline v1::detail {
namespace {

// Which of a number of pieces is the caller's; nothing if all are taken. A look first: whoever asks
// after the end does not count on and on.
std::optional<std::int64_t> take_one(std::atomic<std::uint64_t>& n_taken, std::int64_t n) noexcept {
    auto const limit = static_cast<std::uint64_t>(n);
    if (n_taken.load(std::memory_order_relaxed) >= limit) return std::nullopt;
    auto const mine = n_taken.fetch_add(1, std::memory_order_relaxed);
    if (mine >= limit) return std::nullopt;
    return static_cast<std::int64_t>(mine);
}

std::int64_t count_of(std::atomic<std::uint64_t> const& n_taken, std::int64_t n) noexcept {
    auto const limit = static_cast<std::uint64_t>(n);
    return static_cast<std::int64_t>(std::min(n_taken.load(std::memory_order_relaxed), limit));
}

std::int64_t n_ranks_of(counter_lines lines) noexcept {
    return static_cast<std::int64_t>(lines.size()) - 1;
}

counter_state& line_of(counter_lines lines, std::int64_t rank) noexcept {
    return lines[static_cast<std::size_t>(rank) + 1];
}

range chunk_at(counter_state const& head, std::int64_t number) noexcept {
    auto const first = number * head.chunk;
    return {first, first + std::min(head.chunk, head.n_indices - first)};
}

// Chunks rank, rank + n_ranks, ...
std::int64_t n_chunks_of(counter_lines lines, std::int64_t rank) noexcept {
    auto const left = lines[0].n_chunks - rank;
    return left <= 0 ? 0 : (left - 1) / n_ranks_of(lines) + 1;
}

std::optional<range> next_block(counter_lines lines, int rank) noexcept {
    if (!take_one(line_of(lines, rank).n_taken, 1)) return std::nullopt;
    auto const mine = block_range(lines[0].n_indices, n_ranks_of(lines), rank);
    return mine.empty() ? std::nullopt : std::optional(mine);
}

std::optional<range> next_static(counter_lines lines, int rank) noexcept {
    auto const k = take_one(line_of(lines, rank).n_taken, n_chunks_of(lines, rank));
    if (!k) return std::nullopt;
    return chunk_at(lines[0], rank + *k * n_ranks_of(lines));
}

std::optional<range> next_dynamic(counter_state& head) noexcept {
    auto const number = take_one(head.n_taken, head.n_chunks);
    if (!number) return std::nullopt;
    return chunk_at(head, *number);
}

std::optional<range> next_guided(counter_state& head, std::int64_t n_ranks) noexcept {
    auto first = head.n_taken.load(std::memory_order_relaxed);
    for (;;) {
        auto const left = head.n_indices - static_cast<std::int64_t>(first);
        if (left <= 0) return std::nullopt;
        auto const n = std::min(left, std::max(head.chunk, (left - 1) / (2 * n_ranks) + 1));
        auto const last = first + static_cast<std::uint64_t>(n);
        if (head.n_taken.compare_exchange_weak(first, last, std::memory_order_relaxed)) {
            return range{static_cast<std::int64_t>(first), static_cast<std::int64_t>(last)};
        }
    }
}

std::int64_t n_left_in_chunks(counter_state const& head) noexcept {
    auto const n_taken = count_of(head.n_taken, head.n_chunks);
    return n_taken == head.n_chunks ? 0 : head.n_indices - n_taken * head.chunk;
}

std::int64_t n_left_of(counter_lines lines, std::int64_t rank) noexcept {
    auto const& head = lines[0];
    if (head.how == schedule::kind::static_blocks) {
        auto const mine = block_range(head.n_indices, n_ranks_of(lines), rank);
        return count_of(line_of(lines, rank).n_taken, 1) == 0 ? mine.size() : 0;
    }
    auto const n = n_chunks_of(lines, rank);
    auto const n_left = n - count_of(line_of(lines, rank).n_taken, n);
    if (n_left == 0) return 0;
    auto const last = chunk_at(head, rank + (n - 1) * n_ranks_of(lines)); // may be short
    return (n_left - 1) * head.chunk + last.size();
}

} // namespace

void make_counter(void* at, int n_ranks, std::int64_t n_indices, schedule const& how) noexcept {
    auto* const lines = static_cast<counter_state*>(at);
    for (int i = 0; i <= n_ranks; ++i) {
        new (lines + i) counter_state{};
    }
    lines->how = how.how();
    lines->chunk = how.chunk();
    restart_counter({lines, static_cast<std::size_t>(n_ranks) + 1}, n_indices);
}

void restart_counter(counter_lines lines, std::int64_t n_indices) noexcept {
    SHMWIN_EXPECT(n_indices >= 0);
    for (auto& each : lines) {
        each.n_taken.store(0, std::memory_order_relaxed);
    }
    auto& head = lines[0];
    head.n_indices = n_indices;
    head.n_chunks = n_indices == 0 ? 0 : (n_indices - 1) / head.chunk + 1;
}

std::optional<range> next_chunk(counter_lines lines, int rank) noexcept {
    switch (lines[0].how) {
    case schedule::kind::static_blocks:
        return next_block(lines, rank);
    case schedule::kind::static_chunks:
        return next_static(lines, rank);
    case schedule::kind::dynamic:
        return next_dynamic(lines[0]);
    case schedule::kind::guided:
        break;
    }
    return next_guided(lines[0], n_ranks_of(lines));
}

std::int64_t n_remaining(counter_lines lines) noexcept {
    auto const& head = lines[0];
    if (head.how == schedule::kind::dynamic) return n_left_in_chunks(head);
    if (head.how == schedule::kind::guided) {
        return head.n_indices - count_of(head.n_taken, head.n_indices);
    }
    std::int64_t sum = 0;
    for (std::int64_t rank = 0; rank < n_ranks_of(lines); ++rank) {
        sum += n_left_of(lines, rank);
    }
    return sum;
}

} // namespace shmwin::inline v1::detail
