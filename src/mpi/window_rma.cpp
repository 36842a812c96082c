// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/header.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "mpi/window_backing.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

std::size_t to_page(void const* address) noexcept {
    auto const into = reinterpret_cast<std::uintptr_t>(address) % page_bytes;
    return (page_bytes - into) % page_bytes;
}

void check_model(MPI_Win win) {
    int* model = nullptr;
    int found = 0;
    check_mpi("MPI_Win_get_attr",
              MPI_Win_get_attr(win, MPI_WIN_MODEL, static_cast<void*>(&model), &found));
    if (found != 0 && *model == MPI_WIN_UNIFIED) return;
    raise(errc::unsupported,
          "MPI window cannot be used (its memory model is not MPI_WIN_UNIFIED; set .backing = "
          "memfd)");
}

// Base address of the first rank's part, as this process sees it.
std::byte* base_of(MPI_Win win) {
    MPI_Aint n_bytes = 0;
    int unit = 0;
    void* base = nullptr;
    check_mpi("MPI_Win_shared_query", MPI_Win_shared_query(win, 0, &n_bytes, &unit, &base));
    return static_cast<std::byte*>(base);
}

// One rank gets malloc'ed memory, neither zero nor removable: lay shared pages over it.
void overlay(std::byte* first, std::size_t n_bytes, rma_window& made) {
    void* const got = ::mmap(first,
                             n_bytes,
                             PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
                             -1,
                             0);
    if (got == MAP_FAILED) { // NOLINT(*-cstyle-cast): the macro's own
        raise(errc::system_failure,
              text("mmap failed (", errno_text(errno), ", for ", bytes_text(n_bytes), ")"));
    }
    made.overlay = first;
    made.n_overlay_bytes = n_bytes;
}

} // namespace

void rma_window::free() noexcept {
    if (win == MPI_WIN_NULL) return;
    if (overlay != nullptr) {
        // free(3) must find private memory again.
        static_cast<void>(::mmap(overlay,
                                 n_overlay_bytes,
                                 PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
                                 -1,
                                 0));
    }
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
    *this = {};
}

std::shared_ptr<mapping> map_mpi_window(MPI_Comm comm, std::size_t n_bytes, rma_window& made) {
    int rank = 0;
    int size = 1;
    check_mpi("MPI_Comm_rank", MPI_Comm_rank(comm, &rank));
    check_mpi("MPI_Comm_size", MPI_Comm_size(comm, &size));

    // A page more, since no MPI promises an aligned base; and not a multiple of the page, for
    // which MPICH takes a path of 0.5 s a GiB.
    auto const asked = rank == 0 ? static_cast<MPI_Aint>(n_bytes + page_bytes + 8) : MPI_Aint{0};
    void* own_base = nullptr; // null on some ranks; only the query below tells
    auto const code = MPI_Win_allocate_shared(asked, 1, MPI_INFO_NULL, comm, &own_base, &made.win);
    agree_on(comm, "segment", [&] { check_mpi("MPI_Win_allocate_shared", code); });
    std::byte* base = nullptr;
    agree_on(comm, "segment", [&] {
        check_mpi("MPI_Win_set_errhandler", MPI_Win_set_errhandler(made.win, MPI_ERRORS_RETURN));
        check_mpi("MPI_Win_lock_all", MPI_Win_lock_all(MPI_MODE_NOCHECK, made.win));
        check_model(made.win);
        base = base_of(made.win);
    });

    // All skip what rank 0 skips, or they would not see the same first byte.
    std::uint64_t pad = to_page(base);
    check_mpi("MPI_Bcast", MPI_Bcast(&pad, 1, MPI_UINT64_T, 0, comm));
    made.offset = static_cast<MPI_Aint>(pad);
    std::shared_ptr<mapping> pages;
    agree_on(comm, "segment", [&] {
        auto* const first = base + pad;
        if (to_page(first) != 0) {
            raise(errc::unsupported,
                  "MPI window cannot be used (ranks map it at unlike page "
                  "offsets; set .backing = memfd)");
        }
        if (size == 1) overlay(first, n_bytes, made);
        pages = std::make_shared<mapping>(first, n_bytes);
        ::madvise(first, n_bytes, MADV_DONTDUMP); // the second mapping is in the core dump
    });
    return pages;
}

} // namespace shmwin::inline v1::detail
