// SPDX-License-Identifier: MIT
#include "shmwin/c/value.h"

#include "shmwin/segment/any_value.hpp"

#include "c/arrays.hpp"
#include "c/dtype.hpp"
#include "c/handles.hpp"
#include "c/named.hpp"
#include "c/seconds.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

using namespace shmwin::detail;

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_value {
    shmwin::any_value is;
};

namespace {

using word = std::array<std::byte, 8>; // no value is larger

using any_operation = void (shmwin::any_value::*)(void const*, void*) const;

// One of the fetch_...: the caller may not want what was there.
int fetch(shmwin_value const* value, any_operation how, void const* operand, void* before) {
    return guard([&] {
        word unwanted;
        auto const& is = need_valid(value, "value");
        (is.*how)(&need(static_cast<std::byte const*>(operand), "operand"),
                  before == nullptr ? unwanted.data() : before);
    });
}

template <typename T>
T* data_as(shmwin_value const* value) noexcept {
    bool const is_one = value != nullptr && value->is && value->is.type() == shmwin::dtype_of<T>;
    return is_one ? static_cast<T*>(shmwin_value_data(value)) : nullptr;
}

} // namespace

extern "C" {

int shmwin_value_create(shmwin_segment* segment,
                        char const* name,
                        shmwin_dtype const* type,
                        void const* initial,
                        shmwin_value** value) {
    return make_handle(segment, name, value, [&](auto const& names, auto const& given) {
        word const zeros{};
        auto const* const bytes = initial == nullptr ? zeros.data() : initial;
        return names.create_value(given, need_dtype(type), bytes, call_line());
    });
}

int shmwin_value_find(shmwin_segment const* segment, char const* name, shmwin_value** value) {
    return make_handle(segment, name, value, [](auto const& names, auto const& given) {
        return names.find_any_value(given);
    });
}

int shmwin_value_destroy(shmwin_segment* segment, shmwin_value const* value) {
    return guard([&] { names_of(segment).destroy(need(value, "value").is, call_line()); });
}

void shmwin_value_free_handle(shmwin_value* value) {
    delete value;
}

int shmwin_value_load(shmwin_value const* value, void* seen) {
    return guard(
        [&] { need_valid(value, "value").load(&need(static_cast<std::byte*>(seen), "seen")); });
}

int shmwin_value_store(shmwin_value const* value, void const* desired) {
    return guard([&] {
        need_valid(value, "value").store(&need(static_cast<std::byte const*>(desired), "desired"));
    });
}

int shmwin_value_exchange(shmwin_value const* value, void const* desired, void* before) {
    return fetch(value, &shmwin::any_value::exchange, desired, before);
}

int shmwin_value_compare_exchange(shmwin_value const* value,
                                  void* expected,
                                  void const* desired,
                                  int* is_stored) {
    return guard([&] {
        auto const& is = need_valid(value, "value");
        auto* const asked = &need(static_cast<std::byte*>(expected), "expected");
        auto const* const bytes = &need(static_cast<std::byte const*>(desired), "desired");
        auto& done = need(is_stored, "is_stored");
        done = is.compare_exchange(asked, bytes) ? 1 : 0;
    });
}

int shmwin_value_fetch_add(shmwin_value const* value, void const* change, void* before) {
    return fetch(value, &shmwin::any_value::fetch_add, change, before);
}

int shmwin_value_fetch_sub(shmwin_value const* value, void const* change, void* before) {
    return fetch(value, &shmwin::any_value::fetch_sub, change, before);
}

int shmwin_value_fetch_min(shmwin_value const* value, void const* other, void* before) {
    return fetch(value, &shmwin::any_value::fetch_min, other, before);
}

int shmwin_value_fetch_max(shmwin_value const* value, void const* other, void* before) {
    return fetch(value, &shmwin::any_value::fetch_max, other, before);
}

int shmwin_value_fetch_and(shmwin_value const* value, void const* bits, void* before) {
    return fetch(value, &shmwin::any_value::fetch_and, bits, before);
}

int shmwin_value_fetch_or(shmwin_value const* value, void const* bits, void* before) {
    return fetch(value, &shmwin::any_value::fetch_or, bits, before);
}

int shmwin_value_fetch_xor(shmwin_value const* value, void const* bits, void* before) {
    return fetch(value, &shmwin::any_value::fetch_xor, bits, before);
}

int shmwin_value_wait(shmwin_value const* value, void const* old, double seconds, void* seen) {
    return timed("shmwin_value_wait", seconds, [&](wait_deadline until) {
        word unwanted;
        auto const& is = need_valid(value, "value");
        auto const* const bytes = &need(static_cast<std::byte const*>(old), "old");
        return is.wait(bytes, seen == nullptr ? unwanted.data() : seen, until);
    });
}

int shmwin_value_notify(shmwin_value const* value) {
    return guard([&] { need_valid(value, "value").notify(); });
}

shmwin_dtype const* shmwin_value_dtype(shmwin_value const* value) {
    return value == nullptr ? nullptr : known_handle_of(value->is.type());
}

int shmwin_value_is_valid(shmwin_value const* value) {
    return guard_or(0, [&] { return value != nullptr && value->is.is_valid() ? 1 : 0; });
}

void* shmwin_value_data(shmwin_value const* value) {
    return shmwin_value_is_valid(value) == 0 ? nullptr : value->is.data();
}

int64_t* shmwin_value_int64(shmwin_value const* value) {
    return data_as<std::int64_t>(value);
}

double* shmwin_value_double(shmwin_value const* value) {
    return data_as<double>(value);
}
}
