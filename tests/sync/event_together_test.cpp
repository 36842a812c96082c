// SPDX-License-Identifier: MIT
// Events by which ranks wake each other: each set is seen, by the one or by all who wait, and with
// what was written before it.
#include "shmwin/sync/event.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shmwin {
namespace {

using namespace test;
using detail::clear_event;
using detail::event_state;
using detail::set_event;

struct letter {
    event_state has_come;
    std::array<std::uint64_t, 15> words; // plain: published by the event
};

struct post {
    alignas(64) std::array<letter, 8> of;
    alignas(64) std::array<event_state, 2> go; ///< of even and of odd rounds
    alignas(64) std::array<event_state, 2> done;
    std::atomic<int> n_done;
    std::uint64_t announced; // plain
};

class EventTogether : public Together {
  protected:
    using shared = sync_pages<post>;

    /// A rank's way to the events.
    struct at {
        at(shared const& pages, int number)
            : rank(number),
              all(pages.state(via_of(number))),
              in(pages.waits(number, via_of(number))) {}

        void wait(event_state& event) const {
            detail::wait_for_event(event, in, {"event::wait", 0});
        }

        int rank;
        post& all;
        detail::wait_context in;
    };

    // Whoever gets the letter, clears its event and sends the letter on.
    static bool pass_on(at const& me, int n) {
        auto& mine = me.all.of.at(static_cast<std::size_t>(me.rank));
        auto& next = me.all.of.at(static_cast<std::size_t>((me.rank + 1) % n_ranks()));
        bool right = true;
        for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(n); ++i) {
            auto const receive = [&] {
                me.wait(mine.has_come);
                clear_event(mine.has_come);
                right = right && std::ranges::all_of(mine.words, [&](auto w) { return w == i; });
            };
            if (me.rank != 0) receive();
            next.words.fill(i);
            set_event(next.has_come);
            if (me.rank == 0) receive();
        }
        return right;
    }

    // All wait for rank 0's event, rank 0 for that of the last who saw it.
    static bool see_all(at const& me, int n) {
        bool right = true;
        for (int i = 1; i <= n; ++i) {
            auto& go = me.all.go.at(static_cast<std::size_t>(i) % 2);
            auto& done = me.all.done.at(static_cast<std::size_t>(i) % 2);
            if (me.rank == 0) {
                me.all.announced = static_cast<std::uint64_t>(i);
                set_event(go);
                me.wait(done);
                clear_event(go);
                clear_event(done);
            } else {
                me.wait(go);
                right = right && me.all.announced == static_cast<std::uint64_t>(i);
                if (me.all.n_done.fetch_add(1) + 1 == i * (n_ranks() - 1)) set_event(done);
            }
        }
        return right;
    }

    static void expect_all_seen(wait_policy const& how, int n) {
        shared const pages(how);
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            at const me(pages, rank);
            return pass_on(me, n) && see_all(me, n);
        }));
        EXPECT_EQ(pages.state().n_done, n * (n_ranks() - 1));
    }
};

TEST_P(EventTogether, EachSetIsSeenWithWhatWasWrittenBefore) {
    expect_all_seen(shared_pages::policy(), n_turns(4000));
}

TEST_P(EventTogether, EachSetWakesWhoSleeps) {
    expect_all_seen(sleepy(), n_turns(2500));
}

INSTANTIATE_TEST_SUITE_P(Crowd, EventTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
