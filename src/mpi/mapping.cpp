// SPDX-License-Identifier: MIT
#include "mpi/mapping.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/header.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void fail(char const* call, std::size_t n_bytes) {
    auto const why = errno;
    raise(errc::system_failure,
          text(call,
               " failed (",
               errno_text(why),
               ", for ",
               bytes_text(n_bytes),
               "; see ulimit -v and vm.max_map_count; Valgrind needs SHMWIN_BACKING=memfd)"));
}

} // namespace

// Address space first, so that the segment can begin at a multiple of its alignment.
void mapping::reserve(std::size_t n_bytes) {
    n_reserved_ = n_bytes + segment_alignment;
    void* const got =
        ::mmap(nullptr, n_reserved_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) fail("mmap", n_reserved_); // NOLINT(*-cstyle-cast): the macro's own
    reserved_ = static_cast<std::byte*>(got);
    auto const address = reinterpret_cast<std::uintptr_t>(reserved_);
    auto const pad = (segment_alignment - address % segment_alignment) % segment_alignment;
    bytes_ = {reserved_ + pad, n_bytes};
}

mapping::mapping(std::byte* base, std::size_t n_bytes) {
    reserve(n_bytes);
    // An old size of 0 means: map the same pages again, and leave the old mapping as it is.
    // The system call itself: UCX, below MPICH, replaces mremap(2) and loses the fifth argument.
    auto const got = ::syscall(
        SYS_mremap, base, std::size_t{0}, n_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, bytes_.data());
    if (got == -1) { // NOLINT(*-cstyle-cast)
        auto const why = errno;
        ::munmap(reserved_, n_reserved_);
        errno = why;
        fail("mremap", n_bytes);
    }
}

mapping::mapping(int fd, std::size_t n_bytes) {
    reserve(n_bytes);
    void* const got = ::mmap(bytes_.data(),
                             n_bytes,
                             PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
                             fd,
                             0);
    if (got == MAP_FAILED) { // NOLINT(*-cstyle-cast)
        auto const why = errno;
        ::munmap(reserved_, n_reserved_);
        errno = why;
        fail("mmap", n_bytes);
    }
}

mapping::~mapping() {
    ::munmap(reserved_, n_reserved_);
}

void mapping::omit_from_dumps() const noexcept {
    ::madvise(bytes_.data(), bytes_.size(), MADV_DONTDUMP);
}

} // namespace shmwin::inline v1::detail
