// SPDX-License-Identifier: MIT
#include "shmwin/segment/object_info.hpp"

#include "shmwin/base/text.hpp"
#include "shmwin/segment/core.hpp"

namespace shmwin::inline v1 {

char const* name(object_kind kind) noexcept {
    switch (kind) {
    case object_kind::array:
        return "array";
    case object_kind::levels:
        return "levels";
    case object_kind::value:
        return "value";
    case object_kind::object:
        return "object";
    case object_kind::per_rank:
        return "per_rank";
    case object_kind::sync:
        return "sync";
    case object_kind::synchronized:
        return "synchronized";
    case object_kind::queue:
        return "queue";
    }
    return "unknown";
}

namespace detail {

object_info describe(segment_core const& in, object_record const& record) {
    object_info info;
    info.name = record.name_text();
    info.kind = record.kind;
    info.type = in.type_text(record);
    info.element = in.element_of(record);
    info.shape.assign(record.shape().begin(), record.shape().end());
    info.order = record.order;
    info.n_bytes = record.n_bytes;
    info.offset = record.offset;
    info.creator = record.creator;
    info.where = text(record.file.data(), ':', record.line);
    info.created_ns = record.created_ns;
    info.saved = record.saved;
    info.foreign = record.is_foreign();
    return info;
}

} // namespace detail
} // namespace shmwin::inline v1
