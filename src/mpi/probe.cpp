// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "mpi/window_backing.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// Where rank 0 leaves the token, or why it could not.
struct probe_file {
    std::array<char, 512> path{};
    std::uint64_t token = 0;
    int failed = 0; ///< errno
};

probe_file leave_token(std::string const& directory) {
    probe_file made;
    made.token = random_number();
    auto const path = text(directory, "/shmwin-probe-", std::hex, random_number());
    path.copy(made.path.data(), made.path.size() - 1);
    int const fd = ::open(made.path.data(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        made.failed = errno;
        return made;
    }
    if (::write(fd, &made.token, sizeof made.token) != sizeof made.token) made.failed = errno;
    ::close(fd);
    if (made.failed != 0) ::unlink(made.path.data());
    return made;
}

void look_for_token(probe_file const& file) {
    std::uint64_t found = 0;
    int const fd = ::open(file.path.data(), O_RDONLY | O_CLOEXEC);
    auto const why = errno;
    bool const read = fd >= 0 && ::read(fd, &found, sizeof found) == sizeof found;
    if (fd >= 0) ::close(fd);
    if (read && found == file.token) return;
    raise(errc::not_shared,
          text("ranks of one host do not share memory (one cannot see ",
               file.path.data(),
               " of rank 0: ",
               fd < 0 ? errno_text(why) : std::string("other content"),
               "; start them in one container, or set .backing = memfd)"));
}

} // namespace

std::uint64_t random_number() {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    auto const now = std::chrono::steady_clock::now().time_since_epoch().count();
    return hash_with(static_cast<std::uint64_t>(now), static_cast<std::uint64_t>(::getpid()));
}

void probe_sharing(MPI_Comm comm, std::string const& directory) {
    int rank = 0;
    check_mpi("MPI_Comm_rank", MPI_Comm_rank(comm, &rank));
    probe_file file;
    if (rank == 0) file = leave_token(directory);
    check_mpi("MPI_Bcast", MPI_Bcast(&file, sizeof file, MPI_BYTE, 0, comm));
    if (file.failed != 0) {
        raise(error_info{
            errc::system_failure,
            true,
            0,
            text("shared memory cannot be made in ",
                 directory,
                 " (",
                 errno_text(file.failed),
                 "; set .backing = memfd, or point OMPI_MCA_osc_sm_backing_directory elsewhere)")});
    }
    auto const failure = failure_of([&] { look_for_token(file); });
    // The file goes before anybody can leave: agree() is behind all ranks' looks.
    std::optional<error_info> agreed;
    try {
        agree(comm, "segment", 0, failure ? &*failure : nullptr);
    } catch (error const& failed) {
        agreed = failed.info();
    }
    if (rank == 0) ::unlink(file.path.data());
    if (agreed) raise(std::move(*agreed));
}

} // namespace shmwin::inline v1::detail
