// SPDX-License-Identifier: MIT
// Arrays, time levels and values whose type is known at run time.
#include "shmwin/segment/array_group.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "segment/described_object.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace shmwin::inline v1 {
namespace {

using detail::described_object;
using detail::placed_object;

// A request, and what it refers to.
struct run_time_request {
    std::string name;
    type_id id;
    dtype type;

    [[nodiscard]] detail::object_request of(operation op,
                                            object_kind kind,
                                            std::span<std::int64_t const> shape,
                                            memory_order_kind order,
                                            array_options const& options,
                                            source_line const& where) const {
        return {op, name, kind, &id, type, shape, order, options, where};
    }
    [[nodiscard]] described_object
    described(placed_object&& place, std::size_t n_dims, memory_order_kind order) const {
        return {std::move(place), type, n_dims, order};
    }
};

run_time_request request_of(detail::full_name const& name, dtype const& type) {
    return {std::string(std::string_view(name)), type_id_of(type), type};
}

// Of levels, the now's.
std::byte* elements_of(described_object const& what, object_kind kind) {
    if (kind != object_kind::levels) return what.place.address;
    auto const& control = *reinterpret_cast<detail::levels_control const*>(what.place.address);
    return what.place.address + control.first_bytes + control.now.load() * control.stride_bytes;
}

detail::foreign_memory
memory_of(any_view const& view, std::shared_ptr<void const> owner, bool shared) {
    auto const n_bytes = static_cast<std::int64_t>(view.type().n_bytes());
    detail::foreign_memory memory;
    // NOLINTNEXTLINE(*-const-cast): read_only says whether anybody may write to it
    memory.first = static_cast<std::byte*>(const_cast<void*>(view.data()));
    for (std::size_t d = 0; d < view.n_dims(); ++d) {
        auto const stride = view.strides()[d];
        if (stride % n_bytes != 0) {
            raise(errc::invalid_argument,
                  detail::text("memory cannot be adopted (a stride of ",
                               stride,
                               " bytes is no multiple of the element's ",
                               n_bytes,
                               ")"));
        }
        memory.strides[d] = stride / n_bytes;
    }
    memory.shared = shared;
    memory.read_only = view.is_read_only();
    memory.same = detail::hash_with(memory.shared ? 1 : 0, memory.read_only ? 1 : 0);
    memory.owner = std::move(owner);
    return memory;
}

// Packed ones can be found as such.
memory_order_kind order_of(any_view const& view) {
    for (auto const order : {memory_order_kind::right, memory_order_kind::left}) {
        detail::described_object packed{{}, view.type(), view.n_dims(), order};
        std::ranges::copy(view.shape(), packed.place.extents.begin());
        if (std::ranges::equal(detail::strides_of_packed(packed), view.strides())) return order;
    }
    return memory_order_kind::strided;
}

} // namespace

any_array array_group::create_array(std::string_view name,
                                    dtype const& type,
                                    std::span<std::int64_t const> shape,
                                    memory_order_kind order,
                                    array_options const& options,
                                    source_line const& where) const {
    auto const asked = request_of(full(name), type);
    auto place = core_->create(
        asked.of(operation::create_array, object_kind::array, shape, order, options, where));
    return {core_, asked.described(std::move(place), shape.size(), order)};
}

found_or_created<any_array> array_group::find_or_create_array(std::string_view name,
                                                              dtype const& type,
                                                              std::span<std::int64_t const> shape,
                                                              memory_order_kind order,
                                                              array_options const& options,
                                                              source_line const& where) const {
    auto const asked = request_of(full(name), type);
    bool created = false;
    auto place = core_->find_or_create(
        asked.of(operation::find_or_create_array, object_kind::array, shape, order, options, where),
        created);
    return {{core_, asked.described(std::move(place), shape.size(), order)}, created};
}

any_array array_group::find_any_array(std::string_view name) const {
    return {core_,
            detail::find_described(*core_, std::string_view(full(name)), object_kind::array)};
}

any_array array_group::adopt(std::string_view name,
                             any_view const& view,
                             std::shared_ptr<void const> owner,
                             adopt_options const& options,
                             source_line const& where) const {
    auto const asked = request_of(full(name), view.type());
    auto const order = order_of(view);
    array_options same;
    same.align = options.align;
    same.saved = options.saved;
    auto request = asked.of(operation::adopt, object_kind::array, view.shape(), order, same, where);
    request.read_only = view.is_read_only();
    auto place = core_->adopt(request, [&] { return memory_of(view, owner, options.shared); });
    return {core_, asked.described(std::move(place), view.n_dims(), order)};
}

any_array array_group::adopt(std::string_view name,
                             MPI_Win window,
                             dtype const& type,
                             std::span<std::int64_t const> shape,
                             memory_order_kind order,
                             adopt_options const& options,
                             source_line const& where) const {
    auto const asked = request_of(full(name), type);
    array_options same;
    same.align = options.align;
    same.saved = options.saved;
    auto place =
        core_->adopt(asked.of(operation::adopt, object_kind::array, shape, order, same, where),
                     window,
                     options.offset_bytes);
    return {core_, asked.described(std::move(place), shape.size(), order)};
}

any_levels array_group::create_levels(std::string_view name,
                                      dtype const& type,
                                      std::span<std::int64_t const> shape,
                                      memory_order_kind order,
                                      array_options const& options,
                                      source_line const& where) const {
    auto const asked = request_of(full(name), type);
    auto place = core_->create(
        asked.of(operation::create_levels, object_kind::levels, shape, order, options, where));
    return {core_, asked.described(std::move(place), shape.size(), order)};
}

any_levels array_group::find_any_levels(std::string_view name) const {
    return {core_,
            detail::find_described(*core_, std::string_view(full(name)), object_kind::levels)};
}

any_value array_group::create_value(std::string_view name,
                                    dtype const& type,
                                    void const* initial,
                                    source_line const& where) const {
    auto const asked = request_of(full(name), type);
    array_options options;
    options.align = 8;
    auto place = core_->create_small(
        asked.of(operation::create_value,
                 object_kind::value,
                 {},
                 memory_order_kind::none,
                 options,
                 where),
        [&](void* at) { std::memcpy(at, initial, type.n_bytes()); },
        [](void*) {});
    return {core_, asked.described(std::move(place), 0, memory_order_kind::none)};
}

any_value array_group::find_any_value(std::string_view name) const {
    return {core_,
            detail::find_described(*core_, std::string_view(full(name)), object_kind::value)};
}

any_view array_group::find_any(std::string_view name) const {
    auto const found = detail::find_described(*core_, std::string_view(full(name)));
    bool const is_read_only = found.kind == object_kind::levels || found.kind == object_kind::value;
    return detail::packed_view(found.what, elements_of(found.what, found.kind), is_read_only);
}

} // namespace shmwin::inline v1
