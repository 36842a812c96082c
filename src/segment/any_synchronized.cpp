// SPDX-License-Identifier: MIT
// Data and their lock, of a type known at run time.
#include "shmwin/segment/any_synchronized.hpp"

#include "shmwin/base/contract.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_group.hpp"
#include "shmwin/segment/synchronized_layout.hpp"

#include "segment/described_object.hpp"

#include <cstddef>
#include <cstring>
#include <utility>

namespace shmwin::inline v1 {
namespace {

std::size_t offset_in(detail::described_object const& what) {
    return detail::synchronized_data_offset(what.order, what.type.alignment());
}

// What the templates ask for: see detail::synchronized_request().
detail::object_request request_of(std::string_view name,
                                  type_id const& id,
                                  dtype const& type,
                                  array_options const& options,
                                  source_line const& where) {
    detail::object_request made{operation::create_synchronized, name, object_kind::synchronized};
    made.type = &id;
    made.element = type;
    made.options = options;
    made.where = where;
    return made;
}

} // namespace

any_view any_synchronized::view() const {
    SHMWIN_EXPECT(state().is_mine(waits()));
    return detail::packed_view(what_, what_.place.address + offset_in(what_), false);
}

void* any_synchronized::data() const {
    SHMWIN_EXPECT(state().is_mine(waits()));
    return what_.place.address + offset_in(what_);
}

any_synchronized sync_group::create_synchronized(std::string_view name,
                                                 dtype const& type,
                                                 void const* initial,
                                                 source_line const& where) const {
    auto const whole = full(name);
    auto const id = type_id_of(type);
    array_options options;
    options.align = detail::synchronized_lock_bytes;
    detail::described_object what{{}, type, 0, memory_order_kind::none};
    what.place = core_->create_small(
        request_of(whole, id, type, options, where),
        [&](void* block) {
            auto* const data = static_cast<std::byte*>(block) + offset_in(what);
            std::memcpy(data, initial, type.n_bytes());
        },
        [](void*) {});
    return {core_, std::move(what)};
}

any_synchronized sync_group::create_synchronized_array(std::string_view name,
                                                       dtype const& type,
                                                       std::span<std::int64_t const> shape,
                                                       array_options const& options,
                                                       source_line const& where) const {
    auto const whole = full(name);
    auto const id = type_id_of(type);
    auto request = request_of(whole, id, type, options, where);
    request.extents = shape;
    request.order = memory_order_kind::right;
    auto place = core_->create(request);
    return {core_, {std::move(place), type, shape.size(), memory_order_kind::right}};
}

any_synchronized sync_group::find_any_synchronized(std::string_view name) const {
    return {
        core_,
        detail::find_described(*core_, std::string_view(full(name)), object_kind::synchronized)};
}

} // namespace shmwin::inline v1
