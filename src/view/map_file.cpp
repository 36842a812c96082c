// SPDX-License-Identifier: MIT
#include "shmwin/view/map_file.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void fail(char const* what, std::filesystem::path const& path) {
    auto const why = errno;
    raise(errc::io_failure, text(what, " failed (", path.native(), ": ", errno_text(why), ")"));
}

// The mapping stays when the file is closed.
class open_file {
  public:
    open_file(std::filesystem::path const& path, bool writable)
        : fd_(::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC)) {
        if (fd_ < 0) fail("opening", path);
    }
    open_file(open_file const&) = delete;
    open_file(open_file&&) = delete;
    open_file& operator=(open_file const&) = delete;
    open_file& operator=(open_file&&) = delete;
    ~open_file() { ::close(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    int fd_;
};

void check_size(std::filesystem::path const& path, int fd, file_part const& part) {
    struct stat about {};
    if (::fstat(fd, &about) != 0) fail("fstat", path);
    auto const there = static_cast<std::uint64_t>(about.st_size);
    if (part.offset <= there && part.n_bytes <= there - part.offset) return;
    raise(errc::invalid_argument,
          text("file is too small (",
               path.native(),
               " has ",
               there,
               " bytes; ",
               part.n_bytes,
               " needed from byte ",
               part.offset,
               " on)"));
}

} // namespace

mapped_bytes map_file_bytes(std::filesystem::path const& path, file_part const& part) {
    if (part.offset % part.alignment != 0) {
        raise(errc::invalid_argument,
              text("file cannot be mapped (",
                   path.native(),
                   ": .offset_bytes = ",
                   part.offset,
                   " is not a multiple of the elements' alignment, ",
                   part.alignment,
                   ")"));
    }
    open_file const source(path, part.writable);
    check_size(path, source.fd(), part);
    if (part.n_bytes == 0) return {};
    auto const into_page = part.offset % static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    auto const length = static_cast<std::size_t>(into_page + part.n_bytes);
    auto* const mapped = ::mmap(nullptr,
                                length,
                                part.writable ? PROT_READ | PROT_WRITE : PROT_READ,
                                MAP_SHARED,
                                source.fd(),
                                static_cast<off_t>(part.offset - into_page));
    if (mapped == MAP_FAILED) fail("mapping", path); // NOLINT(*-cstyle-cast): the macro's own
    std::shared_ptr<void const> owner(mapped, [length](void* at) { ::munmap(at, length); });
    return {static_cast<std::byte*>(mapped) + into_page, std::move(owner)};
}

} // namespace shmwin::inline v1::detail
