// SPDX-License-Identifier: MIT
// Who is woken again and again, or waits for short times again and again, finds out what who sleeps
// undisturbed finds out: that somebody died, and that the wait is long.
#include "shmwin/sync/condition_variable.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/event.hpp"
#include "shmwin/sync/look_clock.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/section.hpp"
#include "shmwin/sync/shared_mutex.hpp"
#include "shmwin/sync/value_wait.hpp"

#include "support/killed_while.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <unistd.h>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using detail::no_deadline;
using namespace std::chrono_literals;

constexpr int n_ranks = 8;

struct primitives {
    std::array<detail::shared_mutex_line, n_ranks + 1> lock;
    alignas(64) std::array<std::byte, detail::section_bytes(n_ranks)> section;
    std::array<detail::mutex_state, 2> mutexes;
    detail::event_state event;
    detail::condition_state condition;
    std::atomic<int> n_ready;
};

struct RepeatedWait : testing::Test {
    RepeatedWait() { detail::make_section(&state.section, n_ranks); }

    sync_pages<primitives, n_ranks> world;
    primitives& state = world.state();
    detail::wait_context me = world.waits(0);
    detail::awaited what = world.what("test");

    [[nodiscard]] detail::shared_mutex_access lock() { return {state.lock, me, what}; }
    [[nodiscard]] detail::section_access section() { return {&state.section, me, what}; }

    // A process that did f(wait_context) as this rank is gone.
    template <typename F>
    void die_after(int rank, F const& f) {
        child victim([&] {
            world.pages.who(rank).attach();
            f(world.waits(rank));
            state.n_ready = 1;
            for (;;) {
                ::pause();
            }
            return true;
        });
        ASSERT_TRUE(eventually([&] { return state.n_ready == 1; }));
        victim.kill();
        victim.wait();
    }
    void die(int rank) {
        die_after(rank, [](auto const&) {});
    }
    void die_writing(int rank) {
        die_after(rank, [&](detail::wait_context const& by) {
            static_cast<void>(
                detail::shared_mutex_access(state.lock, by, what).lock_until(no_deadline));
        });
    }

    // True if one of 100 short waits is the last. A half second or more, however slow the machine:
    // enough for one look, and too few waits for one of them to last 100 ms by chance.
    template <typename Wait>
    static bool ends_soon(Wait const& short_wait) {
        for (int i = 0; i < 100; ++i) {
            if (short_wait()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }
    /// The error that ends a loop of short waits.
    template <typename Wait>
    static errc code_of_polling(Wait const& short_wait) {
        errc code = errc::ok;
        EXPECT_TRUE(ends_soon([&] {
            auto const thrown = error_that_ends([&] { static_cast<void>(short_wait()); });
            if (thrown) code = thrown->code;
            return code != errc::ok;
        }));
        return code;
    }

    /// What ends a wait that `disturb` wakes all the time.
    template <typename Wait, typename Disturb>
    static errc code_of_disturbed(Wait const& wait, Disturb const& disturb) {
        std::atomic<bool> is_over{false};
        std::thread other([&] {
            while (!is_over) {
                disturb();
                std::this_thread::sleep_for(1ms);
            }
        });
        auto const thrown = error_that_ends([&] { static_cast<void>(wait(deadline_after(20s))); });
        is_over = true;
        other.join();
        return thrown ? thrown->code : errc::ok;
    }
};

constexpr auto never = [] { return false; };

// --- short waits, again and again ----------------------------------------------------------------

TEST_F(RepeatedWait, OfManyShortOnesFindsADeadWriter) {
    SHMWIN_NEEDS_FORK();
    die_writing(1);
    EXPECT_EQ(code_of_polling([&] { return lock().lock_until(deadline_after(1ms)); }),
              errc::owner_died);
}

TEST_F(RepeatedWait, OfManyShortOnesToReadFindsADeadWriter) {
    SHMWIN_NEEDS_FORK();
    die_writing(1);
    EXPECT_EQ(code_of_polling([&] { return lock().lock_shared_until(deadline_after(1ms)); }),
              errc::owner_died);
}

TEST_F(RepeatedWait, OfManyShortOnesClearsADeadReader) {
    SHMWIN_NEEDS_FORK();
    die_after(1, [&](detail::wait_context const& by) {
        static_cast<void>(
            detail::shared_mutex_access(state.lock, by, what).lock_shared_until(no_deadline));
    });
    EXPECT_TRUE(ends_soon([&] { return lock().lock_until(deadline_after(1ms)); }));
}

TEST_F(RepeatedWait, OfManyShortOnesForAVersionFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    EXPECT_EQ(code_of_polling([&] { return section().begin_reading(1, deadline_after(1ms)); }),
              errc::peer_left);
}

TEST_F(RepeatedWait, OfManyShortOnesForASectionFindsADeadWriter) {
    SHMWIN_NEEDS_FORK();
    die_after(1, [&](detail::wait_context const& by) {
        static_cast<void>(
            detail::section_access(&state.section, by, what).begin_writing(no_deadline));
    });
    EXPECT_EQ(code_of_polling([&] { return section().begin_writing(deadline_after(1ms)); }),
              errc::owner_died);
}

TEST_F(RepeatedWait, OfManyShortOnesForAValueFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    for (auto const how_long : {0ms, 1ms}) {
        EXPECT_EQ(code_of_polling([&] {
                      return detail::wait_for_value(me, what, never, deadline_after(how_long));
                  }),
                  errc::peer_left);
    }
}

TEST_F(RepeatedWait, OfManyShortOnesForAnEventFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    EXPECT_EQ(code_of_polling([&] {
                  return detail::wait_for_event(state.event, me, what, deadline_after(1ms));
              }),
              errc::peer_left);
}

TEST_F(RepeatedWait, OfWhoTriesTwoLocksFindsTheDeadHolderOfEither) {
    SHMWIN_NEEDS_FORK();
    die_after(1, [&](detail::wait_context const& by) { state.mutexes[1].lock(by, what); });
    std::thread([&] { state.mutexes[0].lock(world.waits(2), what); }).join();
    EXPECT_EQ(code_of_polling([&] {
                  return state.mutexes[0].try_lock(me, what) || state.mutexes[1].try_lock(me, what);
              }),
              errc::owner_died);
}

TEST_F(RepeatedWait, OfWhoTriesALockIsNotAllLooking) {
    int n_looks = 0;
    auto const begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        n_looks += detail::is_time_to_look(detail::look_key(&state.event)) ? 1 : 0;
    }
    auto const took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(n_looks, 1);
    EXPECT_LE(n_looks, took / 100ms + 1);
}

// --- one wait of many sleeps ---------------------------------------------------------------------

TEST_F(RepeatedWait, ForAValueOnABusyLineFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    EXPECT_EQ(code_of_disturbed(
                  [&](auto until) { return detail::wait_for_value(me, what, never, until); },
                  [&] { detail::notify_value(me.lot(), what.object); }),
              errc::peer_left);
}

TEST_F(RepeatedWait, ParkedOnABusyLineFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    auto const check = [&](bool look) { me.check_peers(what, look); };
    EXPECT_EQ(code_of_disturbed([&](auto until) { return me.park(what, never, check, until); },
                                [&] { me.lot().unpark(what.object); }),
              errc::peer_left);
}

TEST_F(RepeatedWait, ParkedWithoutAContextOnABusyLineFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    auto const check = [&](bool look) { me.check_peers(what, look); };
    EXPECT_EQ(code_of_disturbed(
                  [&](auto until) {
                      return me.lot().park(what.object, me.policy(), never, check, until);
                  },
                  [&] { me.lot().unpark(what.object); }),
              errc::peer_left);
}

TEST_F(RepeatedWait, InALoopOfNotificationsFindsADeadRank) {
    SHMWIN_NEEDS_FORK();
    die(1);
    EXPECT_EQ(code_of_disturbed(
                  [&](auto until) {
                      while (std::chrono::steady_clock::now() < until) {
                          auto const ticket = detail::ticket(state.condition);
                          static_cast<void>(detail::wait_for_notification(
                                                state.condition, ticket, me, what, until)
                                                .get());
                      }
                      return false;
                  },
                  [&] { detail::notify_all(state.condition); }),
              errc::barrier_broken);
}

// --- warnings ------------------------------------------------------------------------------------

struct watcher final : detail::wait_watcher {
    std::chrono::steady_clock::time_point since; // written before n_told
    std::atomic<int> n_told{0};
    void waits_too_long(detail::awaited const& /*what*/,
                        std::chrono::nanoseconds how_long,
                        bool /*at_length*/) noexcept override {
        since = std::chrono::steady_clock::now() - how_long;
        ++n_told;
    }
};

struct WarnedWait : RepeatedWait {
    WarnedWait() { how.warn_after = 1s; }

    [[nodiscard]] detail::wait_context watched() {
        return {world.pages.who(0),
                how,
                world.pages.lot(),
                world.pages.meeting(0, how),
                world.pages.log(0, via::first, &watch)};
    }

    watcher watch;
    wait_policy how = shared_pages::policy();
};

TEST_F(WarnedWait, OnABusyLineIsWarnedOfOnce) {
    auto const watches = watched();
    auto const until = deadline_after(10s);
    // Ends half a second after the warning, so that a second one would be seen.
    auto ends = no_deadline;
    auto const is_warned = [&] {
        auto const now = std::chrono::steady_clock::now();
        if (watch.n_told != 0) ends = std::min(ends, now + 500ms);
        return now >= ends;
    };
    EXPECT_EQ(code_of_disturbed(
                  [&](auto) { return detail::wait_for_value(watches, what, is_warned, until); },
                  [&] { detail::notify_value(me.lot(), what.object); }),
              errc::ok);
    EXPECT_EQ(watch.n_told, 1);
}

// Each turn comes within milliseconds, and always somebody else has it.
TEST_F(WarnedWait, OfManyLostTurnsIsWarnedOfOnce) {
    auto const watches = watched();
    // Of rank 1, which has the lock; and a word that is nobody's, and free for nobody.
    auto& word = state.lock[0].writer;
    constexpr std::uint64_t theirs = (std::uint64_t{1} << 32U) | 2U;
    constexpr std::uint64_t nobodys = 0x8000'0000U;
    word = theirs;
    std::atomic<bool> is_over{false};
    std::thread reader([&] {
        detail::shared_mutex_access own(state.lock, watches, what);
        EXPECT_TRUE(own.lock_shared_until(deadline_after(60s)));
        own.unlock_shared();
        is_over = true;
    });
    auto const end = std::chrono::steady_clock::now() + 20s;
    while (watch.n_told == 0 && std::chrono::steady_clock::now() < end) {
        word = nobodys;
        detail::notify_line(state.lock[0].turn);
        std::this_thread::sleep_for(1ms);
        word = theirs;
        std::this_thread::sleep_for(10ms);
    }
    word = 0;
    detail::notify_line(state.lock[0].turn);
    reader.join();
    EXPECT_TRUE(is_over);
    EXPECT_EQ(watch.n_told, 1);
}

// First for the version, then for the writer of the next one: it is one wait.
TEST_F(WarnedWait, ForAVersionAndThenForTheLockIsOne) {
    auto const watches = watched();
    auto& first = *reinterpret_cast<detail::section_state*>(&state.section);
    auto& lock = *reinterpret_cast<detail::shared_mutex_line*>(&first + 1);
    lock.writer = (std::uint64_t{1} << 32U) | 2U; // rank 1, which lives
    std::thread reader([&] {
        detail::section_access own(&state.section, watches, what);
        EXPECT_TRUE(own.begin_reading(1, deadline_after(60s)));
        own.finish_reading();
    });
    EXPECT_TRUE(eventually([&] { return first.changed.n_sleepers != 0; }));
    std::this_thread::sleep_for(500ms);
    auto const version_came = std::chrono::steady_clock::now();
    first.version = 1;
    detail::notify_line(first.changed);
    EXPECT_TRUE(eventually([&] { return watch.n_told != 0; }));
    EXPECT_LT(watch.since, version_came);
    lock.writer = 0;
    detail::notify_line(lock.turn);
    reader.join();
    EXPECT_EQ(watch.n_told, 1);
}

} // namespace
} // namespace shmwin
