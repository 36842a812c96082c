// SPDX-License-Identifier: MIT
// Objects without dimensions, made and found by name.
#include "shmwin/base/text.hpp"
#include "shmwin/c/heap.h"
#include "shmwin/segment/construct.hpp"

#include "c/dtype.hpp"
#include "c/handles.hpp"
#include "segment/described_object.hpp"

using namespace shmwin::detail;

namespace {

bool saved_of(unsigned flags) {
    if ((flags & ~unsigned{SHMWIN_OBJECT_UNSAVED}) != 0) {
        shmwin::raise(shmwin::errc::unsupported,
                      text("a flag is not known to this version of the library (flags = ",
                           flags,
                           "; see enum shmwin_object_flags)"));
    }
    return (flags & unsigned{SHMWIN_OBJECT_UNSAVED}) == 0;
}

} // namespace

extern "C" {

int shmwin_object_construct(shmwin_segment const* segment,
                            char const* name,
                            shmwin_dtype const* type,
                            void const* initial,
                            unsigned flags,
                            void** object) {
    return guard([&] {
        need(object, "object") = nullptr;
        auto const made = names_of(segment).construct_any(
            need_text(name, "name"), need_dtype(type), initial, saved_of(flags), call_line());
        *object = made.writable_data();
    });
}

int shmwin_object_find_or_construct(shmwin_segment const* segment,
                                    char const* name,
                                    shmwin_dtype const* type,
                                    void const* initial,
                                    unsigned flags,
                                    void** object,
                                    int* is_created) {
    return guard([&] {
        need(object, "object") = nullptr;
        auto const found = names_of(segment).find_or_construct_any(
            need_text(name, "name"), need_dtype(type), initial, saved_of(flags), call_line());
        *object = found.handle.writable_data();
        if (is_created != nullptr) *is_created = found.created ? 1 : 0;
    });
}

int shmwin_object_find(shmwin_segment const* segment,
                       char const* name,
                       shmwin_dtype const* type,
                       void** object) {
    return guard([&] {
        need(object, "object") = nullptr;
        auto const& names = names_of(segment);
        full_name const whole(names.prefix(), need_text(name, "name"));
        auto const found = find_described(*names.core(), whole, shmwin::object_kind::object);
        if (type != nullptr && found.type != need_dtype(type)) {
            shmwin::raise(shmwin::errc::type_mismatch,
                          text("object has another type (\"",
                               name,
                               "\" is ",
                               found.type.signature(),
                               "; asked for: ",
                               need_dtype(type).signature(),
                               ")"));
        }
        *object = found.place.address;
    });
}

int shmwin_object_destroy(shmwin_segment const* segment, char const* name) {
    return guard([&] { names_of(segment).destroy_object(need_text(name, "name")); });
}
}
