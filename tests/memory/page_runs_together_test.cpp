// SPDX-License-Identifier: MIT
// Page runs of several threads and processes at once.
#include "shmwin/memory/page_runs.hpp"

#include "support/page_runs_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <gmock/gmock.h>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using detail::page_bytes;
using detail::page_index;
using detail::page_runs;
using detail::section_id;
using test::expect_one_free_run;
using test::violations_of;
using testing::IsEmpty;

using PageRuns = test::page_runs_fixture;

// Takes and gives back at random; every page of a block holds its owner's mark meanwhile.
class worker {
  public:
    worker(test::shared_pages const& pages, int rank)
        : runs_(pages.runs(rank)),
          words_(pages.where().as<std::uint64_t>(section_id::pages)),
          mark_(static_cast<std::uint64_t>(rank) + 1),
          random_(static_cast<unsigned>(rank) + 17) {}

    // False if somebody else wrote to a block of ours.
    [[nodiscard]] bool works(int n_steps) {
        bool intact = true;
        for (int step = 0; step < n_steps; ++step) {
            if (blocks_.size() < 20 && random_() % 2 == 0) {
                auto const n = std::uint64_t{1} + random_() % 30;
                auto const align = std::uint64_t{1} << (random_() % 5);
                if (auto const first = runs_.allocate(n, align)) {
                    blocks_.emplace_back(*first, n);
                    intact = change(blocks_.back(), 0, mark_) && intact;
                }
            } else if (!blocks_.empty()) {
                std::swap(blocks_.at(random_() % blocks_.size()), blocks_.back());
                intact = change(blocks_.back(), mark_, 0) && intact;
                intact = runs_.free(blocks_.back().first) && intact;
                blocks_.pop_back();
            }
        }
        return intact;
    }
    [[nodiscard]] bool ends() {
        bool intact = true;
        for (auto const& each : blocks_) {
            intact = change(each, mark_, 0) && runs_.free(each.first) && intact;
        }
        blocks_.clear();
        return intact;
    }

  private:
    using block = std::pair<page_index, std::uint64_t>;
    // Plain: the lock of the page runs orders one owner's stores before the next one's.
    bool change(block const& which, std::uint64_t from, std::uint64_t to) {
        bool intact = true;
        for (auto page = which.first; page < which.first + which.second; ++page) {
            auto& word = words_[page * (page_bytes / 8)];
            intact = intact && word == from;
            word = to;
        }
        return intact;
    }

    page_runs runs_;
    std::span<std::uint64_t> words_;
    std::uint64_t mark_;
    std::minstd_rand random_;
    std::vector<block> blocks_;
};

TEST_F(PageRuns, AreSharedByThreads) {
    std::atomic<bool> over{false};
    std::thread checker([&] {
        while (!over) {
            ASSERT_THAT(violations_of(pages.runs(7)), IsEmpty());
        }
    });
    test::as_threads(6, [&](int rank) {
        worker one(pages, rank);
        EXPECT_TRUE(one.works(10'000)) << "a block was handed out twice";
        EXPECT_TRUE(one.ends());
    });
    over = true;
    checker.join();
    expect_one_free_run(runs, n_pages);
}

// length() takes no lock: it may be asked about pages whose words others are changing.
TEST_F(PageRuns, LengthMayBeAskedWhileOthersWork) {
    auto const mine = take(9);
    std::atomic<bool> over{false};
    std::thread asker([&] {
        std::minstd_rand random(2);
        while (!over) {
            ASSERT_LE(runs.length(static_cast<page_index>(random() % n_pages)), n_pages);
            ASSERT_EQ(runs.length(mine), 9U);
        }
    });
    test::as_threads(2, [&](int rank) {
        worker one(pages, rank);
        EXPECT_TRUE(one.works(10'000));
        EXPECT_TRUE(one.ends());
    });
    over = true;
    asker.join();
}

TEST_F(PageRuns, AreSharedByProcesses) {
    SHMWIN_NEEDS_FORK();
    EXPECT_TRUE(test::as_processes(pages, 6, [&](int rank) {
        worker one(pages, rank);
        return one.works(10'000) && one.ends();
    }));
    expect_one_free_run(runs, n_pages);
    EXPECT_EQ(runs.stats().n_takeovers, 0U);
}

TEST_F(PageRuns, TakenByOneProcessAreFreedByAnother) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::atomic<page_index>> taken;
    test::child taker([&] {
        pages.who(1).attach();
        *taken = pages.runs(1).allocate(10, 1).value();
        pages.who(1).close();
        return true;
    });
    EXPECT_EQ(taker.wait(), 0);
    EXPECT_EQ(runs.length(*taken), 10U);
    EXPECT_TRUE(runs.free(*taken));
    expect_one_free_run(runs, n_pages);
}

} // namespace
} // namespace shmwin
