// SPDX-License-Identifier: MIT
// Ranks that die with a lease, or anywhere inside a call: the survivors get the tasks back and lose
// none, and only what was not done yet is done again.
#include "shmwin/sync/deadline.hpp"

#include "support/crash_states.hpp"
#include "support/longest_wait.hpp"
#include "support/queue_fixture.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using detail::pop_outcome;
using std::chrono::steady_clock;
using test::child;
using test::numbers;
using testing::AnyOf;
using testing::IsEmpty;

using task_list = std::vector<std::int64_t>;

struct TaskQueueAfterDeath : testing::Test, test::queue_pages<std::int64_t> {};

TEST_F(TaskQueueAfterDeath, LeasesOfTheDeadComeBackToWhoWaitsForShortTimes) {
    SHMWIN_NEEDS_FORK();
    auto mine = user(0);
    mine.push(5);
    child holder([&] {
        pages.who(1).attach();
        return user(1).pop().has_value();
    });
    ASSERT_EQ(holder.wait(), 0);
    EXPECT_TRUE(test::eventually([&] {
        return mine.pop(detail::deadline_after(std::chrono::milliseconds(5))).has_value();
    }));
}

TEST_F(TaskQueueAfterDeath, LeasesOfTheDeadAreTakenBack) {
    SHMWIN_NEEDS_FORK();
    auto mine = user(0);
    mine.push({1, 2, 3});
    test::shared_object<std::atomic<int>> n_leased;
    auto const holder = [&](int rank) {
        return child([&, rank] {
            pages.who(rank).attach();
            auto theirs = user(rank);
            static_cast<void>(theirs.pop());
            ++*n_leased;
            for (;;) {
                ::pause();
            }
            return false;
        });
    };
    auto first = holder(1);
    auto second = holder(2);
    ASSERT_TRUE(test::eventually([&] { return *n_leased == 2; }));
    EXPECT_EQ(mine.drain(), task_list{3});
    EXPECT_EQ(mine.outcome(), pop_outcome::none);
    for (auto* each : {&first, &second}) {
        each->kill();
        auto const begin = steady_clock::now();
        auto const got = mine.pop(); // a zombie is dead, too
        ASSERT_TRUE(got);
        EXPECT_LT(steady_clock::now() - begin, test::longest_wait_for_the_dead());
        EXPECT_EQ(got->ticket.attempts(), 2);
        mine->done(got->ticket);
        EXPECT_EQ(each->wait(), -SIGKILL);
    }
    EXPECT_FALSE(mine.pop());
}

// try_pop() of a rank that works between its calls finds it out, too.
TEST_F(TaskQueueAfterDeath, WhoNeverSleepsTakesLeasesBackToo) {
    SHMWIN_NEEDS_FORK();
    auto mine = user(0);
    mine.push(1);
    child holder([&] {
        pages.who(1).attach();
        return user(1).pop().has_value();
    });
    EXPECT_EQ(holder.wait(), 0);
    ASSERT_TRUE(test::eventually([&] { return mine.try_pop().has_value(); }));
}

// At each store of each call: it is done or not done, and nothing else is touched.
TEST_F(TaskQueueAfterDeath, ADeathAtAnyStoreLeavesTheCallDoneOrNotDone) {
    SHMWIN_NEEDS_FORK();
    detail::layout_request const request{.capacity = 256_KiB, .n_ranks = 2};
    test::queue_pages<std::int64_t> const small(request);
    test::crash_states states(small.pages, request, small.pages.n_bytes());
    auto theirs = small.user(1);
    theirs.push(numbers(62));
    test::shared_object<test::queue_user<std::int64_t>::popped> held; // the calls are a child's
    struct row {
        char const* what;
        std::function<void()> call;
        task_list before;
        task_list after;
    };
    // Tasks leased by the one that died are there, too: they come back.
    std::vector<row> const rows{
        {"push", [&] { theirs.push(62); }, numbers(62), numbers(63)},
        {"push of what does not fit",
         [&] {
             theirs.push({63, 64});
         },
         numbers(63),
         numbers(65)},
        {"pop", [&] { *held = *theirs.pop(); }, numbers(65), numbers(65)},
        {"done", [&] { theirs->done(held->ticket); }, numbers(65), numbers(64, 1)},
        {"pop again", [&] { *held = *theirs.pop(); }, numbers(64, 1), numbers(64, 1)},
        {"put_back", [&] { theirs->put_back(held->ticket); }, numbers(64, 1), numbers(64, 1)},
        {"done, and a chunk ends",
         [&] { theirs->done(held->ticket); },
         numbers(3, 62),
         numbers(2, 63)},
        {"make_incoming", [&] { theirs->make_incoming(4); }, numbers(2, 63), numbers(2, 63)},
        {"take_incoming", [&] { theirs->take_incoming(); }, numbers(2, 63), task_list(4, 9)},
        {"clear", [&] { theirs->clear(); }, task_list(4, 9), {}},
        {"push into what was used", [&] { theirs.push(3); }, {}, {3}}};
    for (auto const& each : rows) {
        SCOPED_TRACE(each.what);
        if (std::string_view(each.what) == "done, and a chunk ends") {
            for (int i = 0; i < 62; ++i) { // up to the last one of the first chunk
                *held = *theirs.pop();
                if (i < 61) theirs->done(held->ticket);
            }
        }
        if (std::string_view(each.what) == "take_incoming") {
            for (auto const piece : theirs->incoming()) {
                auto* const first = reinterpret_cast<std::int64_t*>(piece.data());
                std::fill_n(first, piece.size() / 8, 9);
            }
        }
        bool done = false;
        bool const stepped =
            states.each(each.call, [&](test::shared_pages const& image, std::size_t i) {
                test::queue_user<std::int64_t> survivor(image, small.state, 0);
                survivor.push(77); // takes the lock, and so repairs
                ASSERT_EQ(survivor->violation(), "") << "state " << i;
                ASSERT_THAT(image.memory(0).verify().violations, IsEmpty()) << "state " << i;
                auto* const there = image.where().at(small.state);
                reinterpret_cast<detail::task_queue_state*>(there)->looked_ns = 0; // a look is due
                auto found = survivor.drain();
                ASSERT_EQ(survivor.outcome(), pop_outcome::end) << "state " << i;
                auto const last = std::ranges::find(found, 77);
                ASSERT_NE(last, found.end());
                found.erase(last);
                std::ranges::sort(found); // what comes back is found behind the rest
                done = done || found == each.after;
                // Of several tasks, some may have come, or gone.
                auto const [least, most] = std::minmax(each.before.size(), each.after.size());
                bool const partly = found.size() > least && found.size() < most;
                if (!partly) {
                    ASSERT_EQ(found, done ? each.after : each.before) << "state " << i;
                }
                // It is good for more.
                survivor.push(numbers(100));
                ASSERT_EQ(survivor.drain(), numbers(100));
            });
        if (!stepped) GTEST_SKIP() << "no ptrace() here";
        EXPECT_TRUE(done);
    }
}

// --- random kills --------------------------------------------------------------------------------

struct TaskQueueUnderKills : testing::TestWithParam<unsigned> {
    static constexpr int n_workers = 3;
    static constexpr int n_kills = 25;              // a round; each worker has a rank of its own
    static constexpr std::int64_t n_first = 40'000; // tasks, each of which pushes another
    static constexpr std::size_t n_tasks = 2 * n_first;
    test::queue_pages<std::int64_t> all{{.capacity = 8_MiB, .n_ranks = n_workers + n_kills + 1}};
    test::queue_user<std::int64_t> survivor = all.user(0);
    struct counts {
        std::atomic<std::int64_t> n_made;
        std::array<std::atomic<bool>, n_tasks> pushed; ///< as far as its worker lived to say
        std::array<std::atomic<int>, n_tasks> worked;
        std::array<std::atomic<int>, n_tasks> done; ///< likewise
        std::atomic<std::int64_t> n_steps;
        std::atomic<bool> ended;
    };
    test::shared_object<counts> seen;
    std::vector<std::unique_ptr<child>> workers;
    int n_ranks = 1;
    unsigned seed = 1000 * GetParam();
    test::longest_wait survivors;

    void push_another(test::queue_user<std::int64_t> const& mine) const {
        auto const number = n_first + seen->n_made++;
        if (number >= std::int64_t{n_tasks}) return;
        mine.push(number);
        seen->pushed.at(static_cast<std::size_t>(number)) = true;
    }
    // False if a task comes that was over, or was never pushed.
    [[nodiscard]] bool work(test::queue_user<std::int64_t>& mine, unsigned random_seed) const {
        std::minstd_rand random(random_seed);
        while (auto const got = mine.pop()) {
            ++seen->n_steps;
            auto const which = static_cast<std::size_t>(got->task);
            if (which >= n_tasks || seen->done.at(which) != 0) return false;
            if (random() % 8 == 0) {
                mine->put_back(got->ticket);
                continue;
            }
            if (got->task < n_first) push_another(mine);
            ++seen->worked.at(which);
            if (!mine->done(got->ticket)) return false;
            ++seen->done.at(which);
        }
        seen->ended = true;
        return mine.outcome() == pop_outcome::end;
    }
    void start_worker(std::size_t place) {
        auto const rank = n_ranks++;
        auto const random_seed = ++seed;
        workers.at(place) = std::make_unique<child>([&, rank, random_seed] {
            all.pages.who(rank).attach();
            auto mine = all.user(rank, rank % 2 == 0 ? test::via::first : test::via::second);
            return work(mine, random_seed);
        });
    }
    // False when all is over.
    [[nodiscard]] bool kill_one(std::size_t place) {
        workers.at(place)->kill();
        auto const status = workers.at(place)->wait();
        EXPECT_THAT(status, AnyOf(0, -SIGKILL)) << "a wrong task came";
        EXPECT_EQ(survivor->violation(), "");
        start_worker(place);
        auto const before = seen->n_steps.load();
        auto const begin = steady_clock::now();
        EXPECT_TRUE(test::eventually([&] { return seen->ended || seen->n_steps > before; }));
        survivors.note_since(begin);
        return !seen->ended && status != 0;
    }
};
INSTANTIATE_TEST_SUITE_P(Seed,
                         TaskQueueUnderKills,
                         testing::Range(0U, 4U * static_cast<unsigned>(test::soak_factor())));

TEST_P(TaskQueueUnderKills, NoTaskIsLostAndNoneIsDoneTwice) {
    SHMWIN_NEEDS_FORK();
    std::minstd_rand random(700 + GetParam());
    workers.resize(n_workers);
    survivor.push(numbers(n_first));
    for (std::size_t i = 0; i < n_workers; ++i) {
        start_worker(i);
    }
    int n_killed = 0;
    do {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 1000));
    } while (++n_killed <= n_kills - 1 && kill_one(random() % n_workers));
    for (auto const& each : workers) {
        EXPECT_EQ(each->wait(), 0) << "a wrong task came";
    }
    EXPECT_FALSE(survivor.pop());
    EXPECT_EQ(survivor.outcome(), pop_outcome::end);
    int n_again = 0;
    for (std::size_t i = 0; i < n_tasks; ++i) {
        bool const was_pushed = i < n_first || seen->pushed.at(i);
        ASSERT_TRUE(!was_pushed || seen->worked.at(i) >= 1) << "task " << i << " is lost";
        ASSERT_LE(seen->done.at(i), 1) << "task " << i;
        n_again += std::max(0, seen->worked.at(i) - 1);
    }
    EXPECT_LE(n_again, n_killed) << "a death repeats one task";
    EXPECT_EQ(survivor->violation(), "");
    EXPECT_THAT(all.pages.memory(0).verify().violations, IsEmpty());
}

} // namespace
} // namespace shmwin
