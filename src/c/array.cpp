// SPDX-License-Identifier: MIT
#include "shmwin/c/array.h"

#include "shmwin/base/text.hpp"
#include "shmwin/segment/freeze.hpp"

#include "c/arrays.hpp"
#include "c/dtype.hpp"
#include "c/handles.hpp"
#include "c/named.hpp"
#include "c/options.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {

static_assert(SHMWIN_TOUCH_BY_ROWS == static_cast<int>(touch::by_rows));
static_assert(SHMWIN_TOUCH_INTERLEAVE == static_cast<int>(touch::interleave));
static_assert(SHMWIN_TOUCH_LATER == static_cast<int>(touch::later));

memory_order_kind order_from(int given) {
    switch (given) {
    case SHMWIN_ORDER_NONE:
    case SHMWIN_ORDER_C:
        return memory_order_kind::right;
    case SHMWIN_ORDER_FORTRAN:
        return memory_order_kind::left;
    default:
        raise(errc::invalid_argument,
              text("order is none (", given, "; SHMWIN_ORDER_C or SHMWIN_ORDER_FORTRAN)"));
    }
}

asked_array asked_of(shmwin_array_options const* given) {
    auto const read = options_of(given, "SHMWIN_ARRAY_OPTIONS_INIT");
    if (read.touch < SHMWIN_TOUCH_BY_ROWS || read.touch > SHMWIN_TOUCH_LATER) {
        raise(errc::invalid_argument,
              text("touch is none (", read.touch, "; see enum shmwin_touch)"));
    }
    asked_array asked;
    asked.order = order_from(read.order);
    asked.options.touch = static_cast<touch>(read.touch);
    if (read.align != 0) asked.options.align = read.align;
    asked.options.saved = read.is_unsaved == 0;
    asked.options.whole_pages = read.whole_pages != 0;
    if (read.n_levels != 0) asked.options.levels = read.n_levels;
    return asked;
}

namespace {

void require_same(any_array const& found,
                  char const* name,
                  dtype const& type,
                  std::size_t n_dims,
                  memory_order_kind order) {
    if (found.type() != type) {
        raise(errc::type_mismatch,
              text("object has another type (\"",
                   name,
                   "\" holds ",
                   found.type().signature(),
                   "; asked for: ",
                   type.signature(),
                   ")"));
    }
    if (found.shape().size() != n_dims) {
        raise(errc::shape_mismatch,
              text("array has another number of dimensions (\"",
                   name,
                   "\" has ",
                   found.shape().size(),
                   "; asked for: ",
                   n_dims,
                   ")"));
    }
    bool const is_both = n_dims <= 1 && found.order() != memory_order_kind::strided;
    if (found.order() != order && !is_both) {
        raise(errc::shape_mismatch,
              text("array has another order (\"",
                   name,
                   "\" has ",
                   static_cast<int>(found.order()),
                   " of enum shmwin_order; asked for: ",
                   static_cast<int>(order),
                   ")"));
    }
}

} // namespace
} // namespace shmwin::inline v1::detail

using namespace shmwin::detail;

extern "C" {

int shmwin_array_create(shmwin_segment* segment,
                        char const* name,
                        shmwin_dtype const* type,
                        size_t n_dims,
                        int64_t const* shape,
                        shmwin_array_options const* options,
                        shmwin_array** array) {
    return make_handle(segment, name, array, [&](auto const& names, auto const& given) {
        auto const asked = asked_of(options);
        return names.create_array(given,
                                  need_dtype(type),
                                  need_span(shape, n_dims, "shape"),
                                  asked.order,
                                  asked.options,
                                  call_line());
    });
}

int shmwin_array_find_or_create(shmwin_segment* segment,
                                char const* name,
                                shmwin_dtype const* type,
                                size_t n_dims,
                                int64_t const* shape,
                                shmwin_array_options const* options,
                                shmwin_array** array,
                                int* is_created) {
    return make_handle(segment, name, array, [&](auto const& names, auto const& given) {
        auto const asked = asked_of(options);
        auto found = names.find_or_create_array(given,
                                                need_dtype(type),
                                                need_span(shape, n_dims, "shape"),
                                                asked.order,
                                                asked.options,
                                                call_line());
        if (is_created != nullptr) *is_created = found.created ? 1 : 0;
        return found.handle;
    });
}

int shmwin_array_find(shmwin_segment const* segment, char const* name, shmwin_array** array) {
    return make_handle(segment, name, array, [](auto const& names, auto const& given) {
        return names.find_any_array(given);
    });
}

int shmwin_array_find_typed(shmwin_segment const* segment,
                            char const* name,
                            shmwin_dtype const* type,
                            size_t n_dims,
                            int order,
                            shmwin_array** array) {
    return make_handle(segment, name, array, [&](auto const& names, auto const& given) {
        auto found = names.find_any_array(given);
        require_same(found, name, need_dtype(type), n_dims, order_from(order));
        return found;
    });
}

int shmwin_array_destroy(shmwin_segment* segment, shmwin_array const* array) {
    return guard([&] { names_of(segment).destroy(need(array, "array").is, call_line()); });
}

void shmwin_array_free_handle(shmwin_array* array) {
    delete array;
}

void* shmwin_array_data(shmwin_array const* array) {
    return guard_or<void*>(nullptr, [&]() -> void* {
        if (array == nullptr || !array->is.is_valid()) return nullptr;
        auto const view = array->is.view();
        return view.is_read_only() ? nullptr : view.writable_data();
    });
}

void const* shmwin_array_const_data(shmwin_array const* array) {
    return guard_or<void const*>(nullptr, [&]() -> void const* {
        return array == nullptr || !array->is.is_valid() ? nullptr : array->is.view().data();
    });
}

shmwin_dtype const* shmwin_array_dtype(shmwin_array const* array) {
    return array == nullptr ? nullptr : known_handle_of(array->is.type());
}

size_t shmwin_array_n_dims(shmwin_array const* array) {
    return array == nullptr ? 0 : array->is.shape().size();
}

int64_t const* shmwin_array_shape(shmwin_array const* array) {
    return array == nullptr ? nullptr : array->is.shape().data();
}

int shmwin_array_strides(shmwin_array const* array, int64_t* strides) {
    return guard([&] {
        auto const view = need_valid(array, "array").view();
        if (view.n_dims() > 0) std::ranges::copy(view.strides(), &need(strides, "strides"));
    });
}

int shmwin_array_order(shmwin_array const* array) {
    return array == nullptr ? SHMWIN_ORDER_NONE : static_cast<int>(array->is.order());
}

int64_t shmwin_array_size(shmwin_array const* array) {
    return array == nullptr ? 0 : product_of(array->is.shape());
}

uint64_t shmwin_array_offset(shmwin_array const* array) {
    return array == nullptr ? 0 : array->is.offset();
}

int shmwin_array_is_valid(shmwin_array const* array) {
    return guard_or(0, [&] { return array != nullptr && array->is.is_valid() ? 1 : 0; });
}

int shmwin_array_rows(shmwin_array const* array, int64_t* begin, int64_t* end) {
    return guard([&] {
        auto const rows = need(array, "array").is.rows();
        need(begin, "begin") = rows.first;
        need(end, "end") = rows.last;
    });
}

int shmwin_array_rows_of(shmwin_array const* array, int rank, int64_t* begin, int64_t* end) {
    return guard([&] { give_rows(need(array, "array").is, rank, begin, end); });
}

int shmwin_array_freeze(shmwin_array const* array) {
    return guard([&] { need(array, "array").is.freeze(shmwin::protect_pages, call_line()); });
}

int shmwin_array_thaw(shmwin_array const* array) {
    return guard([&] { need(array, "array").is.thaw(call_line()); });
}
}
