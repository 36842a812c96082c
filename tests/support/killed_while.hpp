// SPDX-License-Identifier: MIT
// Processes that work with a primitive until one of them is killed at a random moment, and what the
// survivors get.
#pragma once

#include "shmwin/base/error.hpp"

#include "support/longest_wait.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace shmwin::test {

/// The error that `call` ends with; nothing if it returned.
template <typename Call>
[[nodiscard]] std::optional<error_info> error_that_ends(Call const& call) {
    try {
        call();
    } catch (error const& thrown) {
        return thrown.info();
    }
    return std::nullopt;
}

/// n children, attached as ranks 0 to n - 1, call work(rank) for ever. One is killed within
/// `longest`. Each survivor's error must satisfy judge(rank, victim, error), in time: `survivors`
/// notes how long the last of them took.
template <typename Work, typename Judge>
void kill_one_of(shared_pages const& pages,
                 int n,
                 std::mt19937& random,
                 std::chrono::microseconds longest,
                 longest_wait& survivors,
                 Work const& work,
                 Judge const& judge) {
    shared_object<std::array<std::atomic<int>, 16>> begun;
    auto const victim = std::uniform_int_distribution(0, n - 1)(random);
    std::vector<child> children;
    children.reserve(static_cast<std::size_t>(n));
    for (int rank = 0; rank < n; ++rank) {
        children.emplace_back([&, rank] {
            pages.who(rank).attach();
            begun->at(static_cast<std::size_t>(rank)) = 1;
            auto const thrown = error_that_ends([&] {
                for (;;) {
                    work(rank);
                }
            });
            return thrown && judge(rank, victim, *thrown);
        });
    }
    for (int rank = 0; rank < n; ++rank) {
        ASSERT_TRUE(eventually([&] { return begun->at(static_cast<std::size_t>(rank)) == 1; }));
    }
    auto const delay = std::uniform_int_distribution<long>(0, longest.count())(random);
    std::this_thread::sleep_for(std::chrono::microseconds(delay));
    auto const killed_at = std::chrono::steady_clock::now();
    children[static_cast<std::size_t>(victim)].kill();
    for (int rank = 0; rank < n; ++rank) {
        if (rank == victim) continue;
        EXPECT_EQ(children[static_cast<std::size_t>(rank)].wait(), 0);
    }
    survivors.note_since(killed_at);
}

} // namespace shmwin::test
