// SPDX-License-Identifier: MIT
#include "io/file.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/fail_point.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

int flags_of(file::mode how) {
    switch (how) {
    case file::mode::read:
        return O_RDONLY | O_CLOEXEC;
    case file::mode::write:
        return O_RDWR | O_CLOEXEC;
    case file::mode::create_new:
        return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    }
    return O_RDONLY | O_CLOEXEC;
}

} // namespace

bool is_about_space(int error) noexcept {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

char const* more_about(std::filesystem::path const& path, int error) {
    if (is_about_space(error)) return "; free space, or choose another directory";
    std::error_code failed;
    bool const is_gone =
        error == ENOENT && !std::filesystem::exists(path.parent_path(), failed) && !failed;
    return is_gone ? "; its directory is gone" : "";
}

file::file(std::filesystem::path path, mode how)
    : path_(std::move(path)), fd_(is_to_fail() ? -1 : ::open(path_.c_str(), flags_of(how), 0644)) {
    if (fd_ < 0) fail("opening");
}

file::~file() {
    if (fd_ >= 0) ::close(fd_);
}

void file::fail(char const* what) const {
    auto const why = errno;
    auto const code = is_about_space(why) ? errc::no_space : errc::io_failure;
    raise(
        code,
        text(
            what, " failed (", path_.native(), ": ", errno_text(why), more_about(path_, why), ')'));
}

void file::write_at(std::uint64_t offset, std::span<std::byte const> bytes) const {
    while (!bytes.empty()) {
        auto const n = is_to_fail() ? -1
                                    : ::pwrite(fd_,
                                               bytes.data(),
                                               as_short_as_wanted(bytes.size()),
                                               static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("writing");
        if (n == 0) {
            errno = ENOSPC;
            fail("writing");
        }
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void file::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        auto const n = is_to_fail() ? -1
                                    : ::pread(fd_,
                                              bytes.data(),
                                              as_short_as_wanted(bytes.size()),
                                              static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("reading");
        if (n == 0) {
            raise(errc::damaged,
                  text("file is too short (",
                       path_.native(),
                       ": ends at byte ",
                       offset,
                       ", ",
                       bytes.size(),
                       " more expected)"));
        }
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void file::start_write_back(std::uint64_t offset, std::size_t n_bytes) const noexcept {
    static_cast<void>(::sync_file_range(
        fd_, static_cast<off_t>(offset), static_cast<off_t>(n_bytes), SYNC_FILE_RANGE_WRITE));
}

void file::reserve(std::uint64_t n_bytes) const {
    // Not posix_fallocate: where the file system cannot reserve, that writes zeros instead.
    while (is_to_fail() || ::fallocate(fd_, 0, 0, static_cast<off_t>(n_bytes)) != 0) {
        if (errno == EINTR) continue;
        if (errno == EOPNOTSUPP || errno == ENOSYS) return;
        fail("reserving space");
    }
}

void file::sync() const {
    // Never tried twice: after a failure the kernel may hold the lost pages for clean.
    if (is_to_fail(system_call::sync) || ::fsync(fd_) != 0) fail("fsync");
}

std::uint64_t file::n_bytes() const {
    struct stat about {};
    if (is_to_fail() || ::fstat(fd_, &about) != 0) fail("fstat");
    return static_cast<std::uint64_t>(about.st_size);
}

void sync_directory(std::filesystem::path const& directory) {
    int const fd =
        is_to_fail() ? -1 : ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool const done = fd >= 0 && !is_to_fail(system_call::sync) && ::fsync(fd) == 0;
    auto const why = errno;
    if (fd >= 0) ::close(fd);
    // EINVAL: a file system whose directories need none.
    if (!done && why != EINVAL) {
        raise(errc::io_failure,
              text("fsync failed (directory ", directory.native(), ": ", errno_text(why), ")"));
    }
}

void rename_file(std::filesystem::path const& from, std::filesystem::path const& to) {
    auto failed = error_wanted();
    if (!failed) std::filesystem::rename(from, to, failed);
    if (!failed) return;
    raise(errc::io_failure,
          text("rename failed (",
               from.native(),
               " to ",
               to.native(),
               ": ",
               failed.message(),
               more_about(to, failed.value()),
               ')'));
}

std::error_code remove_file(std::filesystem::path const& path) {
    auto failed = error_wanted();
    if (!failed) std::filesystem::remove(path, failed);
    return failed;
}

void check_disk_space(std::filesystem::path const& directory, std::uint64_t n_bytes) {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < n_bytes) {
        raise(errc::no_space,
              text("file would be too large (",
                   bytes_text(n_bytes),
                   " required, ",
                   bytes_text(limit.rlim_cur),
                   " allowed in ",
                   directory.native(),
                   " by RLIMIT_FSIZE: ulimit -f)"));
    }
    struct statvfs about {};
    if (::statvfs(directory.c_str(), &about) != 0) return; // writing will tell
    auto const available = static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
    if (available >= n_bytes) return;
    raise(errc::no_space,
          text("disk is full (",
               bytes_text(n_bytes),
               " required, ",
               bytes_text(available),
               " available in ",
               directory.native(),
               "; free space, or choose another directory)"));
}

} // namespace shmwin::inline v1::detail
