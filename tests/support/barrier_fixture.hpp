// SPDX-License-Identifier: MIT
// A barrier in shared pages, and ranks that meet at it: threads, or processes that may be killed.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/sync/barrier.hpp"

#include "support/sync_fixture.hpp"

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace shmwin::test {

/// Room for a barrier of up to `n_ranks`, and for what a test counts beside it.
struct barrier_room {
    detail::barrier_state state;
    std::array<std::uint64_t, 24> bits;
    std::array<std::atomic<std::int64_t>, 16> counts;
    std::array<std::int64_t, 16> plain; ///< published by the barrier alone
};

struct barrier_world : sync_pages<barrier_room> {
    explicit barrier_world(wait_policy const& policy = shared_pages::policy())
        : sync_pages<barrier_room>(policy) {}

    void make(std::vector<int> const& members) const {
        detail::make_barrier(&state().state, n_ranks, members);
    }
    void make_first(int n_members) const {
        std::vector<int> first(static_cast<std::size_t>(n_members));
        std::iota(first.begin(), first.end(), 0);
        make(first);
    }
    bool meet(int rank, detail::wait_deadline until = detail::no_deadline) const {
        auto const which = via_of(rank);
        return detail::meet_at(
            state(which).state, waits(rank, which), what("barrier::arrive_and_wait"), until);
    }
    [[nodiscard]] std::atomic<std::int64_t>& count(int i) const {
        return state().counts.at(static_cast<std::size_t>(i));
    }

    static constexpr int n_ranks = 8;
};

} // namespace shmwin::test
