// SPDX-License-Identifier: MIT
#include "shmwin/segment/any_value.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/value.hpp"

#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>

namespace shmwin::inline v1 {
namespace {

using detail::described_object;
using detail::segment_core;

template <typename T>
T read(void const* from) noexcept {
    T made;
    std::memcpy(&made, from, sizeof(T));
    return made;
}

template <typename T>
void write(void* to, T what) noexcept {
    std::memcpy(to, &what, sizeof(T));
}

// Calls `f` with the value as an integer of its size: for what only moves bits.
template <typename F>
auto with_word(std::shared_ptr<segment_core> const& core, described_object const& what, F&& f) {
    switch (what.type.n_bytes()) {
    case 1:
        return f(value<std::uint8_t>(core, what.place));
    case 2:
        return f(value<std::uint16_t>(core, what.place));
    case 4:
        return f(value<std::uint32_t>(core, what.place));
    default:
        return f(value<std::uint64_t>(core, what.place));
    }
}

// Calls `f` with the value as the number that it is.
template <typename F>
void with_number(std::shared_ptr<segment_core> const& core,
                 described_object const& what,
                 bool bits,
                 F&& f) {
    bool is_number = false;
    visit(what.type, [&]<typename T>() {
        if constexpr (lock_free_value<T> && detail::number<T>) {
            if (bits && !std::integral<T>) return;
            is_number = true;
            f(value<T>(core, what.place));
        }
    });
    if (is_number) return;
    raise(errc::type_mismatch,
          detail::text("value cannot be computed with (",
                       what.type.signature(),
                       bits ? " is no integer)" : " is no number)"));
}

} // namespace

void any_value::load(void* seen) const {
    with_word(core_, what_, [&](auto const& v) { write(seen, v.load()); });
}

void any_value::store(void const* desired) const {
    with_word(core_, what_, [&]<typename T>(value<T> const& v) { v.store(read<T>(desired)); });
}

void any_value::exchange(void const* desired, void* before) const {
    with_word(core_, what_, [&]<typename T>(value<T> const& v) {
        write(before, v.exchange(read<T>(desired)));
    });
}

bool any_value::compare_exchange(void* expected, void const* desired) const {
    return with_word(core_, what_, [&]<typename T>(value<T> const& v) {
        auto seen = read<T>(expected);
        bool const done = v.compare_exchange_strong(seen, read<T>(desired));
        if (!done) write(expected, seen);
        return done;
    });
}

void any_value::fetch_add(void const* change, void* before) const {
    with_number(core_, what_, false, [&]<typename T>(value<T> const& v) {
        write(before, v.fetch_add(read<T>(change)));
    });
}

void any_value::fetch_sub(void const* change, void* before) const {
    with_number(core_, what_, false, [&]<typename T>(value<T> const& v) {
        write(before, v.fetch_sub(read<T>(change)));
    });
}

void any_value::fetch_min(void const* other, void* before) const {
    with_number(core_, what_, false, [&]<typename T>(value<T> const& v) {
        write(before, v.fetch_min(read<T>(other)));
    });
}

void any_value::fetch_max(void const* other, void* before) const {
    with_number(core_, what_, false, [&]<typename T>(value<T> const& v) {
        write(before, v.fetch_max(read<T>(other)));
    });
}

void any_value::fetch_and(void const* bits, void* before) const {
    with_number(core_, what_, true, [&]<typename T>(value<T> const& v) {
        if constexpr (std::integral<T>) write(before, v.fetch_and(read<T>(bits)));
    });
}

void any_value::fetch_or(void const* bits, void* before) const {
    with_number(core_, what_, true, [&]<typename T>(value<T> const& v) {
        if constexpr (std::integral<T>) write(before, v.fetch_or(read<T>(bits)));
    });
}

void any_value::fetch_xor(void const* bits, void* before) const {
    with_number(core_, what_, true, [&]<typename T>(value<T> const& v) {
        if constexpr (std::integral<T>) write(before, v.fetch_xor(read<T>(bits)));
    });
}

bool any_value::wait(void const* old, void* seen, detail::wait_deadline until) const {
    return with_word(core_, what_, [&]<typename T>(value<T> const& v) {
        bool const differs = v.wait_until(read<T>(old), until);
        write(seen, v.load());
        return differs;
    });
}

void any_value::notify() const noexcept {
    with_word(core_, what_, [](auto const& v) { v.notify(); });
}

bool any_value::is_valid() const {
    return core_ != nullptr && core_->is_there(what_.place.index, what_.place.generation);
}

} // namespace shmwin::inline v1
