// SPDX-License-Identifier: MIT
// The heap beside a simple reference, a map from offset to block: who calls, what each block
// holds, and what always holds. One process is all ranks, so that a sequence of calls means the
// same each time.
#pragma once

#include "shmwin/base/text.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/heap_ops.hpp"
#include "support/shared_pages.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace shmwin::test {

/// The heap did not do what it promises.
struct broken_promise : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <typename... Parts>
void require(bool holds, Parts const&... parts) {
    if (!holds) throw broken_promise(detail::text(parts...));
}

class heap_reference {
  public:
    static constexpr unsigned n_ranks = 3;
    static constexpr std::size_t capacity = std::size_t{4} << 20U;

    struct block {
        std::size_t n_bytes; ///< usable
        std::size_t seed;
        bool large; ///< when it was made
    };
    using blocks = std::map<std::uint64_t, block>;

    explicit heap_reference(int threads_per_rank)
        : pages_({.capacity = capacity,
                  .n_ranks = static_cast<int>(n_ranks),
                  .threads_per_rank = threads_per_rank}) {}

    [[nodiscard]] shared_pages const& pages() const noexcept { return pages_; }

    // --- who calls -------------------------------------------------------------------------------

    [[nodiscard]] unsigned rank_of(heap_op const& op) const {
        auto rank = op.rank % n_ranks;
        while (dead_.at(rank)) {
            rank = (rank + 1) % n_ranks;
        }
        return rank;
    }
    [[nodiscard]] heap caller(heap_op const& op) const {
        return pages_.memory(static_cast<int>(rank_of(op)),
                             op.by_second ? via::second : via::first);
    }
    [[nodiscard]] heap survivor() const { return caller({}); }

    // Calls f(heap), in a thread if the call says so.
    template <typename F>
    auto by_caller(heap_op const& op, F const& f) const {
        using result = decltype(f(caller(op)));
        if (!op.in_thread) return f(caller(op));
        result got{};
        std::exception_ptr failed;
        std::thread([&] {
            try {
                got = f(caller(op));
            } catch (...) {
                failed = std::current_exception();
            }
        }).join();
        if (failed) std::rethrow_exception(failed);
        return got;
    }

    // The caller's process is one that there is not. It calls nothing any more.
    void die(heap_op const& op) {
        if (std::ranges::count(dead_, false) < 2) return;
        auto const rank = rank_of(op);
        auto& slot = pages_.where().as<participant_slot>(detail::section_id::participants)[rank];
        slot.pid = INT32_MAX;
        dead_.at(rank) = true;
    }

    // --- which blocks there are ------------------------------------------------------------------

    [[nodiscard]] blocks const& live() const noexcept { return live_; }
    // The last ones.
    [[nodiscard]] std::deque<std::uint64_t> const& freed() const noexcept { return freed_; }

    [[nodiscard]] blocks::iterator pick(heap_op const& op) {
        auto at = live_.begin();
        std::advance(at, op.which % live_.size());
        return at;
    }

    // What the call gave is what it asked for, and nobody else's.
    void enter(heap_op const& op, std::uint64_t offset, bool zeroed) {
        auto const memory = caller(op);
        auto* const address = memory.at(offset);
        auto const n_bytes = memory.usable_size(address);
        require(memory.owns(address), "the block is not in the segment");
        require(reinterpret_cast<std::uintptr_t>(address) % op.alignment == 0
                    && offset % op.alignment == 0,
                "the block at ",
                offset,
                " is not aligned");
        require(n_bytes >= op.n_bytes && n_bytes > 0, "the block has but ", n_bytes, " bytes");
        auto const next = live_.lower_bound(offset);
        bool const fits_before = next == live_.end() || offset + n_bytes <= next->first;
        bool const fits_behind =
            next == live_.begin()
            || std::prev(next)->first + std::prev(next)->second.n_bytes <= offset;
        require(fits_before && fits_behind, "the block at ", offset, " overlaps another");
        require(!zeroed || is_zero(offset, op.n_bytes), "the block is not zero");
        block const made{n_bytes, ++n_made_ * 64 % n_patterns, n_bytes >= large};
        std::memcpy(bytes_at(offset), pattern().data() + made.seed, n_bytes);
        live_.emplace(offset, made);
    }
    // It has another size from here on, and holds what it held; what is new is written to.
    void resize(blocks::iterator at, std::size_t n_bytes) {
        auto const before = std::exchange(at->second.n_bytes, n_bytes);
        auto const next = std::next(at);
        require(next == live_.end() || at->first + n_bytes <= next->first,
                "has grown over the block behind it");
        if (n_bytes > before) {
            std::memcpy(bytes_at(at->first) + before,
                        pattern().data() + at->second.seed + before,
                        n_bytes - before);
        }
        check_contents(*at);
    }
    void forget(blocks::iterator at) {
        freed_.push_back(at->first);
        if (freed_.size() > 32) freed_.pop_front();
        live_.erase(at);
    }

    // --- what always holds -----------------------------------------------------------------------

    void check_contents(blocks::value_type const& each) const {
        auto const& [offset, what] = each;
        require(std::memcmp(bytes_at(offset), pattern().data() + what.seed, what.n_bytes) == 0,
                "the block at ",
                offset,
                " of ",
                what.n_bytes,
                " bytes was written to by somebody else");
    }

    void check_all() const {
        for (auto const& each : live_) {
            check_contents(each);
            auto const memory = survivor();
            require(memory.usable_size(memory.at(each.first)) == each.second.n_bytes,
                    "the block at ",
                    each.first,
                    " has another size now");
        }
        auto const report = survivor().verify();
        require(report.ok(), "verify: ", report.ok() ? "" : report.violations.front());
        check_stats();
    }

  private:
    // From 256 KiB on blocks need not begin with a page, nor fill the last one.
    static constexpr std::size_t large = std::size_t{256} << 10U;
    static constexpr std::size_t n_patterns = 4096;

    [[nodiscard]] static std::vector<char> const& pattern() {
        static std::vector<char> const all = [] {
            std::vector<char> made(2 * capacity + n_patterns);
            std::minstd_rand random(11);
            std::ranges::generate(made, [&] { return static_cast<char>(random() >> 8U); });
            return made;
        }();
        return all;
    }
    [[nodiscard]] char* bytes_at(std::uint64_t offset) const {
        return reinterpret_cast<char*>(pages_.where().at(offset));
    }
    [[nodiscard]] bool is_zero(std::uint64_t offset, std::size_t n_bytes) const {
        auto const* const bytes = bytes_at(offset);
        return n_bytes == 0 || (*bytes == 0 && std::memcmp(bytes, bytes + 1, n_bytes - 1) == 0);
    }

    void check_stats() const {
        auto const numbers = survivor().stats();
        std::size_t n_used = 0;
        bool any_large = false;
        for (auto const& [offset, what] : live_) {
            n_used += what.n_bytes;
            any_large = any_large || what.large;
        }
        require(numbers.n_blocks == live_.size(),
                "counts ",
                numbers.n_blocks,
                " blocks instead of ",
                live_.size());
        require(any_large ? numbers.used >= n_used : numbers.used == n_used,
                "counts ",
                numbers.used,
                " bytes instead of ",
                n_used);
        require(numbers.capacity == capacity && numbers.free == capacity - numbers.used
                    && numbers.in_pages >= numbers.used && numbers.in_pages <= capacity
                    && numbers.largest_free <= capacity - numbers.in_pages
                    && numbers.most_used >= numbers.in_pages && numbers.most_used <= capacity
                    && numbers.present <= capacity && numbers.n_lock_takeovers == 0,
                "has numbers that do not fit: capacity ",
                numbers.capacity,
                ", used ",
                numbers.used,
                ", free ",
                numbers.free,
                ", in pages ",
                numbers.in_pages,
                ", largest ",
                numbers.largest_free);
    }

    shared_pages pages_;
    blocks live_;
    std::deque<std::uint64_t> freed_;
    std::array<bool, n_ranks> dead_{};
    std::size_t n_made_ = 0;
};

} // namespace shmwin::test
