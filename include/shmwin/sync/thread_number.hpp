// SPDX-License-Identifier: MIT
// thread_number: which thread of its process this is, cheap enough for every lock(), and right in
// a child after fork() too. It is the number that debuggers show (gettid(2)).
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// 0 until the thread asks for the first time. Declared so that a look is one load.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): each thread's own
SHMWIN_API extern constinit thread_local std::uint32_t known_thread_number;

/// Local. Asks the system, and remembers.
SHMWIN_API std::uint32_t ask_thread_number() noexcept;

/// Local. Never 0; unique among the threads of all processes that run, in one pid namespace.
[[nodiscard]] inline std::uint32_t this_thread_number() noexcept {
    auto const known = known_thread_number;
    return known != 0 ? known : ask_thread_number();
}

} // namespace shmwin::inline v1::detail
