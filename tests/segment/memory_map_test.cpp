// SPDX-License-Identifier: MIT
// Where a segment's memory went, as text, as JSON, and in the error when it is full.
#include "shmwin/base/error.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

struct MemoryMap : open_segment {
    void make_three() {
        seg.create_levels<float>("fields/u", shape(200, 300));
        seg.create_array<std::complex<double>, layout_left>("z", shape(10));
        if (rank == last) seg.construct<double>("alone", 1.0);
        seg.fence();
    }
};

TEST_F(MemoryMap, HoldsEveryNamedObjectTheLargestFirst) {
    make_three();
    auto const map = seg.memory_map();
    ASSERT_EQ(map.objects.size(), 3U);
    EXPECT_EQ(map.objects[0].name, "fields/u");
    EXPECT_EQ(map.objects[1].name, "z");
    EXPECT_EQ(map.objects[2].name, "alone");
    EXPECT_EQ(map.objects[0].shape, (std::vector<std::int64_t>{200, 300}));
    EXPECT_EQ(map.objects[2].creator, last);
    EXPECT_THAT(map.objects[1].where, HasSubstr("memory_map_test.cpp:"));
    EXPECT_EQ(map.heap.capacity, seg.capacity());
}

TEST_F(MemoryMap, CountsWhatHasNoName) {
    make_three();
    auto const before = seg.memory_map().unnamed_bytes;
    auto const work = seg.scratch_array<char>(shape(1'000'000));
    EXPECT_GE(seg.memory_map().unnamed_bytes, before + 1'000'000);
    EXPECT_LE(seg.memory_map().unnamed_bytes, before + 1'010'000);
    seg.fence();
}

TEST_F(MemoryMap, IsATableForPeople) {
    make_three();
    auto const text = seg.memory_map().text();
    EXPECT_THAT(text, HasSubstr("in use of 64.0 MiB"));
    EXPECT_THAT(text, HasSubstr("largest free block"));
    EXPECT_THAT(text, HasSubstr("high-water mark"));
    EXPECT_THAT(text,
                ContainsRegex("480[0-9]+ +levels +float32 +200 x 300 +all +"
                              "[^ ]*memory_map_test.cpp:[0-9]+ +fields/u\n"));
    EXPECT_THAT(
        text, ContainsRegex("8 +object +float64 +- +" + std::to_string(last) + " +[^ ]+ +alone\n"));
    EXPECT_THAT(seg.memory_map().text(1),
                AllOf(HasSubstr("fields/u"), HasSubstr("and 2 more"), Not(HasSubstr("alone"))));
}

TEST_F(MemoryMap, IsJsonForScripts) {
    make_three();
    auto const json = seg.memory_map().json();
    EXPECT_THAT(json, HasSubstr(R"("capacity": 67108864)"));
    EXPECT_THAT(
        json,
        ContainsRegex(R"(\{"name": "fields/u", "kind": "levels", "type": "float32", )"
                      R"("shape": \[200, 300\], "order": "right", "bytes": 480[0-9]+, )"
                      R"("offset": [0-9]+, "rank": null, "where": "[^"]+:[0-9]+", )"
                      R"("created": "20[0-9-]+T[0-9:]+Z", "saved": true, "foreign": false\})"));
    EXPECT_THAT(json, HasSubstr(R"("shape": [], "order": "none")"));
    EXPECT_THAT(json, HasSubstr(R"("order": "left")"));
}

TEST_F(MemoryMap, OfJsonEscapesNames) {
    seg.create_value<int>(R"(a "b" \c)", 1);
    EXPECT_THAT(seg.memory_map().json(), HasSubstr(R"("name": "a \"b\" \\c")"));
}

TEST_F(MemoryMap, IsInTheErrorOfAFullSegment) {
    make_three();
    try {
        seg.create_array<double>("too_large", shape(100'000'000));
        FAIL() << "the segment has no room for it";
    } catch (out_of_memory const& full) {
        EXPECT_TRUE(full.agreed());
        EXPECT_THAT(full.what(),
                    AllOf(HasSubstr("segment is full"),
                          HasSubstr("SHMWIN_CAPACITY; largest objects: "),
                          ContainsRegex(R"("fields/u" \(480576 bytes, float32 200 x 300, )"
                                        R"([^ ]*memory_map_test.cpp:[0-9]+\), "z")")));
    }
}

} // namespace
} // namespace shmwin
