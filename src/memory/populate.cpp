// SPDX-License-Identifier: MIT
#include "memory/populate.hpp"

#include "shmwin/memory/header.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

// Linux 5.14; missing from older headers.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // NOLINT(cppcoreguidelines-macro-usage): the kernel's own name
#endif

namespace shmwin::inline v1::detail {
namespace {

// Older kernels: write(2) from a page fails with EFAULT where a load would raise SIGBUS, and a load
// from a hole of a shared mapping makes the page. Nothing is written to the page itself, so what
// others store there meanwhile is safe.
int load_one_byte_per_page(std::byte* first, std::size_t n_bytes) noexcept {
    int ends[2]; // NOLINT(*-avoid-c-arrays): what pipe(2) takes
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
    int failed = 0;
    char scratch = 0;
    for (std::size_t at = 0; at < n_bytes && failed == 0; at += page_bytes) {
        if (::write(ends[1], first + at, 1) != 1 || ::read(ends[0], &scratch, 1) != 1) {
            failed = errno;
        }
    }
    ::close(ends[0]);
    ::close(ends[1]);
    return failed;
}

} // namespace

int populate_pages(std::byte* address, std::size_t n_bytes) noexcept {
    auto const into_page = reinterpret_cast<std::uintptr_t>(address) % page_bytes;
    auto* const first = address - into_page;
    auto const length = n_bytes + into_page;
    int tries = 0;
    while (::madvise(first, length, MADV_POPULATE_WRITE) != 0) {
        if (errno == EINVAL) return load_one_byte_per_page(first, length);
        if (errno != EINTR && errno != EAGAIN) return errno;
        if (++tries > 1000) return errno;
    }
    return 0;
}

bool release_pages(std::byte* address, std::size_t n_bytes) noexcept {
    return ::madvise(address, n_bytes, MADV_REMOVE) == 0;
}

} // namespace shmwin::inline v1::detail
