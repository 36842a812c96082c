// SPDX-License-Identifier: MIT
// What is saved comes back: every kind, element type, shape and layout, in place and into an empty
// segment. From other numbers of ranks: support/io_program.cpp.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_state.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

using CheckpointRoundTrip = open_segment_and_directory;

TEST_F(CheckpointRoundTrip, RestoresEveryObjectInPlace) {
    every_object all(seg);
    all.create();
    checkpoint_store store(world, directory / "state");
    for (int flips = 0; flips < 3; ++flips) {
        auto const seed = static_cast<std::uint64_t>(100 + flips);
        all.fill(seed);
        store.save(seg, {.step = flips});
        all.fill(1);
        all.flip(); // the now comes back into what is now by then
        all.fill(2);
        auto const at = store.restore_latest(seg);
        ASSERT_TRUE(at.has_value());
        EXPECT_EQ(at->step, flips);
        EXPECT_EQ(all.difference(seed, 2), "");
    }
    EXPECT_THAT(seg.verify().violations, IsEmpty());
}

TEST_F(CheckpointRoundTrip, MakesEveryObjectInAnEmptySegment) {
    checkpoint_store store(world, directory / "state");
    every_object all(seg);
    all.create();
    all.flip();
    all.fill(5);
    store.save(seg, {.step = 1});

    segment other(on, {.capacity = 64_MiB});
    every_object copy(other);
    EXPECT_TRUE(store.restore_latest(other).has_value());
    EXPECT_EQ(copy.difference(5), "");
    auto const was = seg.list();
    auto const is = other.list();
    ASSERT_EQ(was.size(), is.size());
    for (std::size_t i = 0; i < was.size(); ++i) {
        EXPECT_EQ(was[i].name, is[i].name);
        EXPECT_EQ(was[i].kind, is[i].kind) << was[i].name;
        EXPECT_EQ(was[i].type, is[i].type) << was[i].name;
        EXPECT_EQ(was[i].shape, is[i].shape) << was[i].name;
        EXPECT_EQ(was[i].n_bytes, is[i].n_bytes) << was[i].name;
        EXPECT_EQ(was[i].saved, is[i].saved) << was[i].name;
    }
    EXPECT_THAT(other.verify().violations, IsEmpty());
    other.close();
}

// What was never touched gets its pages before it is stored to: a full memory is an error then.
TEST_F(CheckpointRoundTrip, MakesPresentWhatItFills) {
    auto const extents = shape(std::int64_t{1} << 20U);
    auto const a = seg.create_array<double>("a", extents);
    for (auto const i : a.rows()) {
        a.view()(i) = static_cast<double>(i);
    }
    checkpoint_store store(world, directory / "state");
    store.save(seg, {.step = 1});

    segment other(on, {.capacity = 64_MiB});
    auto const b = other.create_array<double>("a", extents, {.touch = touch::later});
    auto const before = other.heap().stats().present;
    store.restore_latest(other);
    EXPECT_GE(other.heap().stats().present, before + 8_MiB - 4096);
    for (auto const i : b.rows()) {
        ASSERT_EQ(b.view()(i), static_cast<double>(i));
    }
    other.close();
}

TEST_F(CheckpointRoundTrip, HandlesViewsAndPointersStayValid) {
    auto a = seg.create_array<double>("a", shape(100, 3));
    auto u = seg.create_levels<float>("u", shape(50));
    auto v = seg.create_value<int>("v", 3);
    auto* const object = seg.create_object<long>("o", 4L);
    auto const view = a.view();
    auto* const address = a.data();
    auto const now = u.now();
    if (rank == 0) a(99, 2) = 1.5;
    if (rank == 0) u.level(0)(49) = 2.5F;
    seg.fence();
    checkpoint_store store(world, directory / "state");
    store.save(seg, {.step = 0});
    seg.fence();
    if (rank == 0) a(99, 2) = 0;
    if (rank == 0) u.level(0)(49) = 0;
    if (rank == last) v.store(0);
    if (rank == last) *object = 0;
    seg.fence();
    store.restore_latest(seg);
    EXPECT_TRUE(a.is_valid() && u.is_valid() && v.is_valid());
    EXPECT_EQ(seg.find<long>("o"), object);
    EXPECT_EQ((seg.find_array<double, 2>("a").data()), address);
    EXPECT_EQ(view(99, 2), 1.5);
    EXPECT_EQ(now(49), 2.5F);
    EXPECT_EQ(v.load(), 3);
    EXPECT_EQ(*object, 4L);
}

TEST_F(CheckpointRoundTrip, SomeObjectsExistAndTheOthersAreMade) {
    checkpoint_store store(world, directory / "state");
    {
        segment source(on, {.capacity = 4_MiB});
        source.create_array<int>("a", shape(10));
        auto b = source.create_array<int>("b/c", shape(10));
        for (auto const i : b.rows()) {
            b(i) = static_cast<int>(i) + 1;
        }
        store.save(source, {.step = 3});
        source.close();
    }
    auto a = seg.create_array<int>("a", shape(10));
    if (rank == 0) a(0) = 9;
    seg.fence();
    store.restore_latest(seg);
    EXPECT_EQ(a(0), 0);
    EXPECT_EQ((seg.find_array<int, 1>("b/c")(9)), 10);
}

TEST_F(CheckpointRoundTrip, SegmentWithoutObjectsIsACheckpointToo) {
    checkpoint_store store(world, directory / "state");
    auto const report = store.save(seg, {.step = 1});
    EXPECT_EQ(report.n_bytes, 0U);
    EXPECT_THAT(report.saved, IsEmpty());
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    EXPECT_TRUE(store.restore_latest(seg).has_value());
    EXPECT_THAT(seg.list(), IsEmpty());
}

TEST_F(CheckpointRoundTrip, ReportTellsWhatWasSavedAndWhatNot) {
    seg.create_array<double>("a", shape(1000));
    seg.create_array<double>("scrap", shape(10), {.saved = false});
    seg.create_value<int>("n");
    auto const scratch = seg.scratch_array<double>(shape(10));
    if (rank == last) seg.construct<int>(transient, "local", 1);
    seg.fence();
    checkpoint_store store(world, directory / "state");
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("a", "n"));
    EXPECT_THAT(names_of(report.left_out), ElementsAre("local", "scrap"));
    EXPECT_EQ(report.n_bytes, 8004U);
    EXPECT_GT(report.seconds, 0.0);
    EXPECT_EQ(report.file, directory / "state-000000000001.h5");
}

TEST_F(CheckpointRoundTrip, UnsavedArrayIsFilledIfTheFileHasIt) {
    checkpoint_store store(world, directory / "state");
    auto a = seg.create_array<int>("a", shape(4));
    if (rank == 0) a(3) = 7;
    store.save(seg, {.step = 1});
    seg.destroy(a);
    auto b = seg.create_array<int>("a", shape(4), {.saved = false});
    store.restore_latest(seg);
    EXPECT_EQ(b(3), 7);
    EXPECT_FALSE(seg.info("a")->saved);
}

TEST_F(CheckpointRoundTrip, AThousandObjects) {
    checkpoint_store store(world, directory / "state");
    for (int i = 0; i < 1000; ++i) {
        seg.create_value<int>("n/" + std::to_string(i), i);
    }
    store.save(seg, {.step = 1});
    segment other(on, {.capacity = 16_MiB});
    store.restore_latest(other);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(other.find_value<int>("n/" + std::to_string(i)).load(), i);
    }
    other.close();
}

} // namespace
} // namespace shmwin
