// SPDX-License-Identifier: MIT
// Arrays whose type is known at run time.
#include "shmwin/segment/array_group.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "segment/type_text.hpp"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1 {
namespace {

// In bytes.
std::vector<std::int64_t>
strides_of(std::span<std::int64_t const> shape, memory_order_kind order, std::size_t n_bytes) {
    std::vector<std::int64_t> strides(shape.size());
    auto stride = static_cast<std::int64_t>(n_bytes);
    for (std::size_t i = 0; i < shape.size(); ++i) {
        auto const d = order == memory_order_kind::left ? i : shape.size() - 1 - i;
        strides[d] = stride;
        // Beside an extent of 0 the others may be anything: it wraps, and nobody takes the step.
        static_cast<void>(__builtin_mul_overflow(stride, shape[d], &stride));
    }
    return strides;
}

any_view view_of_foreign(dtype const& type,
                         std::span<std::int64_t const> shape,
                         detail::foreign_memory const& memory) {
    std::array<std::int64_t, detail::max_dimensions> strides{};
    for (std::size_t d = 0; d < shape.size(); ++d) {
        strides[d] = memory.strides[d] * static_cast<std::int64_t>(type.n_bytes());
    }
    return {type, memory.first, shape, std::span(strides).first(shape.size()), memory.read_only};
}

// Of levels, the now's.
std::byte* elements_of(detail::segment_core const& core, detail::object_record const& record) {
    auto* const block = core.memory().where().base() + record.offset;
    if (record.kind != object_kind::levels) return block;
    auto const& control = *reinterpret_cast<detail::levels_control const*>(block);
    return block + control.first_bytes + control.now.load() * control.stride_bytes;
}

} // namespace

any_view array_group::create_array(std::string_view name,
                                   dtype const& type,
                                   std::span<std::int64_t const> shape,
                                   array_options const& options,
                                   source_line const& where) const {
    auto const whole = full(name);
    auto const id = type_id_of(type);
    auto const made = core_->create({operation::create_array,
                                     whole,
                                     object_kind::array,
                                     &id,
                                     type,
                                     shape,
                                     memory_order_kind::right,
                                     options,
                                     where});
    return {type, made.address, shape, strides_of(shape, memory_order_kind::right, type.n_bytes())};
}

any_view array_group::find_any(std::string_view name) const {
    std::string const whole(std::string_view(full(name)));
    auto const found = core_->look_up(whole);
    if (!found || detail::is_hidden(whole)) {
        raise(errc::not_found, detail::text("no such object (\"", whole, "\"; list() names all)"));
    }
    auto const& record = found->record;
    if (record.kind == object_kind::per_rank) {
        raise(errc::type_mismatch,
              detail::text(
                  "containers have no view (\"", whole, "\"; find_per_rank<V>() finds them)"));
    }
    if (record.kind == object_kind::synchronized) {
        raise(errc::type_mismatch,
              detail::text("data are reached through their lock (\"",
                           whole,
                           "\"; find_synchronized<T>() or find_synchronized_array<T, N>())"));
    }
    if (record.kind == object_kind::queue) {
        raise(errc::type_mismatch,
              detail::text("queues have no view (\"", whole, "\"; find_queue<T>() finds it)"));
    }
    auto const type = core_->element_of(record);
    if (!type) {
        raise(errc::type_mismatch,
              detail::text("type has no description (\"",
                           whole,
                           "\" holds ",
                           core_->type_text(record),
                           "; find<T>() finds it)"));
    }
    if (record.is_foreign()) {
        auto const memory = core_->foreign(found->index, record.generation, whole);
        return view_of_foreign(*type, record.shape(), *memory);
    }
    bool const is_read_only =
        record.kind == object_kind::levels || record.kind == object_kind::value;
    auto const strides = strides_of(record.shape(), record.order, type->n_bytes());
    return {*type, elements_of(*core_, record), record.shape(), strides, is_read_only};
}

} // namespace shmwin::inline v1
