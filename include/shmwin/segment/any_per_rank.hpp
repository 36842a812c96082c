// SPDX-License-Identifier: MIT
// any_per_rank: one vector for each rank, of elements whose type is known at run time only.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/per_rank_access.hpp"
#include "shmwin/view/any_view.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace shmwin::inline v1 {

/// What per_rank<vector<T>> is to the compiler: the same objects, and the same phases. Cheap to
/// copy, owns nothing. Local.
///
/// Debug builds log an error where a vector changed after others took a view of it in one phase.
class SHMWIN_API any_per_rank {
  public:
    /// Refers to nothing.
    any_per_rank() = default;

    /// This rank's vector gets n elements: of those that are there the first ones stay, new ones
    /// are zero. It grows from the heap, without the other ranks, in amortised O(1) an element.
    /// @throws out_of_memory  nothing changed
    void resize(std::size_t n) const;
    /// Room for n elements without moving them again.
    void reserve(std::size_t n) const;
    /// Puts copies of n elements behind the last: they lie one after the other, of any alignment,
    /// elsewhere than in this vector.
    void append(void const* elements, std::size_t n = 1) const;
    void clear() const { resize(0); }

    /// The elements of this rank, to be written to; valid until it grows.
    [[nodiscard]] any_view mine() const;
    /// The elements of rank r, read-only; valid until the next fence.
    /// @pre  0 <= r < size()
    [[nodiscard]] any_view operator[](int r) const;

    /// Number of vectors: of ranks.
    [[nodiscard]] int size() const noexcept { return static_cast<int>(what_.place.extents[0]); }
    [[nodiscard]] dtype const& type() const noexcept { return what_.type; }

    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Internal: made by segment and group.
    any_per_rank(std::shared_ptr<detail::segment_core> core, detail::described_object what);
    [[nodiscard]] detail::placed_object const& where() const noexcept { return what_.place; }
    static void construct(heap const& memory, void* at, int n_ranks);
    static void destruct(void* at, int n_ranks);

  private:
    [[nodiscard]] any_view view_of(int r, bool is_read_only) const;
    void check_phase() const;
    void note_view(int r) const;

    std::shared_ptr<detail::segment_core> core_;
    detail::described_object what_;
    detail::per_rank_access access_;
};

} // namespace shmwin::inline v1
