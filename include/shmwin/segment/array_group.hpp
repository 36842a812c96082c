// SPDX-License-Identifier: MIT
// array_group: what of a group makes and finds arrays and time levels, ours and those of others.
// See object_group, which has all the rest.
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/adopt.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/any_levels.hpp"
#include "shmwin/segment/any_value.hpp"
#include "shmwin/segment/array.hpp"
#include "shmwin/segment/construct.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/levels.hpp"
#include "shmwin/segment/options.hpp"
#include "shmwin/segment/scratch_array.hpp"
#include "shmwin/view/any_view.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// What shape() gives, and any other extents: how large an array is to be.
template <typename Extents>
concept array_shape = requires {
    { Extents::rank() } -> std::convertible_to<std::size_t>;
    requires std::is_convertible_v<Extents, array_extents<Extents::rank()>>;
};

/// Result of find_or_create_array and find_or_construct.
template <typename Handle>
struct found_or_created {
    Handle handle; ///< of find_or_construct: the object's address
    bool created;  ///< false: it was there
};

/// Arrays by name. Names, and the errors that collective calls share, are those of object_group.
class SHMWIN_API array_group {
  public:
    /// Node, collective. An array of zeros. Bytes: product(shape) * sizeof(T), in whole pages.
    ///
    /// @param shape  extents, in elements, 0 or more; at most 8: shmwin::shape(ny, nx)
    /// @complexity  one meeting up to 256 KiB, else two; zeroing is shared as .touch says
    template <array_element T, array_layout Layout = layout_right, array_shape Extents>
    array<T, Extents::rank(), Layout>
    create_array(std::string_view name,
                 Extents const& shape,
                 array_options const& options = {},
                 source_line const& where = source_line::current()) const {
        return {
            core_,
            create<T, Layout>(
                operation::create_array, object_kind::array, full(name), shape, options, where)};
    }

    /// Node, collective. The array of that name, created if there is none. What is there must
    /// have the same type, shape and layout, else argument_error (type_mismatch, shape_mismatch).
    template <array_element T, array_layout Layout = layout_right, array_shape Extents>
    found_or_created<array<T, Extents::rank(), Layout>>
    find_or_create_array(std::string_view name,
                         Extents const& shape,
                         array_options const& options = {},
                         source_line const& where = source_line::current()) const {
        auto const extents = detail::array_of<Extents::rank()>(shape);
        auto const whole = full(name);
        bool created = false;
        auto const placed =
            core_->find_or_create(request<T, Layout>(operation::find_or_create_array,
                                                     object_kind::array,
                                                     whole,
                                                     extents,
                                                     options,
                                                     where),
                                  created);
        return {{core_, placed}, created};
    }

    /// Local. The array of that name; array<T const, N> is the read-only handle. O(1), no lock.
    /// @throws argument_error (not_found, type_mismatch, shape_mismatch)  on this rank
    template <array_element T, std::size_t N, handle_layout Layout = layout_right>
    [[nodiscard]] array<T, N, Layout> find_array(std::string_view name) const {
        std::array<std::int64_t, N> const extents{};
        auto const whole = full(name);
        return {core_,
                core_->find(request<T, Layout>(
                    operation::none, object_kind::array, whole, extents, {}, {}))};
    }

    /// Node, collective. A window that the host made with MPI_Win_allocate_shared over these ranks,
    /// under a name, as an array from .offset_bytes on. Nothing is copied. The window stays the
    /// host's, who frees it after the array is destroyed or the segment closed; epochs of RMA are
    /// the host's too, fence() orders loads and stores.
    ///
    /// @throws argument_error (invalid_argument)  the window is null, of another flavour, of other
    ///         ranks, too small, or its parts have gaps (alloc_shared_noncontig)
    /// @throws argument_error (bad_pointer)  in some process the first element is not aligned as T
    ///         and .align ask
    /// @throws runtime_failure (unsupported)  its memory model is not MPI_WIN_UNIFIED
    /// @complexity  one meeting, and a question to MPI for each rank
    /// @see MPI 3.1, 11.2.3 (MPI_Win_allocate_shared)
    template <array_element T, array_layout Layout = layout_right, array_shape Extents>
    array<T, Extents::rank(), Layout>
    adopt(std::string_view name,
          MPI_Win window,
          Extents const& shape,
          adopt_options const& options = {},
          source_line const& where = source_line::current()) const {
        auto const extents = detail::array_of<Extents::rank()>(shape);
        auto const whole = full(name);
        return {core_,
                core_->adopt(adopt_request<T, Layout>(whole, extents, options, where),
                             window,
                             options.offset_bytes)};
    }

    /// Node, collective. Each rank's view of memory that it brought, under a name: memory that the
    /// ranks share (then say .shared), or a copy on each. Type and shape must be the same on all
    /// ranks, strides and addresses need not. The owner is kept until the array is destroyed or the
    /// segment closed, and the last handle is gone. Elements of a view of const are read-only: they
    /// are found as such, and never restored. With strides the handle's layout is layout_stride;
    /// files hold the elements packed, in layout_right.
    ///
    /// @throws argument_error (bad_pointer, invalid_argument)  as view_of()
    /// @complexity  one meeting
    template <array_element T, typename Extents, typename Layout>
    array<T, Extents::rank(), detail::adopted_layout<Layout>>
    adopt(std::string_view name,
          owned_view<T, Extents, Layout> const& view,
          adopt_options const& options = {},
          source_line const& where = source_line::current()) const {
        auto const extents = detail::values_of(view.extents());
        auto const whole = full(name);
        return {core_,
                core_->adopt(adopt_request<T, detail::adopted_layout<Layout>>(
                                 whole, extents, options, where),
                             [&] { return detail::memory_of(view, options.shared); })};
    }
    /// Node, collective. The same without an owner: the memory must stay.
    template <array_element T, typename Extents, typename Layout>
    array<T, Extents::rank(), detail::adopted_layout<Layout>>
    adopt(std::string_view name,
          mdspan<T, Extents, Layout> const& view,
          adopt_options const& options = {},
          source_line const& where = source_line::current()) const {
        return adopt(name, owned_view<T, Extents, Layout>(view, nullptr), options, where);
    }

    /// Node, collective. An array of zeros, of a type that is known at run time. Otherwise as
    /// create_array<T>; found by find_array<T, N, Layout>, if T has that dtype.
    /// @param order  right: layout_right (C); left: layout_left (Fortran)
    /// @throws argument_error (invalid_argument)  another order
    any_array create_array(std::string_view name,
                           dtype const& type,
                           std::span<std::int64_t const> shape,
                           array_options const& options = {},
                           source_line const& where = source_line::current()) const {
        return create_array(name, type, shape, memory_order_kind::right, options, where);
    }
    any_array create_array(std::string_view name,
                           dtype const& type,
                           std::span<std::int64_t const> shape,
                           memory_order_kind order,
                           array_options const& options = {},
                           source_line const& where = source_line::current()) const;

    /// Node, collective. The array of that name, created if there is none. As
    /// find_or_create_array<T>.
    found_or_created<any_array>
    find_or_create_array(std::string_view name,
                         dtype const& type,
                         std::span<std::int64_t const> shape,
                         memory_order_kind order = memory_order_kind::right,
                         array_options const& options = {},
                         source_line const& where = source_line::current()) const;

    /// Local. The array of that name, whatever its type, shape and layout.
    /// @throws argument_error (not_found)
    /// @throws argument_error (type_mismatch)  it is no array, or its type has no description
    [[nodiscard]] any_array find_any_array(std::string_view name) const;

    /// Node, collective. Memory that each rank brought, under a name: as adopt() of an owned_view.
    /// Without gaps it is in C or in Fortran order, on all ranks alike; else strided.
    /// @throws argument_error (invalid_argument)  a stride is no multiple of the element's bytes
    any_array adopt(std::string_view name,
                    any_view const& view,
                    std::shared_ptr<void const> owner,
                    adopt_options const& options = {},
                    source_line const& where = source_line::current()) const;

    /// Node, collective. The host's window from .offset_bytes on, as an array of a type that is
    /// known at run time. As adopt<T>() of a window.
    /// @throws argument_error (invalid_argument)  another order than right or left
    any_array adopt(std::string_view name,
                    MPI_Win window,
                    dtype const& type,
                    std::span<std::int64_t const> shape,
                    memory_order_kind order = memory_order_kind::right,
                    adopt_options const& options = {},
                    source_line const& where = source_line::current()) const;

    /// Local. What has that name, whatever its type: an array; levels, the now of this moment;
    /// an object or a value, without dimensions. Levels and values are read-only: flip() and
    /// atomics change them. The view owns nothing: valid until destroy, or until the last handle
    /// to the segment goes on this rank. O(its type's signature)
    /// @throws argument_error (not_found)
    /// @throws argument_error (type_mismatch)  its type has no description
    [[nodiscard]] any_view find_any(std::string_view name) const;

    /// Node, collective. Time levels (.levels of them, 2 by default) of zeros.
    template <array_element T, array_layout Layout = layout_right, array_shape Extents>
    levels<T, Extents::rank(), Layout>
    create_levels(std::string_view name,
                  Extents const& shape,
                  array_options const& options = {},
                  source_line const& where = source_line::current()) const {
        return {
            core_,
            create<T, Layout>(
                operation::create_levels, object_kind::levels, full(name), shape, options, where)};
    }

    /// Local. The time levels of that name. Errors as find_array().
    template <array_element T, std::size_t N, array_layout Layout = layout_right>
    [[nodiscard]] levels<T, N, Layout> find_levels(std::string_view name) const {
        std::array<std::int64_t, N> const extents{};
        auto const whole = full(name);
        return {core_,
                core_->find(request<T, Layout>(
                    operation::none, object_kind::levels, whole, extents, {}, {}))};
    }

    /// Node, collective. Time levels of zeros, of a type that is known at run time. Errors as
    /// create_array() of such.
    any_levels create_levels(std::string_view name,
                             dtype const& type,
                             std::span<std::int64_t const> shape,
                             memory_order_kind order = memory_order_kind::right,
                             array_options const& options = {},
                             source_line const& where = source_line::current()) const;

    /// Local. The time levels of that name, whatever their type. Errors as find_any_array().
    [[nodiscard]] any_levels find_any_levels(std::string_view name) const;

    /// Node, collective. An atomic of a type that is known at run time, of 1, 2, 4 or 8 bytes, that
    /// begins with the bytes at `initial`. As create_value<T>.
    /// @throws argument_error (invalid_argument)  another size
    any_value create_value(std::string_view name,
                           dtype const& type,
                           void const* initial,
                           source_line const& where = source_line::current()) const;

    /// Local. The value of that name, whatever its type. Errors as find_any_array().
    [[nodiscard]] any_value find_any_value(std::string_view name) const;

    /// Local. One object of a type that is known at run time, constructed by this rank alone from
    /// the bytes at `initial`, or from zeros if that is null. As construct<T>(), whose find<T>()
    /// finds it too.
    any_view construct_any(std::string_view name,
                           dtype const& type,
                           void const* initial,
                           bool saved = true,
                           source_line const& where = source_line::current()) const;

    /// Local. The object of that name, constructed if there is none. As find_or_construct<T>().
    found_or_created<any_view>
    find_or_construct_any(std::string_view name,
                          dtype const& type,
                          void const* initial,
                          bool saved = true,
                          source_line const& where = source_line::current()) const;

    /// Local. Destroys an object of a described type, as destroy<T>() does.
    /// @throws argument_error (not_found, type_mismatch)
    void destroy_object(std::string_view name) const;

    /// Node, collective. Ends what has that name for all ranks: an array, levels, a value, a lock
    /// or its like, an object of a described type. Views of it dangle.
    /// @throws argument_error (not_found)      on all ranks
    /// @throws argument_error (type_mismatch)  it is something else: destroy() of its handle
    void destroy_any(std::string_view name,
                     source_line const& where = source_line::current()) const;

    /// Node, collective. An array without a name, owned by its handles; never saved.
    template <array_element T, array_layout Layout = layout_right, array_shape Extents>
    shmwin::scratch_array<T, Extents::rank(), Layout>
    scratch_array(Extents const& shape,
                  array_options const& options = {},
                  source_line const& where = source_line::current()) const {
        auto const extents = detail::array_of<Extents::rank()>(shape);
        return {core_,
                core_->create_scratch(request<T, Layout>(
                    operation::scratch_array, object_kind::array, {}, extents, options, where))};
    }

    /// Local. "" for the segment, else the name without a trailing '/'.
    [[nodiscard]] std::string const& prefix() const noexcept { return prefix_; }

    /// Internal.
    [[nodiscard]] std::shared_ptr<detail::segment_core> const& core() const noexcept {
        return core_;
    }

  protected:
    array_group(std::shared_ptr<detail::segment_core> core, std::string prefix)
        : core_(std::move(core)), prefix_(std::move(prefix)) {}

    [[nodiscard]] detail::full_name full(std::string_view name) const { return {prefix_, name}; }

    template <typename T>
    [[nodiscard]] static std::optional<dtype> dtype_or_none() {
        if constexpr (element<T>)
            return dtype_of<T>;
        else
            return std::nullopt;
    }

    std::shared_ptr<detail::segment_core>
        core_; // NOLINT(*-non-private-member-*): the derived groups' too

  private:
    template <typename T, typename Layout, std::size_t N>
    [[nodiscard]] static detail::object_request request(operation op,
                                                        object_kind kind,
                                                        std::string_view name,
                                                        std::array<std::int64_t, N> const& extents,
                                                        array_options const& options,
                                                        source_line const& where) {
        using plain = std::remove_const_t<T>;
        return {op,
                name,
                kind,
                &type_id_of<plain>(),
                dtype_or_none<plain>(),
                extents,
                detail::order_of<Layout>,
                options,
                where,
                std::is_const_v<T>};
    }

    template <typename T, typename Layout, std::size_t N>
    [[nodiscard]] static detail::object_request
    adopt_request(std::string_view name,
                  std::array<std::int64_t, N> const& extents,
                  adopt_options const& options,
                  source_line const& where) {
        array_options same;
        same.align = options.align;
        same.saved = options.saved;
        return request<T, Layout>(operation::adopt, object_kind::array, name, extents, same, where);
    }

    template <typename T, typename Layout, typename Extents>
    detail::placed_object create(operation op,
                                 object_kind kind,
                                 std::string_view name,
                                 Extents const& shape,
                                 array_options const& options,
                                 source_line const& where) const {
        auto const extents = detail::array_of<Extents::rank()>(shape);
        return core_->create(request<T, Layout>(op, kind, name, extents, options, where));
    }

    std::string prefix_;
};

} // namespace shmwin::inline v1
