// SPDX-License-Identifier: MIT
// scratch_array: an array without a name that its handles own: when the last rank has dropped
// its handle, the memory is free again. Never saved.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/array.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Move-only. Dropping it is local and never waits.
template <array_element T, std::size_t N, array_layout Layout = layout_right>
class scratch_array {
  public:
    using element_type = T;
    using view_type = mdspan<T, array_extents<N>, Layout>;

    scratch_array() = default;
    scratch_array(scratch_array&& other) noexcept
        : core_(std::exchange(other.core_, nullptr)), where_(other.where_), view_(other.view_) {}
    scratch_array& operator=(scratch_array&& other) noexcept {
        std::swap(core_, other.core_);
        std::swap(where_, other.where_);
        std::swap(view_, other.view_);
        return *this;
    }
    scratch_array(scratch_array const&) = delete;
    scratch_array& operator=(scratch_array const&) = delete;
    ~scratch_array() {
        if (core_ != nullptr) core_->release_scratch(where_, n_bytes());
    }

    /// Local. The elements; valid while this rank holds the handle.
    [[nodiscard]] view_type view() const noexcept { return view_; }
    /// Local. As array::checked().
    [[nodiscard]] checked_view<T, array_extents<N>, Layout>
    checked(source_line const& where = source_line::current()) const {
        auto const extents = detail::array_of<N>(view_.extents());
        auto const by =
            core_->check_scratch_races(where_, extents, std::is_same_v<Layout, layout_left>, where);
        return checked_view<T, array_extents<N>, Layout>(
            {data(), by.words()}, view_.mapping(), checking_accessor<T>(by));
    }
    // NOLINTNEXTLINE(google-explicit-constructor): an array is used as its view
    operator view_type() const noexcept { return view_; }
    template <typename... Indices>
    requires(sizeof...(Indices) == N) [[nodiscard]] T& operator()(Indices... indices) const {
        return view_(static_cast<std::int64_t>(indices)...);
    }
    [[nodiscard]] T* data() const noexcept { return view_.data_handle(); }
    [[nodiscard]] std::int64_t extent(std::size_t d) const noexcept { return view_.extent(d); }
    [[nodiscard]] std::int64_t size() const noexcept {
        return static_cast<std::int64_t>(view_.size());
    }
    /// Local. Rows of this rank.
    [[nodiscard]] range rows() const noexcept requires(N > 0) {
        return block_range(extent(0), core_->n_ranks(), core_->rank());
    }

    /// Internal: made by segment.
    scratch_array(std::shared_ptr<detail::segment_core> core, detail::placed_object const& where)
        : core_(std::move(core)),
          where_(where),
          view_(reinterpret_cast<T*>(where.address), detail::extents_of<N>(where)) {}

  private:
    [[nodiscard]] std::size_t n_bytes() const noexcept { return view_.size() * sizeof(T); }

    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
    view_type view_ = view_type(nullptr, array_extents<N>());
};

} // namespace shmwin::inline v1
