// SPDX-License-Identifier: MIT
#include "shmwin/sync/fork_count.hpp"

#include <atomic>
#include <pthread.h>

namespace shmwin::inline v1::detail {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): of the process, as its pid
constinit std::atomic<std::uint32_t> n_forks{0};

// If there is no memory for it, children are not told apart, as before.
[[maybe_unused]] int const registered =
    ::pthread_atfork(nullptr, nullptr, [] { n_forks.fetch_add(1, std::memory_order_relaxed); });

} // namespace

std::uint32_t fork_count() noexcept {
    return n_forks.load(std::memory_order_relaxed);
}

} // namespace shmwin::inline v1::detail
