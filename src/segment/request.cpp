// SPDX-License-Identifier: MIT
#include "segment/request.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/task_queue.hpp"
#include "shmwin/segment/object_info.hpp"
#include "shmwin/segment/synchronized_layout.hpp"

#include "segment/type_text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <ctime>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t line_bytes = 64;
// Levels of a power-of-two size would share cache sets and memory banks: a gap between them.
constexpr std::size_t stagger_bytes = 256;
constexpr int max_levels = 16;
constexpr std::size_t max_bytes = std::size_t{1} << 62U;

constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
    return (n + unit - 1) / unit * unit;
}

// Zeros to the end of the word that the text ends in, and no further: to clear the whole record
// would cost as much as the rest of it.
template <std::size_t N>
void copy_text(std::array<char, N>& field, std::string_view text) {
    auto const n = std::min(text.size(), N - 1);
    std::fill_n(field.begin() + static_cast<std::ptrdiff_t>(n / 8 * 8), 8, '\0');
    text.copy(field.data(), n);
}

char const* order_text(memory_order_kind order) {
    switch (order) {
    case memory_order_kind::none:
        return "no layout";
    case memory_order_kind::right:
        return "layout_right";
    case memory_order_kind::left:
        return "layout_left";
    case memory_order_kind::strided:
        return "layout_stride";
    }
    return "an unknown layout";
}

// To the tick of the system: a look at the clock itself would cost as much as taking the block.
std::int64_t coarse_now_ns() noexcept {
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Known at run time, these may be anything; the compiler has looked at those of templates.
void check_layout(object_request const& request) {
    bool const has_order =
        request.kind == object_kind::array || request.kind == object_kind::levels;
    bool const is_made = request.op != operation::adopt;
    auto const order = request.order;
    if (!has_order || order == memory_order_kind::right || order == memory_order_kind::left
        || (order == memory_order_kind::strided && !is_made)) {
        return;
    }
    raise(errc::invalid_argument,
          text("layout is not possible (\"",
               request.name,
               "\": order ",
               static_cast<int>(order),
               "; right, or left)"));
}

void check_value(object_request const& request) {
    auto const n = request.type->n_bytes;
    if (request.kind != object_kind::value || n == 1 || n == 2 || n == 4 || n == 8) return;
    raise(errc::invalid_argument,
          text("value is not possible (\"",
               request.name,
               "\": ",
               request.type->signature,
               " has ",
               n,
               " bytes; 1, 2, 4 or 8. create_object() and arrays take any)"));
}

[[noreturn]] void raise_too_large(object_request const& request) {
    raise(errc::invalid_argument,
          text("shape is not possible (",
               shape_text(request.extents),
               " elements of ",
               request.type->n_bytes,
               " bytes for \"",
               request.name,
               "\"; extents are 0 or more and all bytes must fit 62 bits)"));
}

} // namespace

std::size_t element_bytes(object_request const& request) {
    std::size_t n_bytes = request.type->n_bytes;
    for (auto const extent : request.extents) {
        bool const overflows =
            extent < 0
            || __builtin_mul_overflow(n_bytes, static_cast<std::size_t>(extent), &n_bytes);
        if (overflows || n_bytes > max_bytes) raise_too_large(request);
    }
    return n_bytes;
}

levels_layout plan_levels(object_request const& request) {
    auto const unit =
        std::max(request.options.whole_pages ? page_bytes : line_bytes, request.options.align);
    auto const gap = request.options.whole_pages ? 0 : round_up(stagger_bytes, unit);
    auto const first = round_up(sizeof(levels_control), unit);
    auto const stride = round_up(element_bytes(request), unit) + gap;
    auto const n = static_cast<std::size_t>(request.options.levels);
    if (stride > (max_bytes - first) / std::max<std::size_t>(n, 1)) raise_too_large(request);
    return {first, stride, first + n * stride};
}

std::size_t block_bytes(object_request const& request) {
    if (request.kind == object_kind::queue) return sizeof(task_queue_state);
    if (request.kind == object_kind::levels) return plan_levels(request).n_bytes;
    auto const n_bytes = element_bytes(request);
    if (request.kind != object_kind::synchronized) return n_bytes;
    return n_bytes + synchronized_data_offset(request.order, request.type->alignment);
}

void check_request(object_request const& request) {
    if (request.op != operation::scratch_array) check_name(request.name);
    if (request.extents.size() > max_dimensions) {
        raise(errc::invalid_argument,
              text("too many dimensions (",
                   request.extents.size(),
                   ", at most ",
                   max_dimensions,
                   ")"));
    }
    auto const align = request.options.align;
    if (!std::has_single_bit(align) || align > segment_alignment) {
        raise(errc::invalid_argument,
              text("alignment is not possible (.align = ",
                   align,
                   " bytes; a power of two up to 2 MiB)"));
    }
    check_layout(request);
    check_value(request);
    auto const n = request.options.levels;
    if (request.kind == object_kind::levels && (n < 1 || n > max_levels)) {
        raise(errc::invalid_argument,
              text("number of levels is not possible (.levels = ", n, "; 1 to ", max_levels, ")"));
    }
    static_cast<void>(block_bytes(request));
}

object_record make_record(object_request const& request, int creator) {
    object_record record; // NOLINT(*-member-init): all that is read of it is set below
    record.name_hash = hash(request.name);
    record.type_hash = request.type->hash;
    record.n_bytes = block_bytes(request);
    record.created_ns = coarse_now_ns();
    record.creator = creator;
    record.line = request.where.line;
    record.kind = request.kind;
    record.order = request.order;
    record.n_extents = static_cast<std::uint8_t>(request.extents.size());
    record.n_levels = request.kind == object_kind::levels
                          ? static_cast<std::uint8_t>(request.options.levels)
                          : std::uint8_t{0};
    record.offset = 0;
    record.generation = 0;
    record.reserved = {};
    record.element_kind = {};
    record.element_digits = 0;
    record.has_dtype = request.element.has_value();
    record.saved = record.has_dtype && request.options.saved;
    record.whole_pages = request.options.whole_pages;
    record.element_bytes = static_cast<std::uint32_t>(request.type->n_bytes);
    record.element_alignment = static_cast<std::uint32_t>(request.type->alignment);
    if (request.kind == object_kind::per_rank && request.element) { // of what the containers hold
        record.element_bytes = static_cast<std::uint32_t>(request.element->n_bytes());
        record.element_alignment = static_cast<std::uint32_t>(request.element->alignment());
    }
    if (request.element) {
        record.element_kind = request.element->kind();
        record.element_digits = static_cast<std::uint8_t>(request.element->digits());
    }
    std::ranges::copy(request.extents, record.extents.begin());
    set_type_text(record, request.type->signature);
    copy_text(record.file, file_name(request.where.file));
    copy_text(record.name, request.name);
    return record;
}

namespace {

void check_type(segment_core const& in,
                object_record const& found,
                object_request const& asked,
                char const* asker) {
    if (found.kind != asked.kind) {
        raise(errc::type_mismatch,
              text("object is of another kind (\"",
                   asked.name,
                   "\" is of kind ",
                   name(found.kind),
                   "; ",
                   asker,
                   ": ",
                   name(asked.kind),
                   ")"));
    }
    if (found.type_hash != asked.type->hash) {
        auto const types = differing(in.type_text(found), asked.type->signature);
        raise(errc::type_mismatch,
              text("type differs (\"",
                   asked.name,
                   "\" holds ",
                   types.first,
                   " of ",
                   found.element_bytes,
                   " bytes; ",
                   asker,
                   ": ",
                   types.second,
                   " of ",
                   asked.type->n_bytes,
                   ")"));
    }
}

void check_shape(object_record const& found,
                 object_request const& asked,
                 bool same_extents,
                 char const* asker) {
    if (found.shape().size() != asked.extents.size()) {
        raise(errc::shape_mismatch,
              text("number of dimensions differs (\"",
                   asked.name,
                   "\" has ",
                   found.shape().size(),
                   ", ",
                   shape_text(found.shape()),
                   "; ",
                   asker,
                   ": ",
                   asked.extents.size(),
                   ")"));
    }
    if (found.order != asked.order) {
        raise(errc::shape_mismatch,
              text("layout differs (\"",
                   asked.name,
                   "\" has ",
                   order_text(found.order),
                   "; ",
                   asker,
                   ": ",
                   order_text(asked.order),
                   ")"));
    }
    if (same_extents && !std::ranges::equal(found.shape(), asked.extents)) {
        raise(errc::shape_mismatch,
              text("shape differs (\"",
                   asked.name,
                   "\" is ",
                   shape_text(found.shape()),
                   "; ",
                   asker,
                   ": ",
                   shape_text(asked.extents),
                   ")"));
    }
}

} // namespace

void check_match(segment_core const& in,
                 object_record const& found,
                 object_request const& asked,
                 bool same_extents,
                 char const* asker) {
    check_type(in, found, asked, asker);
    check_shape(found, asked, same_extents, asker);
}

bool is_match(object_head const& found, object_request const& asked) noexcept {
    return found.kind == asked.kind && found.type_hash == asked.type->hash
           && found.n_extents == asked.extents.size() && found.order == asked.order;
}

collective_call call_of(object_request const& request) {
    auto const& o = request.options;
    auto h = hash_with(static_cast<std::uint64_t>(o.touch), o.align);
    h = hash_with(h, (o.saved ? 1U : 0U) + (o.whole_pages ? 2U : 0U));
    h = hash_with(
        h, static_cast<std::uint64_t>(o.levels) + 16 * static_cast<std::uint64_t>(request.order));
    if (request.arguments != 0) h = hash_with(h, request.arguments);
    return {request.op,
            request.name,
            request.type->signature,
            request.extents,
            hash_with(h, request.type->hash),
            request.where};
}

} // namespace shmwin::inline v1::detail
