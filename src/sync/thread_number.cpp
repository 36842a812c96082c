// SPDX-License-Identifier: MIT
#include "shmwin/sync/thread_number.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): each thread's own
constinit thread_local std::uint32_t known_thread_number = 0;

std::uint32_t ask_thread_number() noexcept {
    // The one thread of the child inherits what its parent's knew.
    static int const registered =
        ::pthread_atfork(nullptr, nullptr, [] { known_thread_number = 0; });
    auto const number = static_cast<std::uint32_t>(::syscall(SYS_gettid));
    if (registered == 0) known_thread_number = number; // else ask every time
    return number;
}

} // namespace shmwin::inline v1::detail
