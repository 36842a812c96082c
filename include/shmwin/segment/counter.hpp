// SPDX-License-Identifier: MIT
// counter: handle to a loop that ranks share. Each index is handed out once, to one of them: who is
// done early takes more.
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/counter.hpp"
#include "shmwin/sync/schedule.hpp"
#include "shmwin/view/range.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

SHMWIN_NAME(shmwin::detail::counter_state, "shmwin.counter/1");

namespace shmwin::inline v1 {

/// Handle to a loop over 0 ... n - 1. Cheap to copy, owns nothing; any thread of any rank may ask.
///
///     for (auto chunk : counter)          // local; again after counter.reset(n)
///         for (auto i : chunk) work(i);
///
/// What a rank took and did not finish when it was killed is lost, and of the static schedules all
/// of its part: nobody else gets it. Where it must not be, use a queue.
class SHMWIN_API counter : public detail::sync_handle<detail::counter_state> {
  public:
    class iterator;

    using sync_handle::sync_handle;

    /// Local. The next chunk for this rank, never empty; nothing when there is none, and so for
    /// ever until reset(). Orders nothing: what ranks computed is visible after a fence().
    /// Wait-free (guided: lock-free), one atomic addition.
    [[nodiscard]] std::optional<range> next() const noexcept {
        return detail::next_chunk(lines(), core().rank());
    }

    /// Local. Calls f(i) for each index that this rank gets until there is none.
    template <typename F>
    void for_each(F&& f) const {
        while (auto const chunk = next()) {
            for (auto const i : *chunk) {
                f(i);
            }
        }
    }

    /// Local. The chunks that next() gives, for range-for. Each begin() goes on where the counter
    /// is.
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] static std::default_sentinel_t end() noexcept { return std::default_sentinel; }

    /// Node, collective. Begins the loop anew, over n indices. Orders memory as fence() does.
    /// @throws argument_error (invalid_argument)  n is negative
    /// @throws argument_error (not_found)         it was destroyed before
    /// @throws peer_left, runtime_failure (disagreement, closed)
    void reset(std::int64_t n, source_line const& called_at = source_line::current()) const;

    /// Local. Number of indices of the loop.
    [[nodiscard]] std::int64_t size() const noexcept { return state().n_indices; }
    /// Local. Indices that nobody has taken yet. A snapshot; those that are taken may not be done.
    [[nodiscard]] std::int64_t remaining() const noexcept { return detail::n_remaining(lines()); }

  private:
    [[nodiscard]] detail::counter_lines lines() const noexcept {
        return {&state(), static_cast<std::size_t>(where().extents[0])};
    }
};

/// Input iterator over the chunks of this rank.
class counter::iterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = range;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(counter of) noexcept : of_(std::move(of)), chunk_(of_.next()) {}

    [[nodiscard]] range const& operator*() const noexcept { return *chunk_; }
    iterator& operator++() noexcept {
        chunk_ = of_.next();
        return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(iterator const& at, std::default_sentinel_t /*end*/) noexcept {
        return !at.chunk_;
    }

  private:
    counter of_;
    std::optional<range> chunk_;
};

inline counter::iterator counter::begin() const noexcept {
    return iterator(*this);
}

} // namespace shmwin::inline v1
