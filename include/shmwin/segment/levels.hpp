// SPDX-License-Identifier: MIT
// levels: time levels of a grid. Several arrays of one shape under one name; which of them is
// "now" stands in the segment, so all ranks and all checkpoints agree on it.
//
//     | control (now, number, stride) | level 0 | gap | level 1 | gap | ...
//
// Layer: segment.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/segment/array.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// What all ranks say that they flip or fill.
[[nodiscard]] inline std::uint64_t levels_hash(placed_object const& what) noexcept {
    return hash_with(what.index + 1, what.generation);
}

/// Node, collective. See levels::flip().
inline void flip_levels(segment_core& in, placed_object const& what, source_line const& where) {
    bool const valid = in.is_there(what.index, what.generation);
    auto* const control = reinterpret_cast<levels_control*>(what.address);
    // Of all ranks the same, and stored by each: nobody comes to the next flip before.
    auto const next = valid ? (control->now.load() + 1) % control->n_levels : 0;
    in.meet({operation::flip, {}, {}, {}, levels_hash(what), where}, !valid || in.has_races(), [&] {
        if (!in.is_there(what.index, what.generation)) {
            raise(errc::not_found, "levels are gone (destroyed before)");
        }
        in.raise_races();
    });
    if (control->now.load() != next) control->now.store(next);
}

} // namespace detail

/// Handle to time levels. Cheap to copy, owns nothing. Local and O(1) unless said otherwise.
template <array_element T, std::size_t N, array_layout Layout = layout_right>
class levels {
  public:
    using element_type = T;
    using extents_type = array_extents<N>;
    using view_type = mdspan<T, extents_type, Layout>;
    using const_view_type = mdspan<T const, extents_type, Layout>;

    levels() = default;

    /// The current level, read-only. Take it once a step, outside of loops.
    [[nodiscard]] const_view_type now() const noexcept {
        return const_view_type(level_address(index_of_now()), extents_);
    }
    /// The level that flip() makes the current one; holds what was now n_levels() - 1 flips ago.
    [[nodiscard]] view_type next() const noexcept {
        return view_type(level_address((index_of_now() + 1) % n_levels()), extents_);
    }
    /// The level that was now `steps` flips ago; 0 is now().
    /// @pre  0 <= steps < n_levels()
    [[nodiscard]] const_view_type ago(int steps) const noexcept {
        SHMWIN_EXPECT(0 <= steps && steps < n_levels());
        return const_view_type(level_address((index_of_now() + n_levels() - steps) % n_levels()),
                               extents_);
    }
    /// A level by its place in memory, 0 to n_levels() - 1.
    [[nodiscard]] view_type level(int which) const noexcept {
        SHMWIN_EXPECT(0 <= which && which < n_levels());
        return view_type(level_address(which), extents_);
    }

    /// Local. now() and next(), as checked views: see array::checked().
    [[nodiscard]] checked_view<T const, extents_type, Layout>
    checked_now(source_line const& where = source_line::current()) const {
        return checked<T const>(index_of_now(), where);
    }
    [[nodiscard]] checked_view<T, extents_type, Layout>
    checked_next(source_line const& where = source_line::current()) const {
        return checked<T>((index_of_now() + 1) % n_levels(), where);
    }

    /// Node, collective. One fence, and every rank sees next() as now().
    /// @throws runtime_failure (data_race)  as segment::fence(); the levels are not flipped
    /// @throws argument_error (not_found)  they were destroyed before
    /// @throws runtime_failure (disagreement, closed), peer_left
    void flip(source_line const& where = source_line::current()) {
        detail::flip_levels(*core_, where_, where);
    }

    /// Node, collective. Calls `f(level, rows)` on every rank for each level, with a view of the
    /// whole level and the rows that are this rank's; then a fence.
    template <typename F>
    void init(F&& f, source_line const& where = source_line::current()) {
        for (int which = 0; which < n_levels(); ++which) {
            f(level(which), rows());
        }
        core_->meet({operation::init, {}, {}, {}, detail::levels_hash(where_), where},
                    core_->has_races(),
                    [&] { core_->raise_races(); });
    }

    [[nodiscard]] int n_levels() const noexcept { return static_cast<int>(control().n_levels); }
    [[nodiscard]] int index_of_now() const noexcept {
        return static_cast<int>(control().now.load(std::memory_order_relaxed));
    }

    [[nodiscard]] std::int64_t extent(std::size_t d) const noexcept { return extents_.extent(d); }
    [[nodiscard]] extents_type const& extents() const noexcept { return extents_; }

    /// Rows (indices of dimension 0) of this rank.
    [[nodiscard]] range rows() const noexcept requires(N > 0) { return rows_of(core_->rank()); }
    [[nodiscard]] range rows_of(int rank) const noexcept requires(N > 0) {
        return block_range(extent(0), core_->n_ranks(), rank);
    }

    [[nodiscard]] bool is_valid() const {
        return core_ != nullptr && core_->is_there(where_.index, where_.generation);
    }
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Internal: made by segment and group.
    levels(std::shared_ptr<detail::segment_core> core, detail::placed_object const& where)
        : core_(std::move(core)), where_(where), extents_(detail::extents_of<N>(where)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return where_; }

  private:
    template <typename U>
    [[nodiscard]] checked_view<U, extents_type, Layout> checked(int which,
                                                                source_line const& where) const {
        using view = checked_view<U, extents_type, Layout>;
        auto const by = core_->check_races(where_, where);
        typename view::mapping_type const mapping(extents_);
        auto const first = which * mapping.required_span_size();
        return view({level_address(which), by.words() + first}, mapping, checking_accessor<U>(by));
    }
    [[nodiscard]] detail::levels_control& control() const noexcept {
        return *reinterpret_cast<detail::levels_control*>(where_.address);
    }
    [[nodiscard]] T* level_address(int which) const noexcept {
        SHMWIN_EXPECT(is_valid());
        auto const& shared = control();
        return reinterpret_cast<T*>(where_.address + shared.first_bytes
                                    + static_cast<std::size_t>(which) * shared.stride_bytes);
    }
    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
    extents_type extents_;
};

} // namespace shmwin::inline v1
