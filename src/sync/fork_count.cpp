// SPDX-License-Identifier: MIT
#include "shmwin/sync/fork_count.hpp"

#include <pthread.h>

namespace shmwin::inline v1::detail {

constinit std::atomic<std::uint32_t> n_forks{0};

namespace {

// If there is no memory for it, children are not told apart, as before.
[[maybe_unused]] int const registered =
    ::pthread_atfork(nullptr, nullptr, [] { n_forks.fetch_add(1, std::memory_order_relaxed); });

} // namespace
} // namespace shmwin::inline v1::detail
