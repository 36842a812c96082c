// SPDX-License-Identifier: MIT
// What tests of fail points share: blocks for every rank, and errors that are the same on all.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/segment/value.hpp"

#include "io/fail_point.hpp"
#include "support/filled_array.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace shmwin::test {

struct fault_fixture : filled_array<6 << 15> { // 6 blocks of 256 KiB
    void SetUp() override {
        if (detail::fail_point_names().empty()) GTEST_SKIP() << "built without fail points";
    }

    /// The error of a collective; all ranks have it, or none, and within 10 s.
    std::optional<error_info> agreed_trouble(detail::function_ref<void()> call) {
        auto const begin = std::chrono::steady_clock::now();
        auto thrown = error_of(call);
        EXPECT_LT(seconds_since(begin), 10.0);
        auto const mine = thrown ? std::string(name(thrown->code)) + ' ' + thrown->text : "";
        EXPECT_TRUE(!thrown || thrown->agreed) << mine;
        for (auto const& other : gather(world, mine)) {
            EXPECT_EQ(other, mine) << "ranks got different errors";
        }
        return thrown;
    }

    shmwin::value<int> n = seg.create_value<int>("n", 0);
};

} // namespace shmwin::test
