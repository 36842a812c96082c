// SPDX-License-Identifier: MIT
// Objects whose type is known at run time, and the end of anything by its name.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/array_group.hpp"

#include "segment/described_object.hpp"

#include <cstring>
#include <string>

namespace shmwin::inline v1 {
namespace {

detail::object_request object_request_of(std::string_view name,
                                         type_id const& id,
                                         dtype const& type,
                                         bool saved,
                                         source_line const& where) {
    detail::object_request made{operation::none, name, object_kind::object, &id, type};
    made.options.align = 8;
    made.options.saved = saved;
    made.where = where;
    return made;
}

void fill(void* at, void const* initial, dtype const& type) noexcept {
    if (initial == nullptr) {
        std::memset(at, 0, type.n_bytes());
    } else {
        std::memcpy(at, initial, type.n_bytes());
    }
}

any_view view_of_object(detail::placed_object const& placed, dtype const& type) {
    return {type, placed.address, {}, {}};
}

} // namespace

any_view array_group::construct_any(std::string_view name,
                                    dtype const& type,
                                    void const* initial,
                                    bool saved,
                                    source_line const& where) const {
    auto const whole = full(name);
    auto const id = type_id_of(type);
    auto const placed = core_->construct_small(
        object_request_of(whole, id, type, saved, where),
        [&](void* at) { fill(at, initial, type); },
        [](void*) {});
    return view_of_object(placed, type);
}

found_or_created<any_view> array_group::find_or_construct_any(std::string_view name,
                                                              dtype const& type,
                                                              void const* initial,
                                                              bool saved,
                                                              source_line const& where) const {
    auto const whole = full(name);
    auto const id = type_id_of(type);
    bool created = false;
    auto const placed = core_->find_or_construct(
        object_request_of(whole, id, type, saved, where),
        [&](void* at) { fill(at, initial, type); },
        created);
    return {view_of_object(placed, type), created};
}

void array_group::destroy_object(std::string_view name) const {
    auto const whole = full(name);
    auto const found = detail::find_described(*core_, whole, object_kind::object);
    auto const id = type_id_of(found.type);
    core_->destroy_alone(object_request_of(whole, id, found.type, false, {}), [](void*) {});
}

void array_group::destroy_any(std::string_view name, source_line const& where) const {
    auto const whole = full(name);
    core_->destroy_together(std::string_view(whole), where);
}

} // namespace shmwin::inline v1
