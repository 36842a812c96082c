// SPDX-License-Identifier: MIT
// any_levels: handle to time levels whose element type is known at run time only.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/any_array.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace shmwin::inline v1 {

/// Cheap to copy, owns nothing; keeps the segment mapped in this process. Local and O(dimensions)
/// unless said otherwise. @see levels, which says the same of elements known to the compiler
class SHMWIN_API any_levels {
  public:
    /// Refers to nothing.
    any_levels() = default;

    /// The current level, read-only.
    [[nodiscard]] any_view now() const { return ago(0); }
    /// The level that flip() makes the current one.
    [[nodiscard]] any_view next() const;
    /// The level that was now `steps` flips ago, read-only; 0 is now().
    /// @throws out_of_range  not 0 <= steps < n_levels()
    [[nodiscard]] any_view ago(int steps) const;
    /// A level by its place in memory.
    /// @throws out_of_range  not 0 <= which < n_levels()
    [[nodiscard]] any_view level(int which) const;

    /// Node, collective. One fence, and every rank sees next() as now(). Errors: levels::flip()
    void flip(source_line const& where = source_line::current()) const;

    [[nodiscard]] int n_levels() const noexcept;
    [[nodiscard]] int index_of_now() const noexcept;

    [[nodiscard]] dtype const& type() const noexcept { return what_.type; }
    /// Of one level, in elements.
    [[nodiscard]] std::span<std::int64_t const> shape() const noexcept { return what_.shape(); }
    [[nodiscard]] memory_order_kind order() const noexcept { return what_.order; }
    [[nodiscard]] range rows() const noexcept { return rows_of(core_->rank()); }
    [[nodiscard]] range rows_of(int rank) const noexcept {
        return detail::rows_of(what_, *core_, rank);
    }
    /// How many ranks share the segment.
    [[nodiscard]] int n_ranks() const noexcept { return core_->n_ranks(); }

    /// True if the handle refers to levels that were not destroyed. O(1), a look-up.
    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Internal: made by segment and group.
    any_levels(std::shared_ptr<detail::segment_core> core, detail::described_object what)
        : core_(std::move(core)), what_(std::move(what)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return what_.place; }

  private:
    [[nodiscard]] detail::levels_control& control() const noexcept;
    [[nodiscard]] any_view view_of(int which, bool is_read_only) const;

    std::shared_ptr<detail::segment_core> core_;
    detail::described_object what_;
};

} // namespace shmwin::inline v1
