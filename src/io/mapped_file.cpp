// SPDX-License-Identifier: MIT
#include "io/mapped_file.hpp"

#include "shmwin/base/environment.hpp"

#include "io/fail_point.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statfs.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 // NOLINT(cppcoreguidelines-macro-usage): the kernel's own name
#endif

namespace shmwin::inline v1::detail {
namespace {

// Windows begin and end where the large pages of the page cache do.
constexpr std::uint64_t large_page_bytes = std::uint64_t{2} << 20U;
constexpr std::uint64_t window_bytes = 4 * large_page_bytes;

// File systems of this machine: no server can take a file away. statfs(2), "f_type".
constexpr std::array<std::uint32_t, 6> local_file_systems{
    0xef53,     // ext2, ext3, ext4
    0x58465342, // xfs
    0x9123683e, // btrfs
    0xf2f52010, // f2fs
    0x01021994, // tmpfs
    0x794c7630, // overlayfs
};

bool is_local(file const& source) {
    struct statfs about {};
    if (::fstatfs(source.fd(), &about) != 0) return false;
    return std::ranges::count(local_file_systems, static_cast<std::uint32_t>(about.f_type)) != 0;
}

} // namespace

mapped_file::mapped_file(file const& source) : source_(source) {
    if (environment_count("SHMWIN_MAP_FILES").value_or(1) == 0 || !is_local(source)) return;
    file_bytes_ = source.n_bytes();
}

mapped_file::~mapped_file() {
    unmap();
}

void mapped_file::unmap() noexcept {
    if (!window_.empty()) ::munmap(window_.data(), window_.size());
    window_ = {};
}

bool mapped_file::map(std::uint64_t offset, std::size_t n_bytes) {
    unmap();
    first_ = offset / large_page_bytes * large_page_bytes;
    auto const last = std::max(offset + n_bytes, first_ + window_bytes);
    auto const length = static_cast<std::size_t>(std::min(last, file_bytes_) - first_);
    auto* const mapped =
        ::mmap(nullptr, length, PROT_READ, MAP_SHARED, source_.fd(), static_cast<off_t>(first_));
    if (mapped == MAP_FAILED) return false;
    window_ = {static_cast<std::byte*>(mapped), length};
    ::posix_fadvise(source_.fd(),
                    static_cast<off_t>(first_ + length),
                    static_cast<off_t>(window_bytes),
                    POSIX_FADV_WILLNEED);
    return ::madvise(mapped, length, MADV_POPULATE_READ) == 0;
}

std::span<std::byte const> mapped_file::at(std::uint64_t offset, std::size_t n_bytes) {
    if (offset + n_bytes > file_bytes_) return {};
    bool const inside = offset >= first_ && offset + n_bytes <= first_ + window_.size();
    if (is_about_to_fail() || (!inside && !map(offset, n_bytes))) {
        file_bytes_ = 0; // reading will tell what is wrong
        return {};
    }
    return window_.subspan(static_cast<std::size_t>(offset - first_), n_bytes);
}

} // namespace shmwin::inline v1::detail
