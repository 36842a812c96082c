// SPDX-License-Identifier: MIT
// Time levels.
#include "shmwin/c/array.h"
#include "shmwin/segment/any_levels.hpp"

#include "c/arrays.hpp"
#include "c/dtype.hpp"
#include "c/handles.hpp"
#include "c/named.hpp"

#include <algorithm>

using namespace shmwin::detail;

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_levels {
    shmwin::any_levels is;
};

extern "C" {

int shmwin_levels_create(shmwin_segment* segment,
                         char const* name,
                         shmwin_dtype const* type,
                         size_t n_dims,
                         int64_t const* shape,
                         shmwin_array_options const* options,
                         shmwin_levels** levels) {
    return make_handle(segment, name, levels, [&](auto const& names, auto const& given) {
        auto const asked = asked_of(options);
        return names.create_levels(given,
                                   need_dtype(type),
                                   need_span(shape, n_dims, "shape"),
                                   asked.order,
                                   asked.options,
                                   call_line());
    });
}

int shmwin_levels_find(shmwin_segment const* segment, char const* name, shmwin_levels** levels) {
    return make_handle(segment, name, levels, [](auto const& names, auto const& given) {
        return names.find_any_levels(given);
    });
}

int shmwin_levels_destroy(shmwin_segment* segment, shmwin_levels const* levels) {
    return guard([&] { names_of(segment).destroy(need(levels, "levels").is, call_line()); });
}

void shmwin_levels_free_handle(shmwin_levels* levels) {
    delete levels;
}

int shmwin_levels_flip(shmwin_levels const* levels) {
    return guard([&] { need(levels, "levels").is.flip(call_line()); });
}

void const* shmwin_levels_now(shmwin_levels const* levels) {
    return shmwin_levels_ago(levels, 0);
}

void* shmwin_levels_next(shmwin_levels const* levels) {
    if (shmwin_levels_is_valid(levels) == 0) return nullptr;
    return guard_or<void*>(nullptr, [&] { return levels->is.next().writable_data(); });
}

void const* shmwin_levels_ago(shmwin_levels const* levels, int steps) {
    bool const is_one = steps >= 0 && steps < shmwin_levels_count(levels);
    if (!is_one) return nullptr;
    return guard_or<void const*>(nullptr, [&] { return levels->is.ago(steps).data(); });
}

void* shmwin_levels_level(shmwin_levels const* levels, int which) {
    bool const is_one = which >= 0 && which < shmwin_levels_count(levels);
    if (!is_one) return nullptr;
    return guard_or<void*>(nullptr, [&] { return levels->is.level(which).writable_data(); });
}

int shmwin_levels_count(shmwin_levels const* levels) {
    return shmwin_levels_is_valid(levels) == 0 ? 0 : levels->is.n_levels();
}

int shmwin_levels_index_of_now(shmwin_levels const* levels) {
    return shmwin_levels_is_valid(levels) == 0 ? -1 : levels->is.index_of_now();
}

shmwin_dtype const* shmwin_levels_dtype(shmwin_levels const* levels) {
    return levels == nullptr ? nullptr : known_handle_of(levels->is.type());
}

size_t shmwin_levels_n_dims(shmwin_levels const* levels) {
    return levels == nullptr ? 0 : levels->is.shape().size();
}

int64_t const* shmwin_levels_shape(shmwin_levels const* levels) {
    return levels == nullptr ? nullptr : levels->is.shape().data();
}

int shmwin_levels_strides(shmwin_levels const* levels, int64_t* strides) {
    return guard([&] {
        auto const view = need_valid(levels, "levels").level(0);
        if (view.n_dims() > 0) std::ranges::copy(view.strides(), &need(strides, "strides"));
    });
}

int shmwin_levels_order(shmwin_levels const* levels) {
    return levels == nullptr ? SHMWIN_ORDER_NONE : static_cast<int>(levels->is.order());
}

int64_t shmwin_levels_size(shmwin_levels const* levels) {
    return levels == nullptr ? 0 : product_of(levels->is.shape());
}

int shmwin_levels_is_valid(shmwin_levels const* levels) {
    return guard_or(0, [&] { return levels != nullptr && levels->is.is_valid() ? 1 : 0; });
}

int shmwin_levels_rows(shmwin_levels const* levels, int64_t* begin, int64_t* end) {
    return guard([&] {
        auto const rows = need(levels, "levels").is.rows();
        need(begin, "begin") = rows.first;
        need(end, "end") = rows.last;
    });
}

int shmwin_levels_rows_of(shmwin_levels const* levels, int rank, int64_t* begin, int64_t* end) {
    return guard([&] { give_rows(need(levels, "levels").is, rank, begin, end); });
}
}
