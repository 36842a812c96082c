// SPDX-License-Identifier: MIT
// io_due_program WHO: a rank is killed while others are in due(). Each of the others writes
// what it saw to the file survivor.<rank>: "ok", or what was wrong; support/survivors.sh starts it.
//   first   rank 0 of the store, for which the others wait
//   other   another one, which never sees that something was due: rank 0 waits for it
// io_due_program nodes: the ranks are on several nodes, and get the same answers.
// io_due_program signal: no rank is killed; asks until a signal makes it stop, with status 85.
#include "shmwin/io/checkpoint_store.hpp"

#include <mpi.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace {

using namespace shmwin;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

int rank_in(MPI_Comm comm) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    return rank;
}

bool is_last(MPI_Comm comm) {
    int size = 1;
    MPI_Comm_size(comm, &size);
    return rank_in(comm) == size - 1;
}

[[noreturn]] void die() {
    std::this_thread::sleep_for(300ms); // the others are in due() by then, and asleep
    ::kill(::getpid(), SIGKILL);
    std::abort();
}

// What is wrong; nothing if it is right.
std::string survive(checkpoint_store& store, int dead) {
    try {
        for (std::int64_t step = 1; step < 4; ++step) {
            static_cast<void>(store.due(step));
        }
        return "nothing was thrown";
    } catch (peer_left const& thrown) {
        if (thrown.rank() != dead) return "another rank: " + std::to_string(thrown.rank());
        std::string const text = thrown.what();
        return text.find("due") != std::string::npos ? "" : "no call in: " + text;
    } catch (error const& thrown) {
        return std::string("another error: ") + thrown.what();
    }
}

int lose(MPI_Comm comm, bool is_first) {
    checkpoint_store store(comm, is_first ? "first/state" : "other/state", {.every_steps = 1});
    static_cast<void>(store.due(0));
    MPI_Barrier(comm);
    auto const begin = steady_clock::now();
    if (is_last(MPI_COMM_WORLD)) die();
    int size = 1;
    MPI_Comm_size(comm, &size);
    auto wrong = survive(store, is_first ? 0 : size - 1);
    if (wrong.empty() && steady_clock::now() - begin > 10s) wrong = "that took long";
    std::ofstream("survivor." + std::to_string(rank_in(MPI_COMM_WORLD)))
        << (wrong.empty() ? "ok" : wrong);
    ::_exit(0); // with a process missing, MPI_Finalize would wait for it
}

int ask_on_nodes() {
    checkpoint_store store(MPI_COMM_WORLD, "nodes/state", {.every_steps = 3, .signals = {SIGUSR1}});
    if (node(MPI_COMM_WORLD).n_nodes() < 2) return 2;
    bool right = true;
    for (std::int64_t step = 0; step < 12; ++step) {
        if (step == 6 && is_last(MPI_COMM_WORLD)) static_cast<void>(std::raise(SIGUSR1));
        auto const why = store.due(step);
        auto const expected = step == 6       ? due_kind::signal
                              : step % 3 == 2 ? due_kind::steps
                                              : due_kind::no;
        right = right && why.kind() == expected;
        if (why.kind() != expected) std::printf("step %d: %s\n", int(step), why.text().c_str());
    }
    return right ? 0 : 1;
}

int ask_until_signalled() {
    node on(MPI_COMM_WORLD);
    segment seg(on, {.capacity = std::size_t{4} << 20U});
    auto const done = seg.create_value<std::int64_t>("done");
    checkpoint_store store(MPI_COMM_WORLD, "signal/state", {.signals = {SIGUSR1}});
    std::int64_t step = 0;
    due_reason why;
    auto const end = steady_clock::now() + 60s; // rank 0's, as due() is
    while (!(why = store.due(step))) {
        seg.fence();
        if (seg.rank() == 0) {
            done.store(++step);
            if (step == 1) std::ofstream("ready") << "all ranks catch it\n";
            if (steady_clock::now() > end) MPI_Abort(MPI_COMM_WORLD, 1);
            std::this_thread::sleep_for(1ms);
        }
        seg.fence();
        step = done.load();
    }
    store.save(seg, {.step = step});
    std::printf("rank %d: %s\n", seg.rank(), why.text().c_str());
    seg.close();
    return why.stop() && why.signal() == SIGUSR1 ? 85 : 1;
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    std::string_view const what = argc == 2 ? argv[1] : "";
    int status = 2;
    if (what == "signal") {
        status = ask_until_signalled();
    } else if (what == "nodes") {
        status = ask_on_nodes();
    } else {
        // The launcher's way to end the rest of a job: first let them speak.
        static_cast<void>(std::signal(SIGTERM, SIG_IGN));
        MPI_Comm reversed = MPI_COMM_NULL;
        MPI_Comm_split(MPI_COMM_WORLD, 0, -rank_in(MPI_COMM_WORLD), &reversed);
        if (what == "first") status = lose(reversed, true);
        if (what == "other") status = lose(MPI_COMM_WORLD, false);
    }
    MPI_Finalize();
    return status;
}
