// SPDX-License-Identifier: MIT
// A mutex that threads and children take as ranks.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/mutex.hpp"

#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shmwin::test {

struct mutex_fixture : testing::Test {
    struct state {
        detail::mutex_state mutex;
        std::uint64_t count; // plain: guarded by the mutex
        std::atomic<std::uint64_t> n_ready;
    };
    sync_pages<state> pages;
    state& shared = pages.state();

    void lock(int rank) const { shared.mutex.lock(pages.waits(rank), pages.what("lock")); }
    [[nodiscard]] bool try_lock(int rank) const {
        return shared.mutex.try_lock(pages.waits(rank), pages.what("try_lock"));
    }
    [[nodiscard]] bool lock_for(int rank, std::chrono::milliseconds how_long) const {
        return shared.mutex.lock_until(
            pages.waits(rank), pages.what("lock_for"), detail::deadline_after(how_long));
    }
    [[nodiscard]] bool lock_to_repair(int rank) const {
        return shared.mutex.lock_to_repair(pages.waits(rank), pages.what("lock_to_repair"));
    }
    void mark_consistent(int rank) const {
        shared.mutex.mark_consistent(pages.waits(rank), pages.what("mark_consistent"));
    }
    void unlock(int rank) const { shared.mutex.unlock(pages.waits(rank), pages.what("unlock")); }

    // The futex word: its top bit says that somebody sleeps.
    [[nodiscard]] std::atomic_ref<std::uint32_t> word_of_sleepers() const {
        auto* const bytes = reinterpret_cast<std::byte*>(&shared.mutex);
        return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(bytes));
    }

    template <typename Call>
    [[nodiscard]] static error_info error_of(Call const& call) {
        try {
            call();
        } catch (error const& thrown) {
            return thrown.info();
        }
        return {};
    }
    [[nodiscard]] errc lock_error(int rank) const {
        return error_of([&] { lock(rank); }).code;
    }

    // A child that holds the lock as `rank`, does `then`, and sleeps until it is killed.
    template <typename Then>
    [[nodiscard]] child holder(int rank, Then const& then) const {
        auto const before = shared.n_ready.load();
        child made([&] {
            pages.pages.who(rank).attach();
            lock(rank);
            then();
            ++shared.n_ready;
            for (;;) {
                ::pause();
            }
            return true;
        });
        EXPECT_TRUE(eventually([&] { return shared.n_ready.load() != before; }));
        return made;
    }
    void die_holding(int rank) const {
        auto const doomed = holder(rank, [] {});
    }
};

} // namespace shmwin::test
