// SPDX-License-Identifier: MIT
// A shared_mutex and what it guards, in shared pages, for ranks that are threads or processes.
#pragma once

#include "shmwin/sync/shared_mutex.hpp"

#include "support/ranks.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <new>

namespace shmwin::test {

constexpr int most_ranks = 8;

/// The two numbers are equal whenever nobody writes.
struct guarded_pair {
    std::array<detail::shared_mutex_line, most_ranks + 1> lines;
    std::uint64_t first;
    std::uint64_t second;
    std::atomic<std::uint64_t> n_torn;
    std::atomic<int> n_ready;
    std::array<std::atomic<int>, most_ranks> n_done;
};

/// What a rank of the test needs for one call after the other.
struct pair_user {
    pair_user(sync_pages<guarded_pair, most_ranks> const& world, int rank, via which)
        : state(world.state(which)), waits(world.waits(rank, which)), what(world.what("test")) {}

    [[nodiscard]] detail::shared_mutex_access lock() { return {state.lines, waits, what}; }

    void write() const {
        state.first = state.first + 1;
        linger();
        state.second = state.first;
    }
    void read() const {
        auto const first = state.first;
        linger();
        if (first != state.second) state.n_torn.fetch_add(1);
    }
    // Long enough for somebody who should not be there.
    static void linger() noexcept {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        for (int i = 0; i < 10; ++i) {
            detail::cpu_pause();
        }
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }

    guarded_pair& state;
    detail::wait_context waits;
    detail::awaited what;
};

struct SharedMutex : testing::Test {
    sync_pages<guarded_pair, most_ranks> world;
    guarded_pair& state = world.state();

    [[nodiscard]] pair_user user(int rank, via which = via::first) const {
        return {world, rank, which};
    }
    /// What `call` throws; ok if nothing.
    template <typename Call>
    [[nodiscard]] static errc code_of(Call const& call) {
        auto const thrown = error_of([&] { call(); });
        return thrown ? thrown->code : errc::ok;
    }
};

} // namespace shmwin::test
