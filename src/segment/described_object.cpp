// SPDX-License-Identifier: MIT
#include "segment/described_object.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/object_info.hpp"

#include "segment/type_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

any_view view_of_foreign(described_object const& what) {
    auto const& memory = *what.place.foreign;
    std::array<std::int64_t, max_dimensions> strides{};
    for (std::size_t d = 0; d < what.n_dims; ++d) {
        strides[d] = memory.strides[d] * static_cast<std::int64_t>(what.type.n_bytes());
    }
    return {what.type,
            memory.first,
            what.shape(),
            std::span(strides).first(what.n_dims),
            memory.read_only};
}

[[noreturn]] void raise_no_view(std::string_view name, char const* what, char const* way) {
    raise(errc::type_mismatch, text(what, " (\"", name, "\"; ", way, ")"));
}

void require_view(std::string_view name, object_kind kind) {
    switch (kind) {
    case object_kind::per_rank:
        raise_no_view(name, "containers have no view", "find_per_rank<V>() finds them");
    case object_kind::synchronized:
        raise_no_view(name,
                      "data are reached through their lock",
                      "find_synchronized<T>() or find_synchronized_array<T, N>()");
    case object_kind::queue:
        raise_no_view(name, "queues have no view", "find_queue<T>() finds it");
    case object_kind::array:
    case object_kind::levels:
    case object_kind::value:
    case object_kind::object:
    case object_kind::sync:
        break;
    }
}

} // namespace

std::vector<std::int64_t> strides_of_packed(described_object const& what) {
    auto const shape = what.shape();
    std::vector<std::int64_t> strides(shape.size());
    auto stride = static_cast<std::int64_t>(what.type.n_bytes());
    for (std::size_t i = 0; i < shape.size(); ++i) {
        auto const d = what.order == memory_order_kind::left ? i : shape.size() - 1 - i;
        strides[d] = stride;
        // Beside an extent of 0 the others may be anything: it wraps, and nobody takes the step.
        static_cast<void>(__builtin_mul_overflow(stride, shape[d], &stride));
    }
    return strides;
}

any_view packed_view(described_object const& what, std::byte* first, bool is_read_only) {
    if (what.place.foreign != nullptr) return view_of_foreign(what);
    auto const strides = strides_of_packed(what);
    return {what.type, first, what.shape(), strides, is_read_only};
}

range rows_of(described_object const& what, segment_core const& in, int rank) noexcept {
    auto const n = what.n_dims == 0 ? 1 : what.place.extents[0];
    return block_range(n, in.n_ranks(), rank);
}

namespace {

directory_entry look_up(segment_core const& in, std::string_view name) {
    auto found = in.look_up(name);
    if (found && !is_hidden(name)) return *found;
    raise(errc::not_found, text("no such object (\"", name, "\"; list() names all)"));
}

found_object
described(segment_core const& in, std::string_view name, directory_entry const& found) {
    auto const& record = found.record;
    auto const type = in.element_of(record);
    if (!type) {
        raise(errc::type_mismatch,
              text("type has no description (\"",
                   name,
                   "\" holds ",
                   in.type_text(record),
                   "; find<T>() finds it)"));
    }
    placed_object place{nullptr, found.index, record.generation, record.extents, nullptr};
    if (record.is_foreign()) {
        place.foreign = in.foreign(found.index, record.generation, name);
        place.address = place.foreign->first;
    } else {
        place.address = in.memory().where().base() + record.offset;
    }
    return {{std::move(place), *type, record.n_extents, record.order}, record.kind};
}

} // namespace

found_object find_described(segment_core const& in, std::string_view name) {
    auto const found = look_up(in, name);
    require_view(name, found.record.kind);
    return described(in, name, found);
}

described_object find_described(segment_core const& in, std::string_view name, object_kind kind) {
    auto const found = look_up(in, name);
    if (found.record.kind == kind) return described(in, name, found).what;
    raise(errc::type_mismatch,
          text("object is of another kind (\"",
               name,
               "\" is of kind ",
               shmwin::name(found.record.kind),
               "; asked for: ",
               shmwin::name(kind),
               ")"));
}

} // namespace shmwin::inline v1::detail
