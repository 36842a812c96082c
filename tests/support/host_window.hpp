// SPDX-License-Identifier: MIT
// A window as a host code makes it, for tests of what becomes of it.
#pragma once

#include <mpi.h>

#include <cstddef>

namespace shmwin::test {

/// Collective. n_bytes on each rank, freed at the end of the scope.
class host_window {
  public:
    host_window(MPI_Comm comm, std::size_t n_bytes, bool gaps = false) {
        MPI_Info info = MPI_INFO_NULL;
        MPI_Info_create(&info);
        if (gaps) MPI_Info_set(info, "alloc_shared_noncontig", "true");
        void* mine = nullptr;
        MPI_Win_allocate_shared(static_cast<MPI_Aint>(n_bytes), 1, info, comm, &mine, &win_);
        MPI_Info_free(&info);
    }
    host_window(host_window const&) = delete;
    host_window(host_window&&) = delete;
    host_window& operator=(host_window const&) = delete;
    host_window& operator=(host_window&&) = delete;
    ~host_window() { MPI_Win_free(&win_); }

    [[nodiscard]] MPI_Win get() const noexcept { return win_; }

    /// The first byte of a rank's part, in this process.
    [[nodiscard]] std::byte* part(int rank) const {
        MPI_Aint n_bytes = 0;
        int unit = 0;
        void* first = nullptr;
        MPI_Win_shared_query(win_, rank, &n_bytes, &unit, static_cast<void*>(&first));
        return static_cast<std::byte*>(first);
    }

  private:
    MPI_Win win_ = MPI_WIN_NULL;
};

} // namespace shmwin::test
