// SPDX-License-Identifier: MIT
// any_array: handle to a named array whose element type is known at run time only: what the doors
// to other languages hand out. It becomes a typed view, or is looked at as an any_view.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/freeze.hpp"
#include "shmwin/segment/section.hpp"
#include "shmwin/view/any_view.hpp"
#include "shmwin/view/range.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// An object in the segment, with all that its record says of its elements.
struct described_object {
    placed_object place{};
    dtype type = dtype_of<std::byte>;
    std::size_t n_dims = 0;
    memory_order_kind order = memory_order_kind::none;

    [[nodiscard]] std::span<std::int64_t const> shape() const noexcept {
        return std::span(place.extents).first(n_dims);
    }
};

/// Local. Packed elements, at that address.
[[nodiscard]] SHMWIN_API any_view packed_view(described_object const& what,
                                              std::byte* first,
                                              bool is_read_only);

/// Local. Rows (indices of dimension 0) of a rank; of no dimensions, the one element is rank 0's.
[[nodiscard]] SHMWIN_API range rows_of(described_object const& what,
                                       segment_core const& in,
                                       int rank) noexcept;

} // namespace detail

/// Cheap to copy, owns nothing; keeps the segment mapped in this process. Local and O(dimensions)
/// unless said otherwise. @see array, which says the same of elements known to the compiler
class SHMWIN_API any_array {
  public:
    /// Refers to nothing.
    any_array() = default;

    /// The elements: read-only if they were adopted as const.
    /// @pre  the array is not destroyed (checked in debug builds)
    [[nodiscard]] any_view view() const;
    // NOLINTNEXTLINE(google-explicit-constructor): an array is used as its view
    operator any_view() const { return view(); }

    [[nodiscard]] dtype const& type() const noexcept { return what_.type; }
    /// In elements.
    [[nodiscard]] std::span<std::int64_t const> shape() const noexcept { return what_.shape(); }
    [[nodiscard]] memory_order_kind order() const noexcept { return what_.order; }

    /// Rows (indices of dimension 0) of this rank, of another. Without dimensions rank 0 has the
    /// one element.
    [[nodiscard]] range rows() const noexcept { return rows_of(core_->rank()); }
    [[nodiscard]] range rows_of(int rank) const noexcept {
        return detail::rows_of(what_, *core_, rank);
    }
    /// How many ranks share the segment.
    [[nodiscard]] int n_ranks() const noexcept { return core_->n_ranks(); }

    /// Node, collective. Write-protects the array's pages in every rank, makes them writable again.
    /// As array::freeze(protect_pages), array::thaw().
    void freeze(protect_pages_t /*how*/, source_line const& where = source_line::current()) const;
    void thaw(source_line const& where = source_line::current()) const;

    /// Local. Sections: as array::write_section(), read_section(), repair_section(). The hold ends
    /// the section; nothing if it could not begin by `until`.
    [[nodiscard]] std::optional<detail::write_hold>
    write_section(detail::wait_deadline until = detail::no_deadline) const;
    [[nodiscard]] detail::write_hold repair_section() const;
    [[nodiscard]] std::optional<detail::read_hold>
    read_section(std::uint64_t at_least = 1,
                 detail::wait_deadline until = detail::no_deadline) const;

    /// True if the handle refers to an array that was not destroyed. O(1), a look-up.
    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Position of the first element in the segment, in bytes; the same on all ranks. 0 if the
    /// array is adopted.
    [[nodiscard]] std::uint64_t offset() const noexcept;

    /// Internal: made by segment and group.
    any_array(std::shared_ptr<detail::segment_core> core, detail::described_object what)
        : core_(std::move(core)), what_(std::move(what)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return what_.place; }

  private:
    std::shared_ptr<detail::segment_core> core_;
    detail::described_object what_;
};

} // namespace shmwin::inline v1
