// SPDX-License-Identifier: MIT
// What a segment tells of itself while its ranks wait: report(), shmwin_dump(), SHMWIN_WAIT_WARN.
#include "shmwin/base/log.hpp"
#include "shmwin/segment/dump.hpp"
#include "shmwin/sync/mutex.hpp"

#include "segment/sync_states.hpp"
#include "support/open_segment.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <gmock/gmock.h>
#include <mutex>
#include <new>
#include <regex>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

std::atomic<int> n_allocations{0};

} // namespace

// Whoever allocates in this program is counted.
void* operator new(std::size_t n_bytes) {
    ++n_allocations;
    if (void* const made = std::malloc(n_bytes)) return made; // NOLINT(*-no-malloc)
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
    std::free(block); // NOLINT(*-no-malloc)
}
void operator delete(void* block, std::size_t /*n_bytes*/) noexcept {
    std::free(block); // NOLINT(*-no-malloc)
}

namespace shmwin {
namespace {

using namespace test;
using std::chrono::seconds;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Dump : open_segment {
    // What a debugger or a signal handler gets.
    template <typename Call>
    static std::string on_stderr(Call const& call) {
        testing::internal::CaptureStderr();
        call();
        return testing::internal::GetCapturedStderr();
    }
    static std::string dumped() { return on_stderr(shmwin_dump); }

    // The lines on that rank.
    [[nodiscard]] static std::string lines_of(int of, std::string const& report) {
        std::smatch found;
        std::regex const lines("    rank " + std::to_string(of) + ": [^\n]*\n(      [^\n]*\n)*");
        return std::regex_search(report, found, lines) ? found.str() : "";
    }
    [[nodiscard]] static std::string line_of(std::string const& name, std::string const& report) {
        std::smatch found;
        std::regex const line("    \"" + name + "\": [^\n]*\n");
        return std::regex_search(report, found, line) ? found.str() : "";
    }
    template <typename T>
    [[nodiscard]] static std::string address_text(T const* at) {
        std::ostringstream out;
        out << at;
        return out.str();
    }
};

TEST_F(Dump, TellsOfEachObjectWhatItIsAndWhereInThisProcess) {
    auto const u = seg.create_array<double>("fields/u", shape(4, 5));
    auto const n = seg.create_value<std::int64_t>("n");
    auto const x = seg.create_value<double>("x");
    if (rank == 0) n.store(-42);
    if (rank == 0) x.store(0.25);
    seg.fence();
    auto const report = seg.report();
    EXPECT_THAT(line_of("fields/u", report),
                AllOf(HasSubstr("array float64 4 x 5, 160 bytes at " + address_text(u.data())),
                      HasSubstr("made by all at dump_test.cpp:")));
    EXPECT_THAT(
        line_of("n", report),
        AllOf(HasSubstr("value int64, 8 bytes at " + address_text(n.data())), HasSubstr(": -42")));
    EXPECT_THAT(line_of("x", report), HasSubstr(": 0.25"));
    seg.fence();
}

TEST_F(Dump, TellsOfEachRankItsProcessAndItsLastCall) {
    seg.create_array<int>("table", shape(3));
    auto const report = seg.report();
    EXPECT_THAT(report,
                HasSubstr("segment of " + std::to_string(size)
                          + (size == 1 ? " rank, seen" : " ranks, seen")));
    for (int other = 0; other < size; ++other) {
        EXPECT_THAT(lines_of(other, report), HasSubstr("create_array(\"table\")")) << report;
    }
    auto const me = "pid " + std::to_string(::getpid()) + ", this process";
    EXPECT_THAT(lines_of(rank, report), HasSubstr(me));
    MPI_Barrier(world); // no meeting of the segment's: the others still read
}

TEST_F(Dump, TellsWhoWaitsForWhomInACollectiveCall) {
    if (size == 1) GTEST_SKIP() << "nobody to wait for";
    if (rank == last) {
        // All others are asleep in the fence.
        ASSERT_TRUE(eventually([&] {
            auto const report = seg.report();
            for (int other = 0; other < last; ++other) {
                if (lines_of(other, report).find("waits for") == std::string::npos) return false;
            }
            return true;
        }));
        auto const report = seg.report();
        auto const missing = std::to_string(last);
        for (int other = 0; other < last; ++other) {
            EXPECT_THAT(lines_of(other, report),
                        AllOf(HasSubstr(", is in fence"),
                              ContainsRegex("waits for [0-9]+\\.[0-9] s in fence")));
            EXPECT_THAT(lines_of(other, report), HasSubstr("(still missing: rank " + missing));
        }
        EXPECT_THAT(lines_of(last, report), Not(HasSubstr("waits")));
        EXPECT_THAT(report, HasSubstr("; not yet: rank " + missing + "\n"));
        auto const* const here = last == 1   ? "rank 0;"
                                 : last == 2 ? "ranks 0, 1;"
                                             : "ranks 0, 1, 2;";
        EXPECT_THAT(report, HasSubstr(std::string("in a collective call: ") + here));
    }
    seg.fence();
    EXPECT_THAT(seg.report(), Not(HasSubstr("not yet")));
    MPI_Barrier(world);
}

TEST_F(Dump, TellsWhichObjectARankWaitsFor) {
    if (size == 1) GTEST_SKIP() << "nobody to wait for";
    auto const go = seg.create_value<std::int32_t>("go/now");
    if (rank == 0) {
        go.wait(0);
    } else if (rank == last) {
        ASSERT_TRUE(eventually(
            [&] { return lines_of(0, seg.report()).find("value::wait") != std::string::npos; }));
        EXPECT_THAT(
            lines_of(0, seg.report()),
            ContainsRegex("waits for [0-9.]+ s in value::wait of \"go/now\" \\(0\\), thread "));
        go.store(1);
        go.notify();
    }
    seg.fence();
    EXPECT_THAT(seg.report(), Not(HasSubstr("value::wait")));
    MPI_Barrier(world);
}

TEST_F(Dump, TellsWhoHoldsTheLockThatARankWaitsFor) {
    if (size == 1) GTEST_SKIP() << "nobody to wait for";
    auto const lock = seg.create_mutex("the/lock");
    if (rank == last) lock.lock();
    seg.fence();
    if (rank == last) {
        EXPECT_TRUE(eventually(
            [&] { return lines_of(0, seg.report()).find("mutex::lock") != std::string::npos; }));
        auto const report = seg.report();
        auto const holder = "held by rank " + std::to_string(last) + " (thread ";
        EXPECT_THAT(lines_of(0, report), HasSubstr("s in mutex::lock of \"the/lock\" (" + holder));
        EXPECT_THAT(lines_of(last, report), HasSubstr(", holds \"the/lock\""));
        EXPECT_THAT(line_of("the/lock", report),
                    AllOf(HasSubstr("sync shmwin.mutex/1, 8 bytes"), HasSubstr(holder)));
        lock.unlock();
    } else if (rank == 0) {
        lock.lock();
        lock.unlock();
    }
    seg.fence();
    EXPECT_THAT(line_of("the/lock", seg.report()), HasSubstr(": free, made by all"));
    MPI_Barrier(world);
}

TEST_F(Dump, TellsWhichMembersOfABarrierAreMissing) {
    if (size < 3) GTEST_SKIP() << "it takes a member that waits, one that does not, and another";
    std::vector<int> const members{0, last};
    auto const some = seg.create_barrier("some", members);
    if (rank == 0) some.arrive_and_wait();
    if (rank == last) {
        EXPECT_TRUE(eventually(
            [&] { return lines_of(0, seg.report()).find("waits for") != std::string::npos; }));
        EXPECT_THAT(lines_of(0, seg.report()),
                    HasSubstr("of \"some\" (1 of 2 members are there, not yet rank "
                              + std::to_string(last) + ")"));
        some.arrive_and_wait();
    }
    seg.fence();
}

TEST_F(Dump, TellsWhichOfSomeRanksIsMissingInTheirFence) {
    if (size < 3) GTEST_SKIP() << "it takes a rank that has no part";
    std::vector<int> const some{0, last};
    if (rank == 0) seg.fence(some);
    if (rank == last) {
        EXPECT_TRUE(eventually(
            [&] { return lines_of(0, seg.report()).find("waits for") != std::string::npos; }));
        EXPECT_THAT(lines_of(0, seg.report()),
                    HasSubstr("s in fence of some ranks (1 of 2 members are there, not yet rank "
                              + std::to_string(last) + ")"));
        seg.fence(some);
    }
    seg.fence();
    EXPECT_THAT(seg.report(), Not(HasSubstr(".shmwin/"))); // names of the library's own
    MPI_Barrier(world);
}

TEST_F(Dump, NamesTheArrayWhoseSectionIsHeldOrAwaited) {
    auto const a = seg.create_array<int>("a", shape(10));
    {
        auto const filled = seg.create_value<int>("filled");
        if (rank == last) {
            auto const section = a.write_section();
            EXPECT_THAT(lines_of(last, seg.report()), HasSubstr(", holds a section of \"a\""));
        }
        if (rank == last) filled.store(1);
        filled.notify();
        filled.wait(0);
        auto const section = a.read_section();
        EXPECT_THAT(lines_of(rank, seg.report()), HasSubstr(", holds a section of \"a\""));
    }
    if (size > 1) {
        seg.fence();
        if (rank == last) {
            auto const waits = HasSubstr("in array::read_section of \"a\" (filled 1 times, free)");
            EXPECT_TRUE(eventually([&] {
                return testing::Matches(waits)(lines_of(0, seg.report()));
            })) << seg.report();
            static_cast<void>(a.write_section());
        }
        if (rank == 0) static_cast<void>(a.read_section(2));
    }
    seg.fence();
}

TEST_F(Dump, TellsTheStateOfAllThatRanksWaitAt) {
    auto const again = seg.create_recursive_mutex("recursive_mutex");
    auto const many = seg.create_shared_mutex("shared_mutex");
    auto const event = seg.create_event("event");
    auto const latch = seg.create_latch("latch", size);
    auto const semaphore = seg.create_semaphore("semaphore", 2, 5);
    auto const tasks = seg.create_queue<int>("queue");
    auto const guarded = seg.create_synchronized<double>("guarded");
    auto const told = [&](char const* name, std::string const& state) {
        EXPECT_THAT(line_of(name, seg.report()), HasSubstr(": " + state + ", made by all"));
    };
    if (rank == 0) {
        told("shared_mutex", "free");
        told("event", "not set");
        told("latch", std::to_string(size) + " to be counted down");
        told("semaphore", "2 of 5 units are there");
        told("queue", "0 queued, 0 leased");
        told("guarded", "free");
    }
    seg.fence();
    auto const me = "held by rank 0 (thread " + std::to_string(::gettid()) + ")";
    if (rank == 0) {
        std::lock_guard const hold(again);
        told("recursive_mutex", me);
        EXPECT_THAT(lines_of(0, seg.report()), HasSubstr("holds \"recursive_mutex\""));
        {
            std::lock_guard const write(many);
            told("shared_mutex", me);
            EXPECT_THAT(lines_of(0, seg.report()), HasSubstr("holds \"shared_mutex\""));
        }
        {
            std::shared_lock const read(many);
            told("shared_mutex", "1 reading");
            EXPECT_THAT(lines_of(0, seg.report()), HasSubstr("holds \"shared_mutex\""));
        }
        auto const data = guarded.lock();
        told("guarded", me);
        event.set();
        told("event", "set");
        semaphore.acquire();
        told("semaphore", "1 of 5 units are there");
        tasks.push(1);
        tasks.push(2);
        auto task = tasks.pop();
        told("queue", "1 queued, 1 leased");
        task.done();
    }
    latch.arrive_and_wait();
    told("latch", "open");
    seg.fence();
}

TEST_F(Dump, OfAllSegmentsOfTheProcessGoesToStderr) {
    EXPECT_THAT(dumped(), HasSubstr("shmwin: segment of"));
    segment other(on, {.capacity = std::size_t{4} << 20U});
    other.create_value<int>("of the other");
    auto const both = dumped();
    EXPECT_THAT(both, HasSubstr("\"of the other\": value int32"));
    EXPECT_NE(both.find("shmwin: segment of"), both.rfind("shmwin: segment of"));
    EXPECT_EQ(on_stderr([&] { other.dump(); }).find("shmwin: segment of"), 0U);
    other.close();
    EXPECT_THAT(dumped(), Not(HasSubstr("of the other")));
}

TEST_F(Dump, WithoutASegmentSaysSo) {
    seg.close();
    EXPECT_EQ(dumped(), "shmwin: no segment is open in this process\n");
}

TEST_F(Dump, TellsWhyARankLeft) {
    if (size == 1) GTEST_SKIP() << "nobody is left to tell";
    segment other(on, {.capacity = std::size_t{4} << 20U});
    if (rank == last) {
        other.leave("no input file");
    } else {
        EXPECT_THROW(other.fence(), peer_left);
        EXPECT_THAT(lines_of(last, other.report()),
                    HasSubstr("left in the code after segment: no input file"));
        other.leave("so nobody goes on");
    }
    MPI_Barrier(world);
}

// --- in a signal handler -----------------------------------------------------------------------

void dump_on_signal(int /*signal*/) {
    shmwin_dump();
}

struct DumpInASignalHandler : Dump {
    DumpInASignalHandler() : before_(std::signal(SIGUSR1, dump_on_signal)) {}
    DumpInASignalHandler(DumpInASignalHandler const&) = delete;
    DumpInASignalHandler(DumpInASignalHandler&&) = delete;
    DumpInASignalHandler& operator=(DumpInASignalHandler const&) = delete;
    DumpInASignalHandler& operator=(DumpInASignalHandler&&) = delete;
    ~DumpInASignalHandler() override { std::signal(SIGUSR1, before_); }

  private:
    void (*before_)(int);
};

TEST_F(DumpInASignalHandler, AllocatesNothingAndKeepsErrno) {
    seg.create_array<double>("u", shape(4, 5));
    int n_before = -1;
    int n_after = -1;
    int errno_after = 0;
    auto const text = on_stderr([&] {
        n_before = n_allocations;
        errno = EDOM;
        std::raise(SIGUSR1);
        errno_after = errno;
        n_after = n_allocations;
    });
    EXPECT_THAT(text, HasSubstr("\"u\": array"));
    EXPECT_EQ(n_before, n_after);
    EXPECT_EQ(errno_after, EDOM);
    seg.fence();
}

TEST_F(DumpInASignalHandler, WaitsForNoLockThatItsThreadHolds) {
    auto& names =
        *seg.heap().where().as<detail::directory_state>(detail::section_id::directory).data();
    participants const who(
        seg.heap().where().as<participant_slot>(detail::section_id::participants), rank);
    static_cast<void>(names.mutex.lock(who, seg.wait_policy()));
    auto const text = on_stderr([] { std::raise(SIGUSR1); });
    names.mutex.unlock();
    EXPECT_THAT(text, HasSubstr("shmwin: segment of"));
    seg.fence();
}

TEST_F(DumpInASignalHandler, GoesOnWhileOthersChangeTheNames) {
    std::atomic<bool> done{false};
    std::thread other([&] {
        while (!done) {
            auto const name = "of/" + std::to_string(rank);
            seg.construct<std::int64_t>(name, 1);
            seg.destroy<std::int64_t>(name);
        }
    });
    for (int i = 0; i < 50; ++i) {
        auto const text = on_stderr([] { std::raise(SIGUSR1); });
        EXPECT_THAT(text, HasSubstr("shmwin: segment of"));
    }
    done = true;
    other.join();
    seg.fence();
}

} // namespace
} // namespace shmwin
