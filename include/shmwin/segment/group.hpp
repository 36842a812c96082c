// SPDX-License-Identifier: MIT
// object_group: where objects are created, found and destroyed by name. A segment is the group of
// all names; group("solver") prefixes them with "solver/".
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/any_per_rank.hpp"
#include "shmwin/segment/construct.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/object_info.hpp"
#include "shmwin/segment/options.hpp"
#include "shmwin/segment/per_rank.hpp"
#include "shmwin/segment/queue_group.hpp"
#include "shmwin/segment/value.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin::inline v1 {

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
class SHMWIN_API object_group : public queue_group {
  public:
    /// Local. The group whose names begin with this one's and `name`. Nothing is created.
    [[nodiscard]] object_group group(std::string_view name) const;

    using array_group::create_value; // of a type that is known at run time

    /// Node, collective. A lock-free atomic that begins with `initial`, in a line of the cache of
    /// its own: 64 bytes, of which it is sizeof(T). Many that ranks change one after the other are
    /// smaller as elements of an array, with std::atomic_ref.
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
    ///
    /// @throws argument_error (already_exists, invalid_argument)  the name is taken, or none
    /// @throws out_of_memory (out_of_memory, no_space)  nothing changed
    /// @throws runtime_failure (closed), and what T's constructor throws: nothing changed
    /// @complexity  O(1): a block, a lock for the name
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
    /// @throws argument_error (invalid_argument)  the name is none
    /// @throws out_of_memory (out_of_memory, no_space)  nothing changed
    /// @throws runtime_failure (closed), and what T's constructor throws
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

    /// Node, collective. One empty vector for each rank, of a type that is known at run time. The
    /// same objects as of create_per_rank<vector<T>>; checkpoints hold them.
    /// @param options  only .saved is looked at
    /// @throws runtime_failure (unsupported)  the type is aligned to more than 16 bytes
    any_per_rank create_per_rank(std::string_view name,
                                 dtype const& type,
                                 array_options const& options = {},
                                 source_line const& where = source_line::current()) const;
    /// Local. The vectors of that name, whatever the type of their elements. Errors as
    /// find_any_array(); strings are found by find_per_rank() alone.
    [[nodiscard]] any_per_rank find_any_per_rank(std::string_view name) const;

    /// Local. Destroys an object that create_object, construct or find_or_construct made, and frees
    /// its memory. No rank may use it any more.
    /// @throws argument_error (not_found, type_mismatch)
    /// @throws runtime_failure (closed)
    template <typename T>
    void destroy(std::string_view name) const {
        auto const whole = full(name);
        core_->destroy_alone(
            small_request<T>(operation::destroy, object_kind::object, whole, false, {}),
            [](void* at) { std::launder(static_cast<T*>(at))->~T(); });
    }

    /// Node, collective. Ends an array, levels, a value, a queue, per_rank, ... for all ranks.
    /// Views of it dangle.
    /// @throws argument_error (not_found)    it was destroyed before
    /// @throws argument_error (bad_pointer)  it is of another segment, or of none
    template <typename Handle>
    requires requires(Handle const& handle) { handle.where(); }
    void destroy(Handle const& handle, source_line const& where = source_line::current()) const {
        if constexpr (requires { Handle::destruct(nullptr, 0); }) {
            core_->destroy_together(
                handle.where(),
                {},
                [&](void* at) { Handle::destruct(at, core_->n_ranks()); },
                where);
        } else if constexpr (requires { Handle::destruct(core_->memory(), nullptr); }) {
            core_->destroy_together(
                handle.where(),
                {},
                [&](void* at) { Handle::destruct(core_->memory(), at); },
                where);
        } else {
            core_->destroy_together(
                handle.where(), {}, [](void*) {}, where);
        }
    }

    /// Local. True if an object has that name.
    [[nodiscard]] bool contains(std::string_view name) const;

    /// Local. What is known of the object of that name.
    [[nodiscard]] std::optional<object_info> info(std::string_view name) const;

    /// Local. All objects whose names begin with this group's and '/', in the order of their names'
    /// bytes, so "a-b" comes between "a" and "a/b"; not those still being constructed. O(n) for all
    /// n names, and O(m log m) for the m listed.
    [[nodiscard]] std::vector<object_info> list() const;

    /// Internal.
    object_group(std::shared_ptr<detail::segment_core> core, std::string prefix)
        : queue_group(std::move(core), std::move(prefix)) {}

  private:
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
};

} // namespace shmwin::inline v1
