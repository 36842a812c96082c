// SPDX-License-Identifier: MIT
// Contract checks: what a function asks of its caller, and promises in return.
//
//   SHMWIN_EXPECT(cond)   precondition   - the caller broke the contract
//   SHMWIN_ENSURE(cond)   postcondition  - shmwin broke its promise
//
// On in debug builds, off when NDEBUG is defined. A failed check prints one line and aborts:
// throwing on one rank would leave the others stuck in a collective call. What can fail in a
// correct program (no memory, no file, bad input) is an error, not a contract: base/error.hpp.
#pragma once

#include "shmwin/base/export.hpp"

namespace shmwin::inline v1::detail {

/// Prints `kind`, `condition` and the place to stderr, then calls std::abort().
[[noreturn]] SHMWIN_API void
contract_failed(char const* kind, char const* condition, char const* file, int line) noexcept;

} // namespace shmwin::inline v1::detail

// NOLINTBEGIN(cppcoreguidelines-macro-usage): only a macro can show the condition's text
#ifdef NDEBUG
#define SHMWIN_CHECK(kind, ...) static_cast<void>(false && (__VA_ARGS__))
#else
#define SHMWIN_CHECK(kind, ...)                                                                    \
    ((__VA_ARGS__) ? static_cast<void>(0)                                                          \
                   : ::shmwin::detail::contract_failed(kind, #__VA_ARGS__, __FILE__, __LINE__))
#endif
#define SHMWIN_EXPECT(...) SHMWIN_CHECK("precondition", __VA_ARGS__)
#define SHMWIN_ENSURE(...) SHMWIN_CHECK("postcondition", __VA_ARGS__)
// NOLINTEND(cppcoreguidelines-macro-usage)
