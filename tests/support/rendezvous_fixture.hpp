// SPDX-License-Identifier: MIT
// Meetings of ranks that are threads, and what each of them got.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <gmock/gmock.h>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::test {

// What each rank got from one meeting.
struct outcome {
    std::optional<error_info> error;
    detail::meeting_values values{};
};

template <typename Meet>
outcome outcome_of(Meet const& meet) {
    outcome got;
    try {
        got.values = meet();
    } catch (error const& failed) {
        got.error = failed.info();
    }
    return got;
}

inline constexpr auto no_completion = [](detail::meeting_values&) {};

struct rendezvous_fixture : testing::Test {
    static constexpr int max = 8;
    shared_pages pages{{.capacity = 4096, .n_ranks = max}};
    wait_policy how = wait_policy::for_ranks(64);

    // The meeting of ranks 0 to n - 1 of fewer than max ranks has pages of its own.
    template <typename Body>
    std::vector<outcome> meet_all(int n, Body const& body) {
        shared_pages const own({.capacity = 4096, .n_ranks = n});
        std::vector<outcome> all(static_cast<std::size_t>(n));
        as_threads(n, [&](int rank) {
            auto const meeting = own.meeting(rank, how);
            all[static_cast<std::size_t>(rank)] = outcome_of([&] { return body(meeting, rank); });
        });
        return all;
    }
};

// All got this error, in the same words.
inline void
expect_error(std::vector<outcome> const& all, errc code, int rank, std::string const& text) {
    for (auto const& each : all) {
        ASSERT_TRUE(each.error);
        EXPECT_EQ(each.error->code, code);
        EXPECT_EQ(each.error->rank, rank);
        EXPECT_TRUE(each.error->agreed);
        EXPECT_THAT(each.error->text, testing::HasSubstr(text));
        EXPECT_EQ(each.error->text, all.front().error->text);
    }
}

} // namespace shmwin::test
