// SPDX-License-Identifier: MIT
// Processes that are killed at any moment of a meeting. They are forked, not started by MPI: so
// the memory of one rank's window is inherited, and no launcher ends the rest.
#include "shmwin/memory/heap.hpp"
#include "shmwin/mpi/window.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <csignal>
#include <gmock/gmock.h>
#include <memory>
#include <random>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace detail;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;

constexpr int n_processes = 3;

// What each process makes of the memory for itself.
struct member {
    member(region const& where, int rank)
        : who(where.as<participant_slot>(section_id::participants), rank),
          lot(where.as<parking_line>(section_id::parking_lot)),
          meeting(*where.as<rendezvous_state>(section_id::rendezvous).data(),
                  where.as<meeting_slot>(section_id::meeting_slots),
                  who,
                  lot,
                  wait_policy::for_ranks(n_processes)),
          memory(where, who, wait_policy::for_ranks(n_processes)) {
        who.attach();
    }

    participants who;
    parking_lot lot;
    rendezvous meeting;
    heap memory;
};

struct KilledRank : testing::Test {
    KilledRank() {
        auto* const page =
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        told = static_cast<std::atomic<int>*>(page);
        forget();
        auto const header = plan_layout({std::size_t{4} << 20U, n_processes, 1});
        memory = std::make_unique<window>(on, header.total_bytes);
        region const where(memory->bytes().data(), memory->source());
        where.create(header);
        participants const nobody(where.as<participant_slot>(section_id::participants), 0);
        page_runs(where, nobody, wait_policy{}).create();
    }
    KilledRank(KilledRank const&) = delete;
    KilledRank(KilledRank&&) = delete;
    KilledRank& operator=(KilledRank const&) = delete;
    KilledRank& operator=(KilledRank&&) = delete;
    ~KilledRank() override {
        for (auto const child : children) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
        ::munmap(told, 4096);
        memory->free();
        on.close();
    }

    [[nodiscard]] region where() const { return {memory->bytes().data(), memory->source()}; }

    // Starts a process that runs `f(member)`, and ends without any of MPI's.
    template <typename F>
    pid_t start(int rank, F f) {
        pid_t const child = ::fork();
        if (child == 0) {
            member mine(where(), rank);
            auto const thrown = error_of([&] { f(mine); });
            if (thrown) told[rank].store(thrown->rank);
            while (thrown) {
                ::pause(); // it must not look like one that died first
            }
            ::_exit(0);
        }
        children.push_back(child);
        return child;
    }

    // Until the process was told of the one that is gone.
    [[nodiscard]] bool was_told(int rank, int of) const {
        auto const limit = steady_clock::now() + std::chrono::seconds(20);
        while (told[rank].load() < 0 && steady_clock::now() < limit) {
            std::this_thread::sleep_for(milliseconds(1));
        }
        return told[rank].load() == of;
    }

    // Until the process has attached.
    static void await(member const& mine, int rank) {
        while (mine.who.state(rank) == participant_state::absent) {
            std::this_thread::sleep_for(milliseconds(1));
        }
    }

    void end(pid_t child) {
        ::kill(child, SIGKILL);
        std::erase(children, child);
        killed.push_back(child);
    }

    // Meets until it throws; what it threw.
    static error_info meet_until_told(member const& mine, operation op) {
        for (;;) {
            auto const thrown = error_of([&] { mine.meeting.meet({op}); });
            if (thrown) return *thrown;
        }
    }

    void forget() const {
        for (int rank = 0; rank < n_processes; ++rank) {
            told[rank].store(-1);
        }
    }

    void reap() {
        for (auto const child : killed) {
            ::waitpid(child, nullptr, 0);
        }
        killed.clear();
    }

    node on{MPI_COMM_SELF};
    std::unique_ptr<window> memory;
    std::vector<pid_t> children;
    std::vector<pid_t> killed;
    std::atomic<int>* told = nullptr; ///< of each process: who is gone; -1 yet
};

TEST_F(KilledRank, IsNamedByAllWhoWaitForItWithinASecond) {
    // Rank 1 waits in the same call; rank 2 never comes.
    member const mine(where(), 0);
    start(1, [](member const& m) { m.meeting.meet({operation::flip}); });
    auto const victim = start(2, [](member const&) {
        for (;;) {
            ::pause();
        }
    });
    await(mine, 1);
    await(mine, 2);
    steady_clock::time_point killed_at;
    std::thread killer([&] {
        std::this_thread::sleep_for(milliseconds(200)); // both have gone to sleep
        killed_at = steady_clock::now();
        end(victim);
    });
    auto const thrown = meet_until_told(mine, operation::flip);
    auto const took = seconds_since(killed_at);
    killer.join();
    EXPECT_EQ(thrown.code, errc::peer_left);
    EXPECT_EQ(thrown.rank, 2);
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("flip"), HasSubstr("rank 2"), HasSubstr("died")));
    EXPECT_LT(took, 1.0);
    EXPECT_TRUE(was_told(1, 2));
    // Nobody reaped it until now: a zombie counts as dead.
    reap();
}

TEST_F(KilledRank, AtARandomMomentOfManyMeetingsHangsNobody) {
    std::mt19937 random(20240607);
    for (int round = 0; round < 15; ++round) {
        auto const header = plan_layout({std::size_t{4} << 20U, n_processes, 1});
        window fresh(on, header.total_bytes);
        region const here(fresh.bytes().data(), fresh.source());
        here.create(header);
        participants const nobody(here.as<participant_slot>(section_id::participants), 0);
        page_runs(here, nobody, wait_policy{}).create();
        memory->free();
        *memory = std::move(fresh);
        forget();

        member const mine(where(), 0);
        auto const work = [](member const& m) {
            for (;;) {
                m.memory.deallocate(m.memory.allocate(5000));
                m.meeting.meet({operation::fence});
            }
        };
        start(1, work);
        auto const victim = start(2, work);
        std::thread killer([&, delay = random() % 20'000] {
            std::this_thread::sleep_for(std::chrono::microseconds(delay));
            end(victim);
        });
        await(mine, 1);
        await(mine, 2);
        auto const begin = steady_clock::now();
        auto const thrown = meet_until_told(mine, operation::fence);
        EXPECT_LT(seconds_since(begin), 10.0);
        killer.join();
        EXPECT_EQ(thrown.code, errc::peer_left);
        EXPECT_EQ(thrown.rank, 2);
        EXPECT_TRUE(was_told(1, 2));
        // The heap is sound, and the rest of the ranks may use it.
        auto* const block = mine.memory.allocate(10'000);
        mine.memory.deallocate(block);
        EXPECT_TRUE(mine.memory.verify().ok());
        end(children.front());
        reap();
    }
}

TEST_F(KilledRank, ThatOnlySleepsIsWaitedFor) {
    member const mine(where(), 0);
    for (int rank = 1; rank < n_processes; ++rank) {
        start(rank, [rank](member const& m) {
            // For longer than the others take to look for the dead.
            std::this_thread::sleep_for(milliseconds(rank == 2 ? 500 : 0));
            m.meeting.meet({operation::fence});
        });
    }
    EXPECT_FALSE(error_of([&] { mine.meeting.meet({operation::fence}); }));
    for (auto const child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    children.clear();
}

} // namespace
} // namespace shmwin
