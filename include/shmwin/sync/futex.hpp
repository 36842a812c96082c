// SPDX-License-Identifier: MIT
// futex: how a thread sleeps on a word that other processes map too. std::atomic::wait cannot be
// used: libstdc++ waits on process-private futexes.
//
// Layer: sync. Knows nothing of heap, MPI, HDF5.
#pragma once

#include "shmwin/base/export.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace shmwin::inline v1::detail {

using futex_word = std::atomic<std::uint32_t>;
static_assert(futex_word::is_always_lock_free && sizeof(futex_word) == 4);

/// Sleeps while `word` holds `old`, for at most `timeout`. May return early for any reason.
/// @see Linux futex(2), FUTEX_WAIT
SHMWIN_API void
futex_wait(futex_word& word, std::uint32_t old, std::chrono::microseconds timeout) noexcept;

/// Wakes all sleepers on `word`, in all processes.
SHMWIN_API void futex_wake_all(futex_word& word) noexcept;

/// Wakes at most one sleeper on `word`.
SHMWIN_API void futex_wake_one(futex_word& word) noexcept;

} // namespace shmwin::inline v1::detail
