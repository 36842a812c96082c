// SPDX-License-Identifier: MIT
// io_async_death WHO: a rank is killed by SIGKILL in the middle of an asynchronous save. Each of
// the others writes what it saw to the file survivor.<rank>: "ok", or what was wrong;
// support/survivors.sh starts it.
//   filler   the last rank, while all fill the bounded ring, and wait for room in it
//   emptier  rank 0 of the store, whose thread empties it, at the same time
//   writer   rank 0 of the store, while the others are in wait()
#include "shmwin/base/literals.hpp"
#include "shmwin/io/checkpoint_store.hpp"

#include <mpi.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using namespace shmwin;
using namespace shmwin::literals;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

int rank_in(MPI_Comm comm) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    return rank;
}

struct death {
    std::string_view who;
    bool is_of_first;  ///< of the store: that is the last of MPI_COMM_WORLD
    char const* point; ///< where it dies, and where others are held until it does
    shmwin::staging how;
    char const* text; ///< that the others get
};

// The thread is slow, so that all come to wait for room. A ring of 1 MiB, 12 MiB to save.
constexpr std::array deaths{
    death{"filler",
          false,
          "before_block@0=delay:100,before_stage_block@2#4=kill",
          staging::bounded,
          "save_async"},
    death{"emptier",
          true,
          "before_block@0#1=delay:300,after_block@0#1=kill",
          staging::bounded,
          "save"},
    death{"writer", true, "before_sign@0#1=delay:300,after_sign@0#1=kill", staging::full, "save"},
};

// What is wrong; nothing if it is right.
std::string survive(checkpoint_store& store, segment& seg, death const& which, int dead) {
    try {
        auto pending = store.save_async(seg, {.step = 2});
        if (which.how == staging::bounded) return "it was staged: this proves nothing";
        pending.wait();
        return "nothing was thrown";
    } catch (peer_left const& thrown) {
        if (thrown.rank() != dead) return "another rank: " + std::to_string(thrown.rank());
        std::string const text = thrown.what();
        return text.find(which.text) != std::string::npos ? "" : "no call in: " + text;
    } catch (error const& thrown) {
        return std::string("another error: ") + thrown.what();
    }
}

// Who survives as the one that has the file takes it back; and the one before stays.
std::string look_at(std::filesystem::path const& folder, bool is_owner) {
    if (!std::filesystem::exists(folder / "state-000000000001.h5")) return "the one before is gone";
    if (std::filesystem::exists(folder / "state-000000000002.h5")) return "it got its name";
    bool const is_left = std::filesystem::exists(folder / ".state-000000000002.h5.tmp");
    return is_owner && is_left ? "a temporary is left" : "";
}

int lose(MPI_Comm comm, death const& which) {
    int size = 1;
    MPI_Comm_size(comm, &size);
    std::filesystem::path const folder(which.who);
    node on(comm);
    segment seg(on, {.capacity = 32_MiB});
    auto const a = seg.create_array<double>("a", shape(12 << 17));
    checkpoint_store(comm, folder / "state").save(seg, {.step = 1});
    ::setenv("SHMWIN_FAIL_POINT", which.point, 1); // NOLINT(concurrency-mt-unsafe)
    checkpoint_store store(
        comm, folder / "state", {.durable = false, .staging = which.how, .staging_bytes = 1_MiB});
    auto const begin = steady_clock::now();
    auto wrong = survive(store, seg, which, which.is_of_first ? 0 : size - 1);
    if (wrong.empty() && steady_clock::now() - begin > 10s) wrong = "that took long";
    if (wrong.empty()) wrong = look_at(folder, rank_in(comm) == 0);
    std::ofstream("survivor." + std::to_string(rank_in(MPI_COMM_WORLD)))
        << (wrong.empty() ? "ok" : wrong);
    ::_exit(0); // with a process missing, MPI_Finalize would wait for it
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    // The launcher's way to end the rest of a job: first let them speak.
    static_cast<void>(std::signal(SIGTERM, SIG_IGN));
    MPI_Comm reversed = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank_in(MPI_COMM_WORLD), &reversed);
    for (auto const& each : deaths) {
        if (argc != 2 || each.who != argv[1]) continue;
        return lose(each.is_of_first ? reversed : MPI_COMM_WORLD, each);
    }
    MPI_Abort(MPI_COMM_WORLD, 2);
}
