// SPDX-License-Identifier: MIT
// Ranks that wake each other by values of all sizes: whoever is woken sees what was written before
// the notification, and nobody is forgotten.
#include "shmwin/sync/value_wait.hpp"

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

/// Where a rank is told that it is its turn, with a message written before.
template <typename T>
struct mailbox {
    alignas(64) std::atomic<T> turn;
    std::array<std::uint64_t, 15> message;
};

struct post_office {
    std::array<mailbox<std::uint8_t>, 8> bytes;
    std::array<mailbox<std::uint16_t>, 8> halves;
    std::array<mailbox<std::uint32_t>, 8> words;
    std::array<mailbox<std::uint64_t>, 8> longs;
    alignas(64) std::atomic<std::uint16_t> round;
    alignas(64) std::atomic<std::uint64_t> n_done;
};

class ValuesTogether : public Together {
  protected:
    using shared = sync_pages<post_office>;

    /// A rank's way to the values.
    struct at {
        shared const& pages;
        int rank;
        post_office& all;
        detail::wait_context waits;

        at(shared const& of, int self)
            : pages(of),
              rank(self),
              all(of.state(which(self))),
              waits(of.waits(self, which(self))) {}

        template <typename T, typename Ready>
        void wait(std::atomic<T> const& value, Ready const& ready) const {
            auto const is = [&] { return ready(value.load()); };
            static_cast<void>(detail::wait_for_value(waits, {"value::wait", key(value)}, is));
        }
        template <typename T>
        void notify(std::atomic<T> const& value) const {
            detail::notify_value(waits.lot(), key(value));
        }

      private:
        static via which(int rank) { return rank % 2 == 0 ? via::first : via::second; }
        // Its position, the same on all ranks.
        template <typename T>
        [[nodiscard]] std::uint64_t key(std::atomic<T> const& value) const {
            return static_cast<std::uint64_t>(reinterpret_cast<std::byte const*>(&value)
                                              - reinterpret_cast<std::byte const*>(&all))
                   + 4096;
        }
    };

    /// A message goes round through all boxes, n times. False if it was not what was sent.
    template <typename T>
    static bool pass_on(at const& me, std::array<mailbox<T>, 8>& boxes, int n) {
        auto& mine = boxes.at(static_cast<std::size_t>(me.rank));
        auto& next = boxes.at(static_cast<std::size_t>((me.rank + 1) % n_ranks()));
        bool right = true;
        for (int i = 1; i <= n; ++i) {
            auto const receive = [&] {
                me.wait(mine.turn, [&](T now) { return now == static_cast<T>(i); });
                auto const expected = static_cast<std::uint64_t>(i);
                right =
                    right && std::all_of(mine.message.begin(), mine.message.end(), [&](auto word) {
                        return word == expected;
                    });
            };
            if (me.rank != 0) receive();
            next.message.fill(static_cast<std::uint64_t>(i));
            next.turn.store(static_cast<T>(i), std::memory_order_release);
            me.notify(next.turn);
            if (me.rank == 0) receive();
        }
        return right;
    }

    static bool go_round(shared const& pages, int n) {
        return all_ranks(pages.pages, [&](int rank) {
            at const me(pages, rank);
            return pass_on(me, me.all.bytes, n) && pass_on(me, me.all.halves, n)
                   && pass_on(me, me.all.words, n) && pass_on(me, me.all.longs, n);
        });
    }
};

TEST_P(ValuesTogether, AMessageGoesRoundWhole) {
    shared const pages;
    EXPECT_TRUE(go_round(pages, n_turns(1000)));
}

TEST_P(ValuesTogether, AMessageGoesRoundAmongSleepers) {
    shared const pages(sleepy());
    EXPECT_TRUE(go_round(pages, n_turns(500)));
}

// All sleep on one value, which one of them changes, and that one on another, which all change.
TEST_P(ValuesTogether, OneWakesAllAndAllWakeOne) {
    int const n = n_turns(1000);
    shared const pages(sleepy());
    EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
        at const me(pages, rank);
        auto const others = static_cast<std::uint64_t>(n_ranks() - 1);
        for (int i = 1; i <= n; ++i) {
            if (rank == 0) {
                me.all.round.store(static_cast<std::uint16_t>(i));
                me.notify(me.all.round);
                me.wait(me.all.n_done, [&](auto now) { return now == others * unsigned(i); });
            } else {
                me.wait(me.all.round,
                        [&](auto now) { return now == static_cast<std::uint16_t>(i); });
                me.all.n_done.fetch_add(1, std::memory_order_release);
                me.notify(me.all.n_done);
            }
        }
        return true;
    }));
    EXPECT_EQ(pages.state().n_done, static_cast<std::uint64_t>(n_ranks() - 1) * unsigned(n));
}

INSTANTIATE_TEST_SUITE_P(Crowd, ValuesTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
