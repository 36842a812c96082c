// SPDX-License-Identifier: MIT
// Thousands of small things cost no descriptor, no mapping and no MPI window each.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdio>
#include <string>

namespace shmwin {
namespace {

using namespace test;

constexpr int n_values = 5'000;
constexpr int n_arrays = 5'000;

struct ManyObjects : open_segment_as<testing::Test, std::size_t{256} << 20U> {
    static std::string value_name(int i) { return "values/" + std::to_string(i); }
    static std::string array_name(int i) { return "arrays/" + std::to_string(i); }

    void make(int first, int end) {
        for (int i = first; i < end; ++i) {
            static_cast<void>(seg.create_value<std::int64_t>(value_name(i), i));
            auto const made = seg.create_array<float>(array_name(i), shape(1 + i % 17));
            made.data()[0] = 0.5F;
        }
    }
};

TEST_F(ManyObjects, AreTenThousandNamesInOneWindow) {
    make(0, 10);
    auto const descriptors = n_descriptors();
    auto const mappings = n_mappings();
    seg.fence();
    int made = 10;
    for (int const end : {500, 2'500, n_values}) {
        auto const begin = std::chrono::steady_clock::now();
        make(made, end);
        auto const each = seconds_since(begin) / (2 * (end - made)) * 1e6;
        if (rank == 0) std::printf("up to %d objects: %.1f us each\n", 2 * end, each);
        made = end;
    }
    EXPECT_EQ(n_descriptors(), descriptors);
    EXPECT_LE(n_mappings(), mappings + 8); // malloc's

    EXPECT_EQ(seg.list().size(), static_cast<std::size_t>(n_values + n_arrays));
    EXPECT_EQ(seg.group("values").list().size(), static_cast<std::size_t>(n_values));
    for (int i = rank; i < n_values; i += 11) {
        ASSERT_EQ(seg.find_value<std::int64_t>(value_name(i)).load(), i);
        ASSERT_EQ((seg.find_array<float const, 1>(array_name(i)).extent(0)), 1 + i % 17);
    }
    expect_sound(seg);

    for (int i = 0; i < n_values; ++i) {
        seg.destroy(seg.find_value<std::int64_t>(value_name(i)));
    }
    EXPECT_EQ(seg.list().size(), static_cast<std::size_t>(n_arrays));
    expect_sound(seg);
}

TEST_F(ManyObjects, NamesAreReusedForever) {
    static_cast<void>(seg.create_value<int>("there"));
    auto const used = seg.heap().stats().used;
    seg.fence();
    for (int i = 0; i < 2'000; ++i) {
        auto const made = seg.create_value<int>("name " + std::to_string(i % 3), i);
        seg.destroy(made);
    }
    EXPECT_EQ(seg.heap().stats().used, used);
    expect_sound(seg);
}

} // namespace
} // namespace shmwin
