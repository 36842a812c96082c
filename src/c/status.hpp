// SPDX-License-Identifier: MIT
// guard: the border that no exception crosses. Each function of the C interface is one call of it.
//
// Layer: c.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/c/base.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1::detail {

/// In a catch clause: this thread's last error becomes the one that is on its way.
/// @returns  its status
[[nodiscard]] int note_failure() noexcept;

/// A deadline passed, which is a status and no error: no handler is called.
[[nodiscard]] int note_timed_out(std::string_view call) noexcept;

/// What is told as a status, and is no error of the call: no handler is called.
[[nodiscard]] int note_status(error_info const& info) noexcept;

/// What shmwin_set_call_line() said on this thread.
[[nodiscard]] source_line call_line() noexcept;

/// A call of the interface; it ends what shmwin_set_call_line() said of it.
class call_scope {
  public:
    call_scope() = default;
    call_scope(call_scope const&) = delete;
    call_scope(call_scope&&) = delete;
    call_scope& operator=(call_scope const&) = delete;
    call_scope& operator=(call_scope&&) = delete;
    ~call_scope();
};

/// Calls `body`; what it throws becomes the last error.
/// @param body  returns nothing, or a status: note_timed_out()
template <typename F>
[[nodiscard]] int guard(F&& body) noexcept {
    call_scope const scope;
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
            std::forward<F>(body)();
            return SHMWIN_SUCCESS;
        } else {
            return std::forward<F>(body)();
        }
    } catch (...) {
        return note_failure();
    }
}

/// As guard(), of functions that return what was asked for: what `body` returns, or `otherwise` if
/// it throws.
template <typename T, typename F>
[[nodiscard]] T guard_or(T otherwise, F&& body) noexcept {
    static_cast<void>(guard([&] { otherwise = std::forward<F>(body)(); }));
    return otherwise;
}

/// What a pointer that must not be null points to.
/// @throws argument_error (invalid_argument)
template <typename T>
[[nodiscard]] T& need(T* pointer, char const* what) {
    if (pointer == nullptr) {
        raise(errc::invalid_argument, std::string("argument '") + what + "' is NULL");
    }
    return *pointer;
}

/// A name, or a text, that must not be null.
/// @throws argument_error (invalid_argument)
[[nodiscard]] inline std::string_view need_text(char const* text, char const* what) {
    return &need(text, what);
}

/// As need(), of `n` elements: none may come with a null pointer.
template <typename T>
[[nodiscard]] std::span<T> need_span(T* first, std::size_t n, char const* what) {
    if (n == 0) return {};
    return {&need(first, what), n};
}

/// A copy for the caller, who gives it to shmwin_text_free().
[[nodiscard]] char* new_text(std::string_view text);

} // namespace shmwin::inline v1::detail
