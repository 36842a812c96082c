// SPDX-License-Identifier: MIT
// lock_departure_test HOW: the last rank leaves in the way HOW with locks in its hands, while the
// others wait for them. Each of the others writes what it saw to the file survivor.<rank>: "ok", or
// what was wrong; support/survivors.sh reads them.
#include "shmwin/segment/segment.hpp"

#include "support/soak.hpp"

#include <mpi.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace {

using std::chrono::steady_clock;
using pair_of_equals = std::array<std::int64_t, 2>;

// Of the whole machine: ranks may compare it.
std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               steady_clock::now().time_since_epoch())
        .count();
}

struct session {
    shmwin::node on{MPI_COMM_WORLD};
    shmwin::segment seg{on, {.capacity = std::size_t{8} << 20U}};
    shmwin::value<std::int64_t> left_at = seg.create_value<std::int64_t>("left_at");
    shmwin::value<std::int64_t> n_repairs = seg.create_value<std::int64_t>("n_repairs");
    shmwin::value<std::int64_t> n_done = seg.create_value<std::int64_t>("n_done");
    shmwin::mutex lock = seg.create_mutex("solver/lock");
    shmwin::synchronized<pair_of_equals> both = seg.create_synchronized<pair_of_equals>("both");
    int n_survivors = on.size() - 1;
};

void depart(std::string_view how, session& all) {
    all.lock.lock();
    auto half = all.both.lock();
    (*half)[0] += 1;
    all.seg.fence();
    std::this_thread::sleep_for(std::chrono::milliseconds(200)); // the others are asleep by then
    all.left_at.store(now_ms());
    if (how == "kill") ::kill(::getpid(), SIGKILL);
    if (how == "exit") std::exit(EXIT_SUCCESS); // NOLINT(concurrency-mt-unsafe): that is the test
    all.seg.leave("my own reason");
    while (all.n_done.load() < all.n_survivors) { // it lives on
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

std::string judge(shmwin::error const& thrown, session const& all, shmwin::errc expected) {
    std::string const text = thrown.what();
    if (thrown.code() != expected) return "another error: " + text;
    if (thrown.rank() != all.n_survivors) return "another rank: " + text;
    if (text.find("mutex::lock") == std::string::npos) return "no call in: " + text;
    auto const took = now_ms() - all.left_at.load();
    std::chrono::milliseconds const longest = shmwin::test::longest_wait_for_the_dead();
    if (took > longest.count()) return "after " + std::to_string(took) + " ms";
    return {};
}

std::string repair(session& all) {
    {
        auto both = all.both.lock_to_repair();
        if (both.owner_died()) {
            if ((*both)[0] == (*both)[1]) return "nothing was half changed";
            (*both)[1] = (*both)[0];
            all.n_repairs.fetch_add(1);
            both.mark_consistent();
        }
    }
    auto const both = all.both.lock();
    if ((*both)[0] != (*both)[1]) return "half-changed data were handed on";
    return all.n_repairs.load() == 1 ? "" : "not exactly one has repaired";
}

std::string survive(std::string_view how, session& all) {
    all.seg.fence();
    bool const lives_on = how == "leave";
    try {
        all.lock.lock();
        return "it was locked";
    } catch (shmwin::error const& thrown) {
        auto const wrong =
            judge(thrown, all, lives_on ? shmwin::errc::peer_left : shmwin::errc::owner_died);
        if (!wrong.empty()) return wrong;
    }
    auto const holder = all.seg.who_holds("solver/lock");
    if (lives_on) return holder && holder->rank == all.n_survivors ? "" : "it does not hold it";
    return holder ? "a dead one holds it" : repair(all);
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    if (argc != 2) MPI_Abort(MPI_COMM_WORLD, 2);
    // The launcher's way to end the rest of a job: first let them speak.
    static_cast<void>(std::signal(SIGTERM, SIG_IGN));
    std::string_view const how = argv[1];
    std::string wrong;
    session all;
    if (all.on.rank() == all.n_survivors) {
        depart(how, all);
    } else {
        wrong = survive(how, all);
        std::ofstream("survivor." + std::to_string(all.on.rank()))
            << (wrong.empty() ? "ok" : wrong);
        all.n_done.fetch_add(1);
    }
    // With a process missing, MPI_Finalize would wait for it.
    if (how != "leave") std::_Exit(EXIT_SUCCESS);
    MPI_Finalize();
    if (!wrong.empty()) static_cast<void>(std::fprintf(stderr, "%s\n", wrong.c_str()));
    return wrong.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
