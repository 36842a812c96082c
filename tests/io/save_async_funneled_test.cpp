// SPDX-License-Identifier: MIT
// Asynchronous saves with MPI_THREAD_FUNNELED: calls of MPI from any thread but the main one would
// be wrong. This program is in the way of MPI's functions, by MPI's profiling interface, and
// counts.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/filled_array.hpp"
#include "support/save_kinds.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <thread>
#include <utility>

namespace {

std::thread::id const main_thread = std::this_thread::get_id();
std::atomic<int> n_calls = 0;
std::atomic<int> n_calls_elsewhere = 0;

void count() {
    ++n_calls;
    if (std::this_thread::get_id() != main_thread) ++n_calls_elsewhere;
}

} // namespace

// Those that the library is built of; the signatures are of MPI 3.1.
#define SHMWIN_COUNTED(name, declared, passed)                                                     \
    extern "C" int name declared {                                                                 \
        count();                                                                                   \
        return P##name passed;                                                                     \
    }
SHMWIN_COUNTED(MPI_Barrier, (MPI_Comm comm), (comm))
SHMWIN_COUNTED(MPI_Bcast,
               (void* buffer, int n, MPI_Datatype type, int root, MPI_Comm comm),
               (buffer, n, type, root, comm))
SHMWIN_COUNTED(MPI_Allreduce,
               (void const* from, void* to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
               (from, to, n, type, op, comm))
SHMWIN_COUNTED(MPI_Iprobe,
               (int source, int tag, MPI_Comm comm, int* flag, MPI_Status* status),
               (source, tag, comm, flag, status))
SHMWIN_COUNTED(MPI_Initialized, (int* flag), (flag))
SHMWIN_COUNTED(MPI_Finalized, (int* flag), (flag))
SHMWIN_COUNTED(MPI_Comm_rank, (MPI_Comm comm, int* rank), (comm, rank))
SHMWIN_COUNTED(MPI_Comm_size, (MPI_Comm comm, int* size), (comm, size))
SHMWIN_COUNTED(MPI_Win_free, (MPI_Win * window), (window))
SHMWIN_COUNTED(MPI_Win_sync, (MPI_Win window), (window))
SHMWIN_COUNTED(MPI_Comm_free, (MPI_Comm * comm), (comm))
#undef SHMWIN_COUNTED

namespace shmwin {
namespace {

using namespace test;

using Funneled = filled_array<400'000>;

TEST_F(Funneled, ThreadThatWritesCallsNoMpi) {
    int provided = MPI_THREAD_SINGLE;
    MPI_Query_thread(&provided);
    ASSERT_GE(provided, MPI_THREAD_FUNNELED);
    auto const before = n_calls.load();
    for (auto const kind :
         {save_kind::async, save_kind::async_bounded, save_kind::async_incremental}) {
        SCOPED_TRACE(name_of(kind));
        checkpoint_store store(world, directory / name_of(kind), options_of(kind));
        for (std::int64_t step = 1; step < 4; ++step) {
            fill(static_cast<double>(step));
            save_as(kind, store, seg, {.step = step}, [&] { fill(-1); });
            store.restore_latest(seg);
            EXPECT_TRUE(holds(static_cast<double>(step)));
        }
        store.save_async(seg, {.step = 4}); // the store ends before it
    }
    checkpoint_store again(world, directory / name_of(save_kind::async));
    EXPECT_EQ(again.latest()->step, 4);
    EXPECT_GT(n_calls, before) << "nothing was counted: this proves nothing";
    EXPECT_EQ(n_calls_elsewhere, 0);
}

} // namespace
} // namespace shmwin
