// SPDX-License-Identifier: MIT
#include "segment/sync_states.hpp"

#include "shmwin/sync/mutex.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>

namespace shmwin::inline v1::detail {
namespace {

// --- by the name of the type -----------------------------------------------------------------

struct described_state {
    std::string_view type; ///< as in SHMWIN_NAME
    std::size_t n_bytes;   ///< a record that says less is none of ours
    void (*tell)(plain_text& out, std::byte const* state);
    int (*holder)(std::byte const* state);
};

template <typename State>
State const& as(std::byte const* state) noexcept {
    return *reinterpret_cast<State const*>(state);
}

int mutex_holder(std::byte const* state) noexcept {
    return as<mutex_state>(state).holder().rank;
}

void tell_mutex(plain_text& out, std::byte const* state) noexcept {
    auto const& mutex = as<mutex_state>(state);
    auto const holder = mutex.holder();
    if (holder) {
        out << "held by rank " << holder.rank << " (thread " << holder.thread << ")";
    } else {
        out << (mutex.is_not_recoverable() ? "not recoverable" : "free");
    }
    if (mutex.is_inconsistent()) out << ", its data not repaired since a holder died";
}

constexpr std::array states{
    described_state{"shmwin.mutex/1", sizeof(mutex_state), tell_mutex, mutex_holder},
};

// --- values ----------------------------------------------------------------------------------

template <typename T>
void tell_number(plain_text& out, std::byte const* at) noexcept {
    // NOLINTNEXTLINE(*-const-cast): atomic_ref<T const> comes with C++26
    auto& word = const_cast<T&>(*reinterpret_cast<T const*>(at));
    out << std::atomic_ref(word).load(std::memory_order_relaxed);
}

template <typename One, typename Two, typename Four, typename Eight>
bool tell_of_size(plain_text& out, std::byte const* at, std::size_t n_bytes) noexcept {
    switch (n_bytes) {
    case 1:
        tell_number<One>(out, at);
        return true;
    case 2:
        tell_number<Two>(out, at);
        return true;
    case 4:
        tell_number<Four>(out, at);
        return true;
    case 8:
        tell_number<Eight>(out, at);
        return true;
    default:
        return false;
    }
}

bool tell_value(plain_text& out, object_record const& what, std::byte const* at) noexcept {
    if (!what.has_dtype) return false;
    switch (what.element_kind) {
    case dtype_kind::signed_integer:
        return tell_of_size<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(
            out, at, what.element_bytes);
    case dtype_kind::boolean:
    case dtype_kind::unsigned_integer:
        return tell_of_size<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(
            out, at, what.element_bytes);
    case dtype_kind::floating:
        if (what.element_bytes == sizeof(float)) {
            tell_number<float>(out, at);
        } else {
            tell_number<double>(out, at);
        }
        return true;
    default:
        return false;
    }
}

described_state const* description_of(object_record const& what) noexcept {
    if (what.kind == object_kind::synchronized) return states.data(); // it begins with a mutex
    if (what.kind != object_kind::sync) return nullptr;
    auto const* const found = std::ranges::find(states, what.type_text(), &described_state::type);
    return found == states.end() || what.n_bytes < found->n_bytes ? nullptr : found;
}

} // namespace

bool tell_state(plain_text& out, object_record const& what, std::byte const* block) noexcept {
    if (what.kind == object_kind::value) return tell_value(out, what, block);
    auto const* const known = description_of(what);
    if (known != nullptr) known->tell(out, block);
    return known != nullptr;
}

int holder_of(object_record const& what, std::byte const* block) noexcept {
    auto const* const known = description_of(what);
    return known == nullptr ? -1 : known->holder(block);
}

} // namespace shmwin::inline v1::detail
