// SPDX-License-Identifier: MIT
// A bounded buffer with two conditions: every item is taken once, and nobody who waits for an item
// or for room is forgotten.
#include "shmwin/sync/condition_variable.hpp"
#include "shmwin/sync/mutex.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace shmwin {
namespace {

using namespace test;
using detail::condition_state;

constexpr std::size_t n_items = 20'000;

struct buffer {
    detail::mutex_state mutex;
    alignas(64) condition_state not_empty;
    alignas(64) condition_state not_full;
    alignas(64) std::array<std::int32_t, 3> items; // plain, guarded as all below
    std::int64_t n_put;
    std::int64_t n_taken;
    std::int64_t n_to_come;
    std::array<std::atomic<std::uint8_t>, n_items> n_times; ///< that each item was taken
};

/// What a rank has of the buffer. Waits as the handle does.
struct buffer_user {
    buffer_user(sync_pages<buffer> const& pages, int rank)
        : all(pages.state(via_of(rank))),
          in(pages.waits(rank, via_of(rank))),
          where(pages.what("condition_variable::wait")) {}

    void lock() const { all.mutex.lock(in, where); }
    void unlock() const { all.mutex.unlock(in, where); }
    template <typename Ready>
    void wait(condition_state& condition, Ready const& ready) const {
        while (!ready()) {
            auto const ticket = detail::ticket(condition);
            unlock();
            auto const outcome = detail::wait_for_notification(condition, ticket, in, where);
            lock();
            static_cast<void>(outcome.get());
        }
    }
    void put(std::int32_t item) const {
        std::lock_guard const held(*this);
        wait(all.not_full, [&] { return all.n_put - all.n_taken < capacity(); });
        all.items.at(static_cast<std::size_t>(all.n_put % capacity())) = item;
        ++all.n_put;
        detail::notify_one(all.not_empty);
    }
    // False if none will come any more.
    [[nodiscard]] bool take() const {
        std::lock_guard const held(*this);
        wait(all.not_empty, [&] { return all.n_taken < all.n_put || all.n_to_come == 0; });
        if (all.n_to_come == 0) return false;
        auto const item = all.items.at(static_cast<std::size_t>(all.n_taken % capacity()));
        ++all.n_taken;
        ++all.n_times.at(static_cast<std::size_t>(item));
        detail::notify_one(all.not_full);
        if (--all.n_to_come == 0) detail::notify_all(all.not_empty);
        return true;
    }
    [[nodiscard]] std::int64_t capacity() const {
        return static_cast<std::int64_t>(all.items.size());
    }

    buffer& all;
    detail::wait_context in;
    detail::awaited where;
};

class ConditionVariableTogether : public Together {
  protected:
    // Ranks of even numbers put, the others take.
    static void expect_each_once(wait_policy const& how) {
        sync_pages<buffer> const pages(how);
        auto& all = pages.state();
        auto const n_putting = n_ranks() / 2;
        int const n_each = int{n_items} / n_putting;
        all.n_to_come = std::int64_t{n_each} * n_putting;
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            buffer_user const me(pages, rank);
            if (rank % 2 == 0) {
                for (int i = 0; i < n_each; ++i) {
                    me.put(rank / 2 * n_each + i);
                }
            } else {
                while (me.take()) {
                }
            }
            return true;
        }));
        auto* const end = all.n_times.begin() + std::int64_t{n_each} * n_putting;
        EXPECT_TRUE(std::all_of(all.n_times.begin(), end, [](auto& n) { return n == 1; }));
        EXPECT_TRUE(std::all_of(end, all.n_times.end(), [](auto& n) { return n == 0; }));
        EXPECT_EQ(all.n_put, all.n_taken);
    }
};

TEST_P(ConditionVariableTogether, EachItemIsTakenOnce) {
    for (int i = 0; i < n_turns(2); ++i) {
        expect_each_once(shared_pages::policy());
    }
}

TEST_P(ConditionVariableTogether, SleepersAreNotForgotten) {
    for (int i = 0; i < n_turns(1); ++i) {
        expect_each_once(sleepy());
    }
}

INSTANTIATE_TEST_SUITE_P(Crowd, ConditionVariableTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
