// SPDX-License-Identifier: MIT
#include "shmwin/c/sync.h"

#include "c/arrays.hpp"
#include "c/dtype.hpp"
#include "c/locks.hpp"
#include "c/named.hpp"
#include "c/seconds.hpp"

#include <cstddef>
#include <string>
#include <vector>

using namespace shmwin::detail;

namespace {

// The data's address, for who has just locked them.
bool with_data(shmwin::any_synchronized const& data, bool is_locked, void** bytes) {
    if (is_locked && bytes != nullptr) *bytes = data.data();
    return is_locked;
}

} // namespace

extern "C" {

int shmwin_synchronized_create(shmwin_segment* segment,
                               char const* name,
                               shmwin_dtype const* type,
                               void const* initial,
                               shmwin_synchronized** data) {
    return make_handle(segment, name, data, [&](auto const& names, auto const& given) {
        auto const& element = need_dtype(type);
        std::vector<std::byte> const zeros(initial == nullptr ? element.n_bytes() : 0);
        void const* const begin = initial == nullptr ? zeros.data() : initial;
        return names.create_synchronized(given, element, begin, call_line());
    });
}

int shmwin_synchronized_create_array(shmwin_segment* segment,
                                     char const* name,
                                     shmwin_dtype const* type,
                                     size_t n_dims,
                                     int64_t const* shape,
                                     shmwin_array_options const* options,
                                     shmwin_synchronized** data) {
    return make_handle(segment, name, data, [&](auto const& names, auto const& given) {
        auto const asked = asked_of(options);
        if (asked.order != shmwin::memory_order_kind::right) {
            shmwin::raise(shmwin::errc::invalid_argument,
                          "synchronized arrays are in C order (order "
                              + std::to_string(static_cast<int>(asked.order)) + ")");
        }
        return names.create_synchronized_array(
            given, need_dtype(type), need_span(shape, n_dims, "shape"), asked.options, call_line());
    });
}

int shmwin_synchronized_find(shmwin_segment const* segment,
                             char const* name,
                             shmwin_synchronized** data) {
    return make_handle(segment, name, data, [](auto const& names, auto const& given) {
        return names.find_any_synchronized(given);
    });
}

int shmwin_synchronized_destroy(shmwin_segment* segment, shmwin_synchronized const* data) {
    return guard([&] { names_of(segment).destroy(need(data, "data").is, call_line()); });
}

void shmwin_synchronized_free_handle(shmwin_synchronized* data) {
    delete data;
}

int shmwin_synchronized_lock(shmwin_synchronized const* data, double seconds, void** bytes) {
    if (bytes != nullptr) *bytes = nullptr;
    return timed("shmwin_synchronized_lock", seconds, [&](wait_deadline until) {
        auto const& lock = need(data, "data").is;
        return with_data(lock, lock_by(lock, until), bytes);
    });
}

int shmwin_synchronized_unlock(shmwin_synchronized const* data) {
    return guard([&] { need(data, "data").is.unlock(); });
}

int shmwin_synchronized_lock_to_repair(shmwin_synchronized const* data,
                                       void** bytes,
                                       int* owner_died) {
    if (bytes != nullptr) *bytes = nullptr;
    return guard([&] {
        need(owner_died, "owner_died") = 0;
        auto const& lock = need(data, "data").is;
        *owner_died = lock.lock_to_repair() ? 1 : 0;
        with_data(lock, true, bytes);
    });
}

int shmwin_synchronized_mark_consistent(shmwin_synchronized const* data) {
    return guard([&] { need(data, "data").is.mark_consistent(); });
}

int shmwin_synchronized_holder(shmwin_synchronized const* data, int* rank, uint32_t* thread) {
    return guard([&] { tell_holder(need(data, "data").is.holder(), rank, thread); });
}

shmwin_dtype const* shmwin_synchronized_dtype(shmwin_synchronized const* data) {
    return data == nullptr ? nullptr : handle_of(data->is.type());
}

size_t shmwin_synchronized_n_dims(shmwin_synchronized const* data) {
    return data == nullptr ? 0 : data->is.shape().size();
}

int64_t const* shmwin_synchronized_shape(shmwin_synchronized const* data) {
    return data == nullptr ? nullptr : data->is.shape().data();
}
}
