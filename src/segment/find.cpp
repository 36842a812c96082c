// SPDX-License-Identifier: MIT
// How objects are found and ended.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/object_info.hpp"
#include "shmwin/segment/per_rank_access.hpp"
#include "shmwin/segment/section.hpp"

#include "segment/request.hpp"
#include "segment/type_text.hpp"

#include <string>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void raise_not_found(std::string_view name) {
    raise(errc::not_found, text("no such object (\"", name, "\"; list() names all)"));
}

[[noreturn]] void raise_stale(std::string_view name) {
    auto const which = name.empty() ? std::string("it") : text('"', name, '"');
    raise(errc::not_found, text("object is gone (", which, " was destroyed before)"));
}

// Others hold elements, or class types, that only their handles can end.
void require_plain(object_record const& record) {
    switch (record.kind) {
    case object_kind::array:
    case object_kind::levels:
    case object_kind::value:
    case object_kind::sync:
        return;
    case object_kind::object:
        if (record.has_dtype) return;
        break;
    case object_kind::per_rank:
    case object_kind::synchronized:
    case object_kind::queue:
        break;
    }
    raise(errc::type_mismatch,
          text("object cannot be destroyed by its name alone (\"",
               record.name_text(),
               "\" is of kind ",
               shmwin::name(record.kind),
               "; destroy() of its handle, or of its type)"));
}

} // namespace

// Another segment may hold something else of the same index and generation.
void segment_core::check_ours(placed_object const& what) const {
    if (what.foreign != nullptr ? what.foreign->segment == this : heap_.owns(what.address)) return;
    raise(
        errc::bad_pointer,
        text("object cannot be destroyed (",
             what.address == nullptr ? "the handle refers to nothing" : "it is of another segment",
             ")"));
}

std::shared_ptr<foreign_memory const>
segment_core::foreign(std::uint32_t index, std::uint32_t generation, std::string_view name) const {
    auto found = foreign_.find(index, generation);
    if (found != nullptr) return found;
    raise(
        errc::not_shared,
        text("object is not in this process (\"",
             name,
             "\" is adopted memory, and this process did not adopt it, or has left the segment)"));
}

std::string segment_core::type_text(object_record const& record) const {
    return detail::type_text(directory_, heap_, record);
}

std::optional<dtype> segment_core::element_of(object_record const& record) const {
    if (!record.has_dtype) return std::nullopt;
    if (record.element_kind < dtype_kind::string) return record.element();
    if (record.kind == object_kind::per_rank) { // its type is the container's
        auto const access = access_of(record.type_hash);
        return access ? std::optional(access->element) : std::nullopt;
    }
    return dtype_of_signature(type_text(record));
}

std::optional<directory_entry> segment_core::look_up(std::string_view name) const {
    return directory_.find(name);
}

// The head is enough, but for the words of an error.
directory_head segment_core::find_head(object_request const& request) const {
    auto const head = directory_.find_head(request.name);
    if (head && is_match(head->head, request)) return *head;
    auto const found = directory_.find(request.name);
    if (!found) raise_not_found(request.name);
    check_match(*this, found->record, request, false);
    return found->head();
}

placed_object segment_core::place(directory_head const& found, object_request const& asked) const {
    placed_object there{
        region_.at(found.head.offset), found.index, found.head.generation, found.extents, nullptr};
    if (!found.head.is_foreign()) return there;
    there.foreign = foreign(found.index, found.head.generation, asked.name);
    there.address = there.foreign->first;
    if (!there.foreign->read_only || asked.read_only) return there;
    raise(errc::type_mismatch,
          text("elements are read-only (\"",
               asked.name,
               "\" was adopted as const; asked for: ",
               asked.type->signature,
               "; ask for const elements)"));
}

placed_object segment_core::find(object_request const& request) const {
    return place(find_head(request), request);
}

void segment_core::destroy_together(placed_object const& what,
                                    std::string_view name,
                                    function_ref<void(void*)> destruct,
                                    source_line const& where) {
    require_open(operation::destroy);
    note(operation::destroy);
    collective_call const call{
        operation::destroy, name, {}, {}, hash_with(what.index + 1, what.generation), where};
    auto const failure = failure_of([&] {
        check_ours(what);
        require_thawed(shmwin::name(call.op), what.index, what.generation);
    });
    rendezvous_.meet(call, failure ? &*failure : nullptr, [&](meeting_values&) {
        auto const record = directory_.erase(what.index, what.generation);
        if (!record) raise_stale(name);
        forget_races(what);
        if (record->kind == object_kind::array) end_section(*this, what.index, what.generation);
        if (record->is_foreign()) return;
        destruct(region_.at(record->offset));
        heap_.deallocate(region_.at(record->offset));
    });
    if (what.foreign != nullptr) foreign_.remove(what.index, what.generation);
}

void segment_core::destroy_together(std::string_view name, source_line const& where) {
    require_open(operation::destroy);
    placed_object what;
    auto const failure = failure_of([&] {
        auto const found = directory_.find(name);
        if (!found || is_hidden(name)) raise_not_found(name);
        require_plain(found->record);
        what.index = found->index;
        what.generation = found->record.generation;
        what.foreign = foreign_.find(what.index, what.generation);
        what.address = region_.at(found->record.offset);
    });
    if (!failure)
        return destroy_together(
            what, name, [](void*) {}, where);
    collective_call const call{operation::destroy, name, {}, {}, 0, where};
    rendezvous_.meet(call, &*failure, [](meeting_values&) {});
}

// The name goes first, so that nobody finds a half-ended object; whoever is killed before the block
// is free leaves one block that is lost.
void segment_core::destroy_alone(object_request const& request,
                                 function_ref<void(void*)> destruct) {
    require_open(operation::destroy);
    auto const is_asked_for = [&](object_head const& head) { return is_match(head, request); };
    auto const taken = directory_.erase(request.name, is_asked_for);
    if (!taken) {
        static_cast<void>(find_head(request)); // says what is wrong
        raise_stale(request.name);
    }
    auto* const address = region_.at(taken->offset);
    destruct(address);
    heap_.deallocate(address);
}

} // namespace shmwin::inline v1::detail
