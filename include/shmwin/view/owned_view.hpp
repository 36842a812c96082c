// SPDX-License-Identifier: MIT
// owned_view: an mdspan of memory that somebody else made, and a share in its owner. The owner is
// released once, when the last view of it goes: a copy, a block, any part that was taken from one.
// See view_of() for how they are made.
#pragma once

#include "shmwin/view/mdspan.hpp"
#include "shmwin/view/range.hpp"
#include "shmwin/view/rows.hpp"

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

template <typename ElementType, typename Extents, typename LayoutPolicy, typename AccessorPolicy>
class owned_view;

/// Rows of an owned_view, with the indices that they have there; a row_block that keeps the owner.
template <typename View>
class owned_rows : public row_block<View> {
    using base = row_block<View>;
    using local_view = typename base::local_type;

  public:
    using local_type = owned_view<typename local_view::element_type,
                                  typename local_view::extents_type,
                                  typename local_view::layout_type,
                                  typename local_view::accessor_type>;

    /// @pre 0 <= rows.first <= rows.last <= whole.extent(0)
    owned_rows(View whole, shmwin::range rows, std::shared_ptr<void const> owner) noexcept
        : base(whole, rows), owner_(std::move(owner)) {}

    /// The rows alone: local()(0, j...) is the first of them.
    [[nodiscard]] local_type local() const noexcept { return {base::local(), owner_}; }

    [[nodiscard]] std::shared_ptr<void const> const& owner() const noexcept { return owner_; }

  private:
    std::shared_ptr<void const> owner_;
};

/// Elements of foreign memory, and a share in what keeps it alive. Copies share both. Constness is
/// shallow, as in an mdspan; for loops take view() once, outside. All functions are local and O(1).
template <typename ElementType,
          typename Extents,
          typename LayoutPolicy = layout_right,
          typename AccessorPolicy = default_accessor<ElementType>>
class owned_view {
  public:
    using view_type = mdspan<ElementType, Extents, LayoutPolicy, AccessorPolicy>;
    using element_type = typename view_type::element_type;
    using value_type = typename view_type::value_type;
    using extents_type = Extents;
    using layout_type = LayoutPolicy;
    using accessor_type = AccessorPolicy;
    using index_type = typename view_type::index_type;
    using size_type = typename view_type::size_type;
    using rank_type = typename view_type::rank_type;
    using reference = typename view_type::reference;
    using data_handle_type = typename view_type::data_handle_type;

    /// Views nothing.
    owned_view() = default;

    /// @param owner  what is to be alive while a view is; empty: nothing is kept
    owned_view(view_type const& view, std::shared_ptr<void const> owner) noexcept
        : view_(view), owner_(std::move(owner)) {}

    /// What the mdspans allow: adds const, makes static extents dynamic.
    template <typename OtherElement,
              typename OtherExtents,
              typename OtherLayout,
              typename OtherAccessor>
    requires std::is_convertible_v<mdspan<OtherElement, OtherExtents, OtherLayout, OtherAccessor>,
                                   view_type>
    owned_view(owned_view<OtherElement, OtherExtents, OtherLayout, OtherAccessor> const& other)
    noexcept : view_(other.view()), owner_(other.owner()) {}

    /// The elements, as long as an owned_view of them lives.
    [[nodiscard]] view_type const& view() const noexcept { return view_; }
    template <typename OtherElement,
              typename OtherExtents,
              typename OtherLayout,
              typename OtherAccessor>
    requires std::is_convertible_v<view_type const&,
                                   mdspan<OtherElement, OtherExtents, OtherLayout, OtherAccessor>>
    operator mdspan<OtherElement, OtherExtents, OtherLayout, OtherAccessor>() const noexcept {
        return view_;
    }

    /// One element. @pre each index is in its extent
    template <typename... Indices>
    requires detail::indices_of<Extents, Indices...>
    [[nodiscard]] reference operator()(Indices... indices) const {
        return view_(std::move(indices)...);
    }

    [[nodiscard]] data_handle_type const& data() const noexcept { return view_.data_handle(); }
    /// Elements between neighbours along dimension r.
    [[nodiscard]] index_type stride(rank_type r) const { return view_.stride(r); }
    [[nodiscard]] static constexpr rank_type rank() noexcept { return view_type::rank(); }
    [[nodiscard]] index_type extent(rank_type r) const noexcept { return view_.extent(r); }
    [[nodiscard]] extents_type const& extents() const noexcept { return view_.extents(); }
    /// Number of elements.
    [[nodiscard]] size_type size() const noexcept { return view_.size(); }
    [[nodiscard]] bool empty() const noexcept { return view_.empty(); }

    /// Some rows with the indices that they have here. They keep the owner.
    /// @pre 0 <= which.first <= which.last <= extent(0)
    [[nodiscard]] owned_rows<view_type>
    block(range which) const noexcept requires detail::has_rows<view_type> {
        return {view_, which, owner_};
    }

    /// Any other view of the same memory, made from view(): it keeps the owner from now on.
    template <typename PartElement,
              typename PartExtents,
              typename PartLayout,
              typename PartAccessor>
    [[nodiscard]] owned_view<PartElement, PartExtents, PartLayout, PartAccessor>
    part(mdspan<PartElement, PartExtents, PartLayout, PartAccessor> const& which) const noexcept {
        return {which, owner_};
    }

    [[nodiscard]] std::shared_ptr<void const> const& owner() const noexcept { return owner_; }

  private:
    view_type view_;
    std::shared_ptr<void const> owner_;
};

} // namespace shmwin::inline v1
