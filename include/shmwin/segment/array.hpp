// SPDX-License-Identifier: MIT
// array: handle to a named N-d array in the segment. It owns nothing: the array lives until
// destroy() or close(). The bytes stay mapped in this process while a handle to them exists, also
// after close() and MPI_Finalize.
//
// Layer: segment.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/freeze.hpp"
#include "shmwin/segment/section.hpp"
#include "shmwin/sync/checked_view.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout_left.hpp"
#include "shmwin/view/layout_right.hpp"
#include "shmwin/view/mdspan.hpp"
#include "shmwin/view/range.hpp"
#include "shmwin/view/rows.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

template <typename Layout>
inline constexpr memory_order_kind order_of = memory_order_kind::none;
template <>
inline constexpr memory_order_kind order_of<layout_right> = memory_order_kind::right;
template <>
inline constexpr memory_order_kind order_of<layout_left> = memory_order_kind::left;
template <>
inline constexpr memory_order_kind order_of<layout_stride> = memory_order_kind::strided;

template <std::size_t N>
[[nodiscard]] array_extents<N> extents_of(placed_object const& what) {
    std::array<std::int64_t, N> all{};
    for (std::size_t d = 0; d < N; ++d) {
        all[d] = what.extents[d];
    }
    return array_extents<N>(all);
}

template <std::size_t N>
[[nodiscard]] constexpr std::array<std::int64_t, N> array_of(array_extents<N> const& extents) {
    std::array<std::int64_t, N> all{};
    for (std::size_t d = 0; d < N; ++d) {
        all[d] = extents.extent(d);
    }
    return all;
}

} // namespace detail

/// A type whose objects can be elements: identified by all ranks alike, and copied as bytes.
template <typename T>
concept array_element = identified<std::remove_const_t<T>> && std::is_trivially_copyable_v<
    std::remove_const_t<T>> && !std::is_pointer_v<std::remove_const_t<T>>;

/// Layouts that arrays in the segment can have.
template <typename Layout>
concept array_layout = std::same_as<Layout, layout_right> || std::same_as<Layout, layout_left>;

/// Layouts of array handles: adopted memory may have any strides.
template <typename Layout>
concept handle_layout = array_layout<Layout> || std::same_as<Layout, layout_stride>;

/// Handle to an array of N dimensions. Constness is shallow, as in a span: array<T const, N> is
/// the read-only handle. Cheap to copy; std::swap exchanges handles and moves no name. All
/// functions are local and O(1) unless they say otherwise.
template <array_element T, std::size_t N, handle_layout Layout = layout_right>
class array {
  public:
    using element_type = T;
    using value_type = std::remove_const_t<T>;
    using index_type = std::int64_t;
    using extents_type = array_extents<N>;
    using layout_type = Layout;
    using view_type = mdspan<T, extents_type, Layout>;
    using const_view_type = mdspan<T const, extents_type, Layout>;

    /// Refers to nothing.
    array() = default;

    /// A read-only handle to the same array.
    template <typename Other>
    requires(std::same_as<Other const, T> && !std::same_as<Other, T>)
        // NOLINTNEXTLINE(google-explicit-constructor): adds const, as for pointers
        array(array<Other, N, Layout> const& other)
    noexcept : core_(other.core_), where_(other.where_), view_(other.view_) {}

    /// The elements. Take it once, outside of loops: it is as fast as a pointer.
    /// @pre  the array is not destroyed (checked in debug builds)
    [[nodiscard]] view_type view() const noexcept {
        SHMWIN_EXPECT(is_valid());
        return view_;
    }
    // NOLINTNEXTLINE(google-explicit-constructor): an array is used as its view
    operator view_type() const noexcept { return view(); }

    /// One element. Convenient; for loops take view().
    template <typename... Indices>
    requires(sizeof...(Indices) == N && (std::convertible_to<Indices, index_type> && ...))
        [[nodiscard]] T&
        operator()(Indices... indices) const {
        return view_(static_cast<index_type>(indices)...);
    }

    /// Address of the first element in this process. Valid until destroy, or until the last
    /// handle goes.
    [[nodiscard]] T* data() const noexcept { return view_.data_handle(); }
    /// Distance of neighbours along dimension `d`, in elements.
    [[nodiscard]] index_type stride(std::size_t d) const noexcept requires(N > 0) {
        return view_.stride(d);
    }
    [[nodiscard]] index_type extent(std::size_t d) const noexcept { return view_.extent(d); }
    [[nodiscard]] extents_type const& extents() const noexcept { return view_.extents(); }
    /// Number of elements.
    [[nodiscard]] index_type size() const noexcept { return static_cast<index_type>(view_.size()); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// Rows (indices of dimension 0) of this rank: all ranks' together are all rows, in order.
    [[nodiscard]] range rows() const noexcept requires(N > 0) { return rows_of(core_->rank()); }
    /// Rows of another rank.
    [[nodiscard]] range rows_of(int rank) const noexcept requires(N > 0) {
        return block_range(extent(0), core_->n_ranks(), rank);
    }
    /// Some rows with their global indices; without argument, this rank's.
    [[nodiscard]] auto block() const noexcept requires(N > 0) {
        return shmwin::rows(view(), rows());
    }
    [[nodiscard]] auto block(range rows) const noexcept requires(N > 0) {
        return shmwin::rows(view(), rows);
    }

    /// Local. A view that notes who reads and who writes each element. If between two fences (or
    /// other collective calls of the segment) two ranks wrote an element, or one wrote it and
    /// another one read it, the next fence() or flip() throws data_race on all ranks, with element,
    /// ranks, and the lines where they took their views; so every rank takes its own. After that
    /// the program can go on. More are logged as warnings, up to a number.
    ///
    /// Checks what goes through the view, and through submdspan, rows(), block(), with_ghosts() and
    /// the like of it: code that is generic over the accessor. view(), data() and what they give
    /// are not checked, and cost nothing. What is ordered in other ways (a mutex, a barrier of some
    /// ranks, a value) is reported too. Threads of one rank count as that rank.
    ///
    /// Elements that can be written to are given as checked_reference, those of const by value.
    /// The first call makes the shadow of the array: 8 bytes of the segment for each element, free
    /// again with the array.
    ///
    /// @throws out_of_memory (out_of_memory, no_space)  there is no room for the shadow
    /// @throws argument_error (not_found)     the array was destroyed before
    /// @throws runtime_failure (unsupported)  it is adopted, and each rank has a copy of its own
    /// @throws runtime_failure (closed)       the segment is closed
    /// @complexity  two look-ups, and O(elements) for the first; an access costs one atomic load,
    ///              and one compare-exchange if it is the first one of this rank since the fence
    [[nodiscard]] checked_view<T, extents_type, Layout>
    checked(source_line const& where = source_line::current()) const requires array_layout<Layout> {
        auto const by = core_->check_races(where_, where);
        return checked_view<T, extents_type, Layout>(
            {data(), by.words()}, view_.mapping(), checking_accessor<T>(by));
    }

    /// Local. The read-only handle to the same array. Free of cost; other handles still write.
    [[nodiscard]] array<T const, N, Layout> freeze() const noexcept {
        return array<T const, N, Layout>(*this);
    }

    /// Node, collective. The read-only handle, and the array's pages write-protected in every rank:
    /// a store to them, from anywhere in these processes, is SIGSEGV where it happens; reads cost
    /// what they did. Only for arrays created with .whole_pages = true. thaw() it before destroy()
    /// and before a restore into it; close() needs none. RMA and what others attach by themselves
    /// use other mappings: those are not stopped.
    ///
    /// @throws argument_error (invalid_argument)  it was created without .whole_pages
    /// @throws argument_error (not_found)         it was destroyed before
    /// @throws runtime_failure (busy)             it is write-protected already
    /// @throws runtime_failure (system_failure)   one rank's mprotect failed; nothing is protected
    /// @throws runtime_failure (disagreement, closed), peer_left
    /// @complexity  one meeting, one mprotect
    array<T const, N, Layout> freeze(protect_pages_t /*how*/,
                                     source_line const& where = source_line::current()) const {
        core_->freeze_together(where_, where);
        return freeze();
    }

    /// Node, collective. Ends freeze(protect_pages): all ranks may write again, through any handle
    /// of T that is not const.
    /// @throws argument_error (invalid_argument)  it is not write-protected
    /// @throws runtime_failure (disagreement, closed, system_failure), peer_left
    void thaw(source_line const& where = source_line::current()) const {
        core_->thaw_together(where_, where);
    }

    /// Local. Waits until nobody reads or writes a section of the array, and holds it alone to the
    /// end of the guard's scope. Then its version is one more, and who reads sees all that was
    /// stored. Only those who use sections too are kept out. The lock is made, once, in the
    /// segment: 128 bytes, and 64 a rank; a checkpoint does not hold the version. Of adopted memory
    /// that the ranks do not share, too, there is one lock for all. Not recursive.
    /// @see shared_mutex
    ///
    /// If an exception leaves the scope, or the process is killed in it, the version stays, and all
    /// who begin a section get owner_died until somebody fills the array to the end in a
    /// repair_section().
    ///
    /// @throws owner_died (rank: whose it was), runtime_failure (would_deadlock, closed),
    ///         out_of_memory
    /// @throws peer_left  who holds it left the segment and lives on
    [[nodiscard]] write_section_guard<view_type> write_section() const
        requires(!std::is_const_v<T>) {
        return {*begin_writing("array::write_section", detail::no_deadline), view()};
    }
    /// Local. write_section(), if it can begin in so long, or by then; else nothing.
    template <typename Rep, typename Period>
    [[nodiscard]] std::optional<write_section_guard<view_type>>
    write_section_for(std::chrono::duration<Rep, Period> const& how_long) const
        requires(!std::is_const_v<T>) {
        return guard_of(
            begin_writing("array::write_section_for", detail::deadline_after(how_long)));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] std::optional<write_section_guard<view_type>>
    write_section_until(std::chrono::time_point<Clock, Duration> const& when) const
        requires(!std::is_const_v<T>) {
        return guard_of(begin_writing("array::write_section_until", detail::deadline_of(when)));
    }
    /// Local. write_section(), also if the last one did not end: whoever begins it fills the whole
    /// array.
    [[nodiscard]] write_section_guard<view_type> repair_section() const
        requires(!std::is_const_v<T>) {
        return {detail::write_hold::begin_repair(core_, where_), view()};
    }

    /// Local. Waits until the array was filled so many times, and holds it against writers to the
    /// end of the guard's scope. The view is read-only. Errors as of write_section(), and:
    /// @throws peer_left  it was filled less often, and a rank is missing: nobody may ever fill it
    /// @throws runtime_failure (closed)  this rank closed the segment, before or meanwhile
    [[nodiscard]] read_section_guard<const_view_type>
    read_section(std::uint64_t at_least = 1) const {
        return {*begin_reading("array::read_section", at_least, detail::no_deadline), view()};
    }
    /// Local. read_section(), if it can begin in so long, or by then; else nothing.
    template <typename Rep, typename Period>
    [[nodiscard]] std::optional<read_section_guard<const_view_type>>
    read_section_for(std::chrono::duration<Rep, Period> const& how_long,
                     std::uint64_t at_least = 1) const {
        return guard_of(
            begin_reading("array::read_section_for", at_least, detail::deadline_after(how_long)));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] std::optional<read_section_guard<const_view_type>>
    read_section_until(std::chrono::time_point<Clock, Duration> const& when,
                       std::uint64_t at_least = 1) const {
        return guard_of(
            begin_reading("array::read_section_until", at_least, detail::deadline_of(when)));
    }

    /// True if the handle refers to an array that was not destroyed. O(1), a look-up.
    [[nodiscard]] bool is_valid() const {
        return core_ != nullptr && core_->is_there(where_.index, where_.generation);
    }
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Position of the first element in the segment, in bytes; the same on all ranks. 0 if the
    /// array is adopted: it is not in the segment.
    [[nodiscard]] std::uint64_t offset() const noexcept {
        return where_.foreign != nullptr ? detail::foreign_offset
                                         : core_->memory().offset_of(data());
    }

    /// Internal: made by segment and group.
    array(std::shared_ptr<detail::segment_core> core, detail::placed_object const& where)
        : core_(std::move(core)),
          where_(where),
          view_(reinterpret_cast<T*>(where.address), mapping_of(where)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return where_; }

  private:
    template <array_element, std::size_t, handle_layout>
    friend class array;
    using mapping_type = typename view_type::mapping_type;

    [[nodiscard]] std::optional<detail::write_hold>
    begin_writing(char const* call, detail::wait_deadline until) const {
        SHMWIN_EXPECT(is_valid());
        return detail::write_hold::begin(core_, where_, call, until);
    }
    [[nodiscard]] std::optional<detail::read_hold>
    begin_reading(char const* call, std::uint64_t at_least, detail::wait_deadline until) const {
        SHMWIN_EXPECT(is_valid());
        return detail::read_hold::begin(core_, where_, call, at_least, until);
    }
    [[nodiscard]] std::optional<write_section_guard<view_type>>
    guard_of(std::optional<detail::write_hold> hold) const {
        if (!hold) return std::nullopt;
        return write_section_guard<view_type>(std::move(*hold), view());
    }
    [[nodiscard]] std::optional<read_section_guard<const_view_type>>
    guard_of(std::optional<detail::read_hold> hold) const {
        if (!hold) return std::nullopt;
        return read_section_guard<const_view_type>(std::move(*hold), view());
    }

    [[nodiscard]] static mapping_type mapping_of(detail::placed_object const& where) {
        if constexpr (array_layout<Layout>) {
            return mapping_type(detail::extents_of<N>(where));
        } else {
            std::array<std::int64_t, N> strides{};
            for (std::size_t d = 0; d < N; ++d)
                strides[d] = where.foreign->strides[d];
            return mapping_type(detail::extents_of<N>(where), strides);
        }
    }

    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
    view_type view_ = view_type(nullptr, mapping_type());
};

} // namespace shmwin::inline v1
