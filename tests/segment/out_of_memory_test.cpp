// SPDX-License-Identifier: MIT
// A segment that is full: the same error on all ranks, nothing changed, and it goes on.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <new>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t capacity = std::size_t{4} << 20U;

struct FullSegment : open_segment_as<testing::Test, capacity> {
    FullSegment() { static_cast<void>(seg.create_value<int>("warm")); }

    // An agreed out_of_memory that leaves everything as it was.
    error_info refused(detail::function_ref<void()> call) {
        seg.fence();
        auto const before = seg.heap().stats();
        auto const names = seg.list().size();
        seg.fence();
        auto const thrown = agreed_error_of(world, call);
        EXPECT_EQ(thrown.code, errc::out_of_memory);
        EXPECT_THAT(thrown.text,
                    AllOf(HasSubstr("asked for"),
                          HasSubstr("free of"),
                          HasSubstr(std::to_string(capacity)),
                          HasSubstr("SHMWIN_CAPACITY")));
        auto const after = seg.heap().stats();
        EXPECT_EQ(after.used, before.used);
        EXPECT_EQ(after.free, before.free);
        EXPECT_EQ(after.n_blocks, before.n_blocks);
        EXPECT_EQ(after.largest_free, before.largest_free);
        EXPECT_EQ(seg.list().size(), names);
        expect_sound(seg);
        return thrown;
    }

    // Takes all that is free, by arrays of ever smaller sizes, and values: all pages, and what
    // rank 0 has in slabs for small blocks.
    int fill() {
        int n_made = 0;
        for (std::int64_t n = 1 << 20; n >= 64; n /= 2) {
            for (;;) {
                auto const name = "part " + std::to_string(n_made);
                if (error_of([&] { seg.create_array<char>(name, shape(n)); })) break;
                ++n_made;
            }
        }
        for (int n = 0;; ++n) {
            auto const name = "value " + std::to_string(n);
            if (error_of([&] { static_cast<void>(seg.create_value<int>(name)); })) break;
        }
        return n_made;
    }
};

TEST_F(FullSegment, RefusesWhatIsTooLargeOnAllRanks) {
    auto const thrown = refused([&] { seg.create_array<double>("u", shape(1'000'000)); });
    EXPECT_THAT(thrown.text, HasSubstr("8000000 bytes"));
    refused([&] { seg.create_levels<double>("u", shape(300'000)); });
    refused([&] { static_cast<void>(seg.scratch_array<double>(shape(1'000'000))); });
    refused([&] { static_cast<void>(seg.find_or_create_array<double>("u", shape(1'000'000))); });
    auto const fits = seg.create_array<double>("u", shape(300'000));
    EXPECT_EQ(fits(299'999), 0.0);
}

TEST_F(FullSegment, RefusesSmallThingsTooAndGoesOnWhenThereIsRoomAgain) {
    auto const n_made = fill();
    EXPECT_GT(n_made, 4);
    EXPECT_EQ(seg.heap().stats().largest_free, 0U);
    refused([&] { seg.create_array<char>("u", shape(1)); });
    refused([&] { static_cast<void>(seg.create_value<int>("v")); });
    refused([&] { seg.create_object<double>("o", 1.0); });
    auto const alone = error_of([&] { seg.construct<int>("c", 1); });
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->code, errc::out_of_memory);
    EXPECT_FALSE(alone->agreed);
    EXPECT_THROW(static_cast<void>(seg.heap().allocate(10'000)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(seg.heap().allocate(10'000)), out_of_memory);
    for (int i = 0; i < n_made; ++i) {
        seg.destroy(seg.find_array<char, 1>("part " + std::to_string(i)));
    }
    auto const again = seg.create_array<char>("u", shape(3'000'000));
    EXPECT_EQ(again(2'999'999), 0);
}

TEST_F(FullSegment, OfNamesRefusesTheNextOne) {
    // Values until the directory itself finds no room.
    int n = 0;
    for (;; ++n) {
        auto const name = std::to_string(n);
        if (error_of([&] { static_cast<void>(seg.create_value<int>(name, n)); })) break;
    }
    EXPECT_GT(n, 500);
    refused([&] { static_cast<void>(seg.create_value<int>("one more")); });
    EXPECT_EQ(seg.list().size(), static_cast<std::size_t>(n) + 1);
    for (int i = 0; i < n; i += 7) {
        ASSERT_EQ(seg.find_value<int>(std::to_string(i)).load(), i);
    }
}

TEST_F(FullSegment, KnowsItsHighWaterMark) {
    auto const made = seg.create_array<char>("u", shape(2'000'000));
    auto const most = seg.heap().stats().most_used;
    EXPECT_GE(most, 2'000'000U);
    seg.destroy(made);
    EXPECT_EQ(seg.heap().stats().most_used, most);
}

} // namespace
} // namespace shmwin
