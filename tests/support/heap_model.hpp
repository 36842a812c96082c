// SPDX-License-Identifier: MIT
// The heap beside a simple reference, a map from offset to block: a sequence of calls, and after
// each what must hold. One process is all ranks, so that a sequence means the same each time.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"

#include "support/heap_ops.hpp"
#include "support/shared_pages.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace shmwin::test {

/// The heap did not do what it promises.
struct broken_promise : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class heap_model {
  public:
    static constexpr unsigned n_ranks = 3;
    static constexpr std::size_t capacity = std::size_t{4} << 20U;

    /// What a sequence of calls shows to be wrong; empty if all is well. Its first byte says how
    /// many heap slots a rank has: with one, a second thread gets the shared slot.
    [[nodiscard]] static std::string run(std::span<std::uint8_t const> bytes) {
        if (bytes.empty()) return {};
        heap_model model(1 + bytes[0] % 2);
        auto const calls = decode_all(bytes.subspan(1));
        for (std::size_t i = 0; i < calls.size(); ++i) {
            try {
                model.call(calls[i]);
                if (i % 16 == 15) model.check_all();
            } catch (std::exception const& failed) {
                return detail::text("call ", i, ", ", text_of(calls[i]), ": ", failed.what());
            }
        }
        try {
            model.end();
        } catch (std::exception const& failed) {
            return detail::text("at the end: ", failed.what());
        }
        return {};
    }

  private:
    struct block {
        std::size_t n_bytes; ///< usable
        std::size_t seed;
        bool large; ///< when it was made
    };
    using blocks = std::map<std::uint64_t, block>;

    // From 256 KiB on blocks need not begin with a page, nor fill the last one.
    static constexpr std::size_t large = std::size_t{256} << 10U;
    static constexpr std::size_t n_patterns = 4096;

    explicit heap_model(int threads_per_rank)
        : pages_({.capacity = capacity,
                  .n_ranks = static_cast<int>(n_ranks),
                  .threads_per_rank = threads_per_rank}) {}

    template <typename... Parts>
    static void require(bool holds, Parts const&... parts) {
        if (!holds) throw broken_promise(detail::text(parts...));
    }

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

    // --- what blocks hold ------------------------------------------------------------------------

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
    void check_contents(blocks::value_type const& each) const {
        auto const& [offset, what] = each;
        require(std::memcmp(bytes_at(offset), pattern().data() + what.seed, what.n_bytes) == 0,
                "the block at ",
                offset,
                " of ",
                what.n_bytes,
                " bytes was written to by somebody else");
    }
    [[nodiscard]] bool is_zero(std::uint64_t offset, std::size_t n_bytes) const {
        auto const* const bytes = bytes_at(offset);
        return n_bytes == 0 || (*bytes == 0 && std::memcmp(bytes, bytes + 1, n_bytes - 1) == 0);
    }

    // --- the calls -------------------------------------------------------------------------------

    void call(heap_op const& op) {
        switch (op.action) {
        case heap_action::allocate:
            return allocate(op, false);
        case heap_action::allocate_zeroed:
            return allocate(op, true);
        case heap_action::reserve:
            return reserve(op);
        case heap_action::deallocate:
            return deallocate(op);
        case heap_action::collect:
            return collect(op);
        case heap_action::verify:
            return check_all();
        case heap_action::free_again:
            return free_again(op);
        case heap_action::free_inside:
            return free_inside(op);
        case heap_action::free_anywhere:
            return free_anywhere(op);
        case heap_action::free_foreign:
            return free_foreign(op);
        case heap_action::ask_for_too_much:
            return ask_for_too_much(op);
        case heap_action::ask_for_no_alignment:
            return ask_for_no_alignment(op);
        case heap_action::expand:
            return expand(op);
        case heap_action::shrink:
            return shrink(op);
        case heap_action::trim:
            return trim(op);
        case heap_action::die:
            return die(op);
        }
    }

    void allocate(heap_op const& op, bool zeroed) {
        std::uint64_t offset = 0;
        try {
            offset = by_caller(op, [&](heap const& memory) {
                return memory.offset_of(zeroed ? memory.allocate_zeroed(op.n_bytes, op.alignment)
                                               : memory.allocate(op.n_bytes, op.alignment));
            });
        } catch (out_of_memory const& full) {
            return check_full(op, full);
        }
        enter(op, offset, zeroed);
    }

    // Two ranks zero a part each.
    void reserve(heap_op const& op) {
        std::uint64_t offset = 0;
        try {
            offset = caller(op).reserve(op.n_bytes, op.alignment);
        } catch (out_of_memory const& full) {
            return check_full(op, full);
        }
        auto const n_bytes = survivor().usable_size(survivor().at(offset)); // all will be used
        auto const middle = (offset + n_bytes / 2) / detail::page_bytes * detail::page_bytes;
        auto const first = middle > offset ? middle - offset : 0;
        survivor().prepare(offset, first);
        caller(op).prepare(offset + first, n_bytes - first);
        enter(op, offset, true);
    }

    // largest_free is "the largest single request that succeeds".
    void check_full(heap_op const& op, out_of_memory const& full) const {
        auto const numbers = survivor().stats();
        auto const needed = std::max<std::size_t>(op.n_bytes, 1)
                            + (op.alignment > detail::page_bytes ? op.alignment : 0);
        require(full.code() == errc::out_of_memory && needed > numbers.largest_free,
                "refused (",
                full.what(),
                ") with ",
                numbers.largest_free,
                " bytes free in one piece");
    }

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

    [[nodiscard]] blocks::iterator pick(heap_op const& op) {
        auto at = live_.begin();
        std::advance(at, op.which % live_.size());
        return at;
    }

    void deallocate(heap_op const& op) {
        if (live_.empty()) return;
        auto const at = pick(op);
        check_contents(*at);
        auto const offset = at->first;
        by_caller(op, [&](heap const& memory) {
            memory.deallocate(memory.at(offset));
            return true;
        });
        freed_.push_back(offset);
        if (freed_.size() > 32) freed_.pop_front();
        live_.erase(at);
    }

    void collect(heap_op const& op) const {
        by_caller(op, [](heap const& memory) {
            memory.collect();
            return true;
        });
    }

    // --- in place --------------------------------------------------------------------------------

    void expand(heap_op const& op) {
        if (live_.empty()) return;
        auto const at = pick(op);
        auto const before = at->second.n_bytes;
        bool const has_room = by_caller(op, [&](heap const& memory) {
            return memory.try_expand(memory.at(at->first), op.n_bytes);
        });
        at->second.n_bytes = survivor().usable_size(survivor().at(at->first));
        auto const after = at->second.n_bytes;
        require(has_room == (op.n_bytes <= after) && after >= before,
                "says wrongly that it has room, or not: ",
                after,
                " bytes");
        auto const next = std::next(at);
        require(next == live_.end() || at->first + after <= next->first,
                "has grown over the block behind it");
        std::memcpy(bytes_at(at->first) + before,
                    pattern().data() + at->second.seed + before,
                    after - before);
        check_contents(*at);
    }

    void shrink(heap_op const& op) {
        if (live_.empty()) return;
        auto const at = pick(op);
        auto const before = at->second.n_bytes;
        auto const after = by_caller(op, [&](heap const& memory) {
            return memory.shrink(memory.at(at->first), op.n_bytes);
        });
        require(after <= before && after >= std::min(op.n_bytes, before) && after > 0,
                "has ",
                after,
                " bytes instead of ",
                before);
        at->second.n_bytes = after;
        check_contents(*at);
    }

    void trim(heap_op const& op) const {
        auto const before = survivor().stats();
        auto const n_bytes = caller(op).trim();
        auto const after = survivor().stats();
        require(after.present + n_bytes == before.present && after.used == before.used
                    && after.in_pages == before.in_pages && after.present >= after.in_pages,
                "gave back ",
                n_bytes,
                " bytes of ",
                before.present);
        check_all();
    }

    // --- what must be refused --------------------------------------------------------------------

    void expect_refused(heap_op const& op, void* address) const {
        auto const before = caller(op).stats();
        require(caller(op).usable_size(address) == 0, "no block has a usable size");
        errc code{};
        try {
            by_caller(op, [&](heap const& memory) {
                memory.deallocate(address);
                return true;
            });
        } catch (argument_error const& refused) {
            code = refused.code();
        }
        require(code == errc::bad_pointer, "what is no block was freed: ", address);
        auto const after = caller(op).stats();
        require(before.used == after.used && before.n_blocks == after.n_blocks
                    && before.in_pages == after.in_pages,
                "what was refused changed something");
    }
    void expect_offset_refused(heap_op const& op, std::uint64_t offset) const {
        if (!live_.contains(offset)) expect_refused(op, caller(op).at(offset));
    }
    void free_again(heap_op const& op) const {
        if (!freed_.empty()) expect_offset_refused(op, freed_.at(op.which % freed_.size()));
    }
    void free_inside(heap_op const& op) {
        if (live_.empty()) return;
        auto const& [offset, what] = *pick(op);
        if (what.n_bytes > 1) {
            expect_offset_refused(op, offset + 1 + op.n_bytes % (what.n_bytes - 1));
        }
    }
    void free_anywhere(heap_op const& op) const {
        auto const pages = pages_.where().header()[detail::section_id::pages].offset;
        expect_offset_refused(op, pages + op.number % capacity);
        expect_offset_refused(op, pages + op.number % capacity / 8 * 8);
        expect_offset_refused(op, pages + op.number % capacity / 4096 * 4096);
    }
    void free_foreign(heap_op const& op) const {
        int on_stack = 0;
        auto const other = pages_.where(op.by_second ? via::first : via::second);
        auto const begin = live_.empty() ? std::uint64_t{4096} : live_.begin()->first;
        expect_refused(op, &on_stack);
        expect_refused(op, other.at(begin));
        expect_refused(op, caller(op).where().base() + op.number % begin); // metadata
        expect_refused(op, caller(op).where().base() + pages_.n_bytes());
        caller(op).deallocate(nullptr);
    }

    void ask_for_too_much(heap_op const& op) const {
        for (auto const n_bytes : {capacity + 1 + op.n_bytes,
                                   SIZE_MAX - op.n_bytes,
                                   SIZE_MAX / 2 + op.n_bytes,
                                   std::size_t{1} << (32 + op.which % 32)}) {
            expect_failure<out_of_memory>(
                op, errc::out_of_memory, [&](heap const& memory, std::size_t alignment) {
                    return memory.allocate(n_bytes, alignment);
                });
        }
    }
    void ask_for_no_alignment(heap_op op) const {
        for (auto const alignment :
             {std::size_t{0}, op.alignment + 2 + op.alignment % 2, std::size_t{1} << 22U}) {
            if (alignment == 4) continue;
            op.alignment = alignment;
            expect_failure<argument_error>(
                op, errc::invalid_argument, [&](heap const& memory, std::size_t none) {
                    return memory.allocate_zeroed(op.n_bytes, none);
                });
        }
    }
    template <typename Error, typename F>
    void expect_failure(heap_op const& op, errc code, F const& f) const {
        try {
            by_caller(op, [&](heap const& memory) { return f(memory, op.alignment); });
        } catch (Error const& failed) {
            require(failed.code() == code, "failed as ", failed.what());
            return;
        }
        require(false, "did not fail");
    }

    // --- a rank is gone --------------------------------------------------------------------------

    // Its process is one that there is not. It calls nothing any more.
    void die(heap_op const& op) {
        if (std::ranges::count(dead_, false) < 2) return;
        auto const rank = rank_of(op);
        auto& slot = pages_.where().as<participant_slot>(detail::section_id::participants)[rank];
        slot.pid = INT32_MAX;
        dead_.at(rank) = true;
    }

    // --- what always holds -----------------------------------------------------------------------

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

    // All is given back, by one rank or another.
    void end() {
        check_all();
        heap_op op;
        for (op.rank = 0; !live_.empty(); op.rank = (op.rank + 1) % n_ranks) {
            op.which = live_.size() / 2;
            deallocate(op);
        }
        // A thread that was joined may take the kernel another moment to end.
        for (int i = 0; i < 2000 && (i == 0 || survivor().stats().in_pages != 0); ++i) {
            if (i != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            for (op.rank = 0; op.rank < n_ranks; ++op.rank) {
                collect(op);
            }
        }
        check_all();
        auto const numbers = survivor().stats();
        require(numbers.in_pages == 0 && numbers.largest_free == capacity,
                "pages stay in use when all was given back (",
                numbers.in_pages,
                " bytes; ",
                numbers.largest_free,
                " free in one piece)");
    }

    shared_pages pages_;
    blocks live_;
    std::deque<std::uint64_t> freed_;
    std::array<bool, n_ranks> dead_{};
    std::size_t n_made_ = 0;
};

} // namespace shmwin::test
