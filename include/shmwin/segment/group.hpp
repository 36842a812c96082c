// SPDX-License-Identifier: MIT
// object_group: where objects are created, found and destroyed by name. A segment is the group of
// all names; group("solver") prefixes them with "solver/".
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/adopt.hpp"
#include "shmwin/segment/array.hpp"
#include "shmwin/segment/construct.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/levels.hpp"
#include "shmwin/segment/object_info.hpp"
#include "shmwin/segment/options.hpp"
#include "shmwin/segment/per_rank.hpp"
#include "shmwin/segment/scratch_array.hpp"
#include "shmwin/segment/value.hpp"
#include "shmwin/view/any_view.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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

/// A place for names. Cheap to copy; refers to its segment and keeps its memory mapped.
///
/// Names are UTF-8, the whole at most 255 bytes; '/' nests. Every collective call below waits for
/// all ranks of the node, orders memory as fence() does, and succeeds on all or throws the same
/// error on all. Errors that they share, besides their own:
///   argument_error (already_exists)    the name is taken: who did it, where and when
///   argument_error (invalid_argument)  name, shape or options are not possible
///   out_of_memory (out_of_memory, no_space)  segment or system is full; nothing changed
///   runtime_failure (disagreement)     ranks are in different calls or pass different arguments
///   runtime_failure (closed)           the segment is closed
///   peer_left                          a rank threw, returned, exited or died
class SHMWIN_API object_group {
  public:
    /// Local. The group whose names begin with this one's and `name`. Nothing is created.
    [[nodiscard]] object_group group(std::string_view name) const;

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
    /// Node, collective. An array of zeros, in C order, of a type that is known at run time.
    /// Otherwise as create_array<T>; found by find_array<T, N>, if T has that dtype, and find_any.
    any_view create_array(std::string_view name,
                          dtype const& type,
                          std::span<std::int64_t const> shape,
                          array_options const& options = {},
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

    /// Node, collective. A lock-free atomic that begins with `initial`.
    template <lock_free_value T>
    value<T> create_value(std::string_view name,
                          T initial = T{},
                          source_line const& where = source_line::current()) const {
        auto const whole = full(name);
        return {
            core_,
            core_->create_small(
                small_request<T>(operation::create_value, object_kind::value, whole, true, where),
                [&](void* at) { new (at) T(initial); },
                [](void*) {})};
    }

    /// Local. The value of that name. Errors as find_array().
    template <lock_free_value T>
    [[nodiscard]] value<T> find_value(std::string_view name) const {
        auto const whole = full(name);
        return {
            core_,
            core_->find(small_request<T>(operation::none, object_kind::value, whole, true, {}))};
    }

    /// Node, collective. One T, constructed once, by rank 0 from its arguments. Valid on each rank
    /// while a handle, a group or the segment exists there.
    template <typename T, typename... Args>
    T* create_object(located_name const& name, Args&&... args) const {
        auto const whole = full(name.name);
        auto const placed = core_->create_small(
            small_request<T>(
                operation::create_object, object_kind::object, whole, element<T>, name.where),
            [&](void* at) {
                detail::construct<T>(core_->memory(), at, std::forward<Args>(args)...);
            },
            [](void* at) { std::launder(static_cast<T*>(at))->~T(); });
        return std::launder(reinterpret_cast<T*>(placed.address));
    }

    /// Local. One T, constructed by this rank alone; found by all others. Files can hold it, so T
    /// must be an element type; anything else is constructed as `transient`.
    template <typename T, typename... Args>
    requires(!(std::same_as<std::remove_cvref_t<Args>, transient_t> || ...)) T* construct(
        located_name const& name, Args&&... args) const {
        detail::require_shareable<T>();
        static_assert(
            element<T> || !shareable<T>,
            "checkpoints cannot describe this type: construct<T>(shmwin::transient, name, "
            "...) keeps it out of them");
        return construct_here<T>(name, true, std::forward<Args>(args)...);
    }
    template <typename T, typename... Args>
    T* construct(transient_t /*unsaved*/, located_name const& name, Args&&... args) const {
        return construct_here<T>(name, false, std::forward<Args>(args)...);
    }

    /// Local. The T of that name. If there is none, exactly one of all ranks and threads that ask
    /// constructs it from its arguments; the others wait until it is whole, and all get the same
    /// one. Until then no other call shows it; construct() and the collective ones find the name
    /// taken. If the constructor throws, this call throws it, and one of those that wait tries in
    /// its turn; so it does, within a second, if the rank that constructs is killed.
    ///
    /// The constructor may take long and use the segment, other names too; no lock is held. Two
    /// whose constructors ask for each other's name wait for ever. Whoever waits drives MPI, but
    /// not at MPI_THREAD_SERIALIZED. T as for construct().
    ///
    /// @throws argument_error (type_mismatch)   what is there is another type or kind
    /// @throws argument_error (already_exists)  the constructor asks for its own name
    /// @throws peer_left  the rank that is constructing it left, and does not end
    /// @complexity  to find: as find(). To construct: two short locks
    template <typename T, typename... Args>
    requires(!(std::same_as<std::remove_cvref_t<Args>, transient_t> || ...))
        found_or_created<T*> find_or_construct(located_name const& name, Args&&... args)
    const {
        detail::require_shareable<T>();
        static_assert(
            element<T> || !shareable<T>,
            "checkpoints cannot describe this type: find_or_construct<T>(shmwin::transient, name, "
            "...) keeps it out of them");
        return find_or_construct_here<T>(name, true, std::forward<Args>(args)...);
    }
    template <typename T, typename... Args>
    found_or_created<T*>
    find_or_construct(transient_t /*unsaved*/, located_name const& name, Args&&... args) const {
        return find_or_construct_here<T>(name, false, std::forward<Args>(args)...);
    }

    /// Local. The object of that name, made by create_object, construct or find_or_construct.
    /// Errors as find_array().
    template <typename T>
    [[nodiscard]] T* find(std::string_view name) const {
        auto const whole = full(name);
        auto const placed =
            core_->find(small_request<T>(operation::none, object_kind::object, whole, false, {}));
        return std::launder(reinterpret_cast<T*>(placed.address));
    }

    /// Node, collective. One empty V for each rank, on a cache line of its own: mine() of the
    /// handle grows, [r] shows the elements of rank r. Bytes: 64 a rank, and the elements.
    /// Checkpoints hold them if V's elements are of an element type.
    /// @tparam V  shmwin::vector<T> of elements that are copied as bytes, or shmwin::basic_string
    /// @param options  only .saved is looked at
    template <typename V>
    per_rank<V> create_per_rank(std::string_view name,
                                array_options const& options = {},
                                source_line const& where = source_line::current()) const {
        auto const whole = full(name);
        std::array const extents{static_cast<std::int64_t>(core_->n_ranks())};
        return {
            core_,
            core_->create_small(
                per_rank_request<V>(
                    operation::create_per_rank, whole, extents, options.saved, where),
                [&](void* at) { per_rank<V>::construct(core_->memory(), at, core_->n_ranks()); },
                [&](void* at) { per_rank<V>::destruct(at, core_->n_ranks()); })};
    }

    /// Local. The containers of that name. Errors as find_array().
    template <typename V>
    [[nodiscard]] per_rank<V> find_per_rank(std::string_view name) const {
        auto const whole = full(name);
        std::array const extents{std::int64_t{0}};
        return {core_, core_->find(per_rank_request<V>(operation::none, whole, extents, true, {}))};
    }

    /// Local. Destroys an object that create_object, construct or find_or_construct made, and frees
    /// its memory. No rank may use it any more.
    /// @throws argument_error (not_found, type_mismatch)
    template <typename T>
    void destroy(std::string_view name) const {
        auto const whole = full(name);
        core_->destroy_alone(
            small_request<T>(operation::destroy, object_kind::object, whole, false, {}),
            [](void* at) { std::launder(static_cast<T*>(at))->~T(); });
    }

    /// Node, collective. Ends an array, levels, a value or per_rank for all ranks. Views of it
    /// dangle.
    /// @throws argument_error (not_found)    it was destroyed before
    /// @throws argument_error (bad_pointer)  it is of another segment, or of none
    template <typename Handle>
    requires requires(Handle const& handle) { handle.where(); }
    void destroy(Handle const& handle) const {
        if constexpr (requires { Handle::destruct(nullptr, 0); }) {
            core_->destroy_together(
                handle.where(), {}, [&](void* at) { Handle::destruct(at, core_->n_ranks()); });
        } else {
            core_->destroy_together(handle.where(), {});
        }
    }

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

    /// Local. True if an object has that name.
    [[nodiscard]] bool contains(std::string_view name) const;

    /// Local. What is known of the object of that name.
    [[nodiscard]] std::optional<object_info> info(std::string_view name) const;

    /// Local. All objects whose names begin with this group's and '/', in the order of their names'
    /// bytes, so "a-b" comes between "a" and "a/b"; not those still being constructed. O(n) for all
    /// n names, and O(m log m) for the m listed.
    [[nodiscard]] std::vector<object_info> list() const;

    /// Local. "" for the segment, else the name without a trailing '/'.
    [[nodiscard]] std::string const& prefix() const noexcept { return prefix_; }

    /// Internal.
    object_group(std::shared_ptr<detail::segment_core> core, std::string prefix)
        : core_(std::move(core)), prefix_(std::move(prefix)) {}
    [[nodiscard]] std::shared_ptr<detail::segment_core> const& core() const noexcept {
        return core_;
    }

  protected:
    std::shared_ptr<detail::segment_core>
        core_; // NOLINT(*-non-private-member-*): the segment's too

  private:
    [[nodiscard]] detail::full_name full(std::string_view name) const { return {prefix_, name}; }

    template <typename T>
    [[nodiscard]] static std::optional<dtype> dtype_or_none() {
        if constexpr (element<T>)
            return dtype_of<T>;
        else
            return std::nullopt;
    }

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

    template <typename V>
    [[nodiscard]] static detail::object_request
    per_rank_request(operation op,
                     std::string_view name,
                     std::array<std::int64_t, 1> const& extents,
                     bool saved,
                     source_line const& where) {
        detail::object_request made{op, name, object_kind::per_rank};
        made.type = &per_rank<V>::type();
        made.element = dtype_or_none<typename per_rank<V>::element_type>();
        made.extents = extents;
        made.options.saved = saved;
        made.where = where;
        return made;
    }

    template <typename T>
    [[nodiscard]] static detail::object_request small_request(operation op,
                                                              object_kind kind,
                                                              std::string_view name,
                                                              bool saved,
                                                              source_line const& where) {
        detail::require_shareable<T>();
        detail::object_request made{op, name, kind};
        if constexpr (shareable<T>) made.type = &type_id_of<T>(); // else the sentence is enough
        made.element = dtype_or_none<T>();
        made.options.align = 8;
        made.options.saved = saved;
        made.where = where;
        return made;
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

    template <typename T, typename... Args>
    T* construct_here(located_name const& name, bool saved, Args&&... args) const {
        auto const whole = full(name.name);
        auto const placed = core_->construct_small(
            small_request<T>(operation::none, object_kind::object, whole, saved, name.where),
            [&](void* at) {
                detail::construct<T>(core_->memory(), at, std::forward<Args>(args)...);
            },
            [](void* at) { std::launder(static_cast<T*>(at))->~T(); });
        return std::launder(reinterpret_cast<T*>(placed.address));
    }

    template <typename T, typename... Args>
    found_or_created<T*>
    find_or_construct_here(located_name const& name, bool saved, Args&&... args) const {
        auto const whole = full(name.name);
        bool created = false;
        auto const placed = core_->find_or_construct(
            small_request<T>(operation::none, object_kind::object, whole, saved, name.where),
            [&](void* at) {
                detail::construct<T>(core_->memory(), at, std::forward<Args>(args)...);
            },
            created);
        return {std::launder(reinterpret_cast<T*>(placed.address)), created};
    }

    std::string prefix_;
};

} // namespace shmwin::inline v1
