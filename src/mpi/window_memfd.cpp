// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "mpi/window_backing.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// A file descriptor that is closed at the end of its scope.
class descriptor {
  public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor const&) = delete;
    descriptor(descriptor&&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    void reset(int fd) noexcept { fd_ = fd; }

  private:
    int fd_;
};

int make_file(std::size_t n_bytes) {
    int const fd = ::memfd_create("shmwin", MFD_CLOEXEC);
    if (fd >= 0 && ::ftruncate(fd, static_cast<off_t>(n_bytes)) == 0) return fd;
    auto const why = errno;
    if (fd >= 0) ::close(fd);
    raise(errc::system_failure,
          text("memfd_create failed (", errno_text(why), ", for ", bytes_text(n_bytes), ")"));
}

// Through /proc, so nothing is ever named in a file system and nothing can be left behind.
int open_file_of(int pid, int fd) {
    auto const path = text("/proc/", pid, "/fd/", fd);
    int const mine = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (mine >= 0) return mine;
    raise(errc::not_shared,
          text("ranks of one host do not share memory (one cannot open ",
               path,
               " of rank 0: ",
               errno_text(errno),
               "; start them as one user in one pid namespace, or set .backing = mpi_window)"));
}

} // namespace

std::shared_ptr<mapping> map_memfd(MPI_Comm comm, std::size_t n_bytes) {
    int rank = 0;
    check_mpi("MPI_Comm_rank", MPI_Comm_rank(comm, &rank));
    descriptor file(-1);
    agree_on(comm, "segment", [&] {
        if (rank == 0) file.reset(make_file(n_bytes));
    });
    std::array where{static_cast<int>(::getpid()), file.get()};
    check_mpi("MPI_Bcast", MPI_Bcast(where.data(), 2, MPI_INT, 0, comm));
    std::shared_ptr<mapping> made;
    agree_on(comm, "segment", [&] {
        if (rank != 0) file.reset(open_file_of(where[0], where[1]));
        made = std::make_shared<mapping>(file.get(), n_bytes);
    });
    return made;
}

} // namespace shmwin::inline v1::detail
