// SPDX-License-Identifier: MIT
// What other calls make of adopted arrays.
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/any_view.hpp"
#include "shmwin/view/view_of.hpp"

#include "support/host_window.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

struct AdoptedCalls : open_segment {
    std::vector<int> memory = std::vector<int>(200);

    [[nodiscard]] auto strided() {
        std::iota(memory.begin(), memory.end(), 0);
        return view_of(memory.data(), shape(5, 4), std::array{10 + rank, 2});
    }
};

TEST_F(AdoptedCalls, FindAnySeesEachRanksStrides) {
    auto const u = seg.adopt("u", strided());
    auto const any = seg.find_any("u");
    EXPECT_EQ(any.data(), static_cast<void*>(memory.data()));
    auto const typed = any.as<int, 2>();
    EXPECT_EQ(&typed(3, 2), &u(3, 2));
    EXPECT_FALSE(any.is_read_only());
    seg.destroy(u);
}

TEST_F(AdoptedCalls, FindAnyOfConstIsReadOnly) {
    int const three = 3;
    auto const u = seg.adopt("u", view_of(&three, shape(1)));
    EXPECT_TRUE(seg.find_any("u").is_read_only());
    EXPECT_EQ((seg.find_any("u").as<int const, 1>()(0)), 3);
    seg.destroy(u);
}

TEST_F(AdoptedCalls, FreezeOfItsPagesIsRefused) {
    host_window const window(world, 8192);
    auto const u = seg.adopt<double>("u", window.get(), shape(1024));
    auto const thrown = agreed_error_of(world, [&] { u.freeze(protect_pages); });
    EXPECT_EQ(thrown.code, errc::unsupported);
    EXPECT_THAT(thrown.text, HasSubstr("was adopted"));
    EXPECT_EQ(u.freeze().data(), u.data());
    seg.destroy(u);
}

TEST_F(AdoptedCalls, AlgorithmsJoinItWithArraysOfTheSegment) {
    host_window const window(world, 1000 * sizeof(double));
    auto const u = seg.adopt<double>("u", window.get(), shape(100, 10));
    auto const v = seg.create_array<double, layout_left>("v", shape(100, 10));
    fill(seg, u, 1.5);
    transform(seg, u, v, [](double x) { return 2 * x; });
    EXPECT_EQ(v(99, 9), 3.0);
    EXPECT_EQ(reduce(seg, u, 0.0, std::plus<>()), 1500.0);
    copy(seg, v, u);
    EXPECT_EQ(u(50, 5), 3.0);
    seg.fence();
    seg.destroy(u);
}

} // namespace
} // namespace shmwin
