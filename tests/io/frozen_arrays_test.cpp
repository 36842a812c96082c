// SPDX-License-Identifier: MIT
// Write-protected arrays are saved as others are; a restore into one is refused before it begins.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace test;

struct FrozenArrays : open_segment_and_directory {
    checkpoint_store store{world, directory / "state"};
    array<double, 1> a = seg.create_array<double>("a", shape(100'000), {.whole_pages = true});
    array<double, 1> b = seg.create_array<double>("b", shape(100));

    void fill(double value) const {
        for (auto const i : a.rows()) {
            a(i) = value;
        }
        for (auto const i : b.rows()) {
            b(i) = value;
        }
    }
};

TEST_F(FrozenArrays, AreSavedAndRestoredAfterThaw) {
    fill(3);
    a.freeze(protect_pages);
    EXPECT_THAT(store.save(seg, {.step = 1}).saved, ElementsAre("a", "b"));
    a.thaw();
    fill(4);
    ASSERT_TRUE(store.restore_latest(seg));
    EXPECT_EQ(a(99'999), 3);
    EXPECT_EQ(b(99), 3);
    seg.fence();
}

TEST_F(FrozenArrays, RefuseARestoreAndNothingChanges) {
    fill(3);
    static_cast<void>(store.save(seg, {.step = 1}));
    fill(4);
    a.freeze(protect_pages);
    auto const thrown = agreed_error_of(world, [&] { store.restore_latest(seg); });
    EXPECT_EQ(thrown.code, errc::busy);
    EXPECT_THAT(thrown.text, HasSubstr("restore is not possible (\"a\" is write-protected"));
    EXPECT_EQ(a(0), 4);
    EXPECT_EQ(b(0), 4);
    seg.fence();
    a.thaw();
    ASSERT_TRUE(store.restore_latest(seg));
    EXPECT_EQ(a(0), 3);
    seg.fence();
}

} // namespace
} // namespace shmwin
