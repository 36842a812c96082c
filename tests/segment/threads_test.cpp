// SPDX-License-Identifier: MIT
// Threads of a rank in one segment, under MPI_THREAD_MULTIPLE.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;

struct Threads : open_segment {
    static constexpr int n_threads = 4;

    // Runs `f(thread)` on threads of its own; what one throws is a failure.
    static std::vector<std::jthread> start(int n, auto f) {
        std::vector<std::jthread> all;
        for (int t = 0; t < n; ++t) {
            all.emplace_back([f, t] {
                auto const thrown = error_of([&] { f(t); });
                if (thrown) ADD_FAILURE() << thrown->text;
            });
        }
        return all;
    }
};

TEST_F(Threads, AllocateAndFreeWhileTheirRankMeets) {
    auto const used = seg.heap().stats().used;
    seg.fence();
    auto workers = start(n_threads, [&](int t) {
        std::vector<int*> mine;
        for (int i = 0; i < 300; ++i) {
            auto const n = static_cast<std::size_t>(1 + (i * 37 + t) % 5000);
            auto* const block = static_cast<int*>(seg.heap().allocate(4 * n));
            block[0] = block[n - 1] = 1000 * t + i;
            mine.push_back(block);
            if (i % 3 == 0) {
                seg.heap().deallocate(mine[mine.size() / 2]);
                mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(mine.size() / 2));
            }
        }
        for (auto* block : mine) {
            seg.heap().deallocate(block);
        }
    });
    for (int i = 0; i < 200; ++i) {
        seg.fence();
    }
    workers.clear(); // joins
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, used);
    expect_sound(seg);
}

TEST_F(Threads, MakeFindAndEndObjectsWhileTheirRankCreatesArrays) {
    auto const prefix = "rank " + std::to_string(rank) + '/';
    auto workers = start(n_threads, [&](int t) {
        for (int i = 0; i < 100; ++i) {
            auto const name = prefix + std::to_string(t) + '/' + std::to_string(i);
            seg.construct<int>(name, 100 * t + i);
            if (*seg.find<int>(name) != 100 * t + i) ADD_FAILURE() << name;
            if (i % 2 == 0) seg.destroy<int>(name);
            static_cast<void>(seg.list());
        }
    });
    for (int i = 0; i < 50; ++i) {
        auto const made = seg.create_array<double>("a" + std::to_string(i), shape(500 * i));
        if (i % 2 == 0) seg.destroy(made);
    }
    workers.clear();
    seg.fence();
    EXPECT_EQ(seg.list().size(), static_cast<std::size_t>(25 + size * n_threads * 50));
    expect_sound(seg);
}

TEST_F(Threads, CountTogether) {
    auto const sum = seg.create_value<std::int64_t>("sum");
    start(n_threads, [&](int) {
        for (int i = 0; i < 10'000; ++i) {
            sum.fetch_add(1);
        }
    }).clear();
    seg.fence();
    EXPECT_EQ(sum.load(), 10'000 * n_threads * size);
}

TEST_F(Threads, MeetFromOneThreadThatIsNotTheFirst) {
    start(1, [&](int) {
        auto const made = seg.create_array<int>("a", shape(size));
        made(rank) = rank;
        seg.fence();
        for (int r = 0; r < size; ++r) {
            EXPECT_EQ(made(r), r);
        }
        seg.fence();
    }).clear();
    seg.fence();
}

TEST_F(Threads, MessagesOfOtherThreadsGoOnDuringAFence) {
    // The waiting rank and a thread of its own are in MPI at the same time.
    MPI_Comm mine = MPI_COMM_NULL;
    MPI_Comm_dup(world, &mine);
    auto workers = start(1, [&](int) {
        std::vector<char> out(200'000, 'x');
        std::vector<char> in(200'000);
        for (int i = 0; i < 20; ++i) {
            MPI_Sendrecv(out.data(),
                         200'000,
                         MPI_CHAR,
                         (rank + 1) % size,
                         0,
                         in.data(),
                         200'000,
                         MPI_CHAR,
                         (rank + size - 1) % size,
                         0,
                         mine,
                         MPI_STATUS_IGNORE);
            if (in[199'999] != 'x') ADD_FAILURE() << "message " << i;
        }
    });
    for (int i = 0; i < 200; ++i) {
        seg.fence();
    }
    workers.clear();
    seg.fence();
    MPI_Comm_free(&mine);
}

TEST_F(Threads, ThatEndAreNotDeadRanks) {
    // The thread that opened the segment, and used it, is gone; its rank is not.
    segment other = [&] {
        std::optional<segment> made;
        start(1, [&](int) {
            made.emplace(on, segment_options{.capacity = 1_MiB});
            made->fence();
        }).clear();
        return std::move(*made);
    }();
    // Longer than the others look for the dead: each of them asks several times.
    if (rank == 0) std::this_thread::sleep_for(std::chrono::milliseconds(600));
    EXPECT_FALSE(error_of([&] { other.fence(); }));
    if (rank == last) std::this_thread::sleep_for(std::chrono::milliseconds(600));
    EXPECT_FALSE(error_of([&] { other.fence(); }));
    other.close();
}

} // namespace
} // namespace shmwin
