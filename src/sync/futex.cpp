// SPDX-License-Identifier: MIT
#include "shmwin/sync/futex.hpp"

#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// Without FUTEX_PRIVATE_FLAG: the word is identified by its page, not by its address.
void futex(futex_word& word, int operation, std::uint32_t value, timespec const* timeout) noexcept {
    static_cast<void>(::syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0));
}

} // namespace

void futex_wait(futex_word& word, std::uint32_t old, std::chrono::microseconds timeout) noexcept {
    auto const n_seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    timespec const relative{
        static_cast<std::time_t>(n_seconds.count()),
        static_cast<long>(std::chrono::nanoseconds(timeout - n_seconds).count())};
    futex(word, FUTEX_WAIT, old, &relative);
}

void futex_wake_all(futex_word& word) noexcept {
    futex(word, FUTEX_WAKE, INT_MAX, nullptr);
}

void futex_wake_one(futex_word& word) noexcept {
    futex(word, FUTEX_WAKE, 1, nullptr);
}

} // namespace shmwin::inline v1::detail
