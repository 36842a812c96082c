// SPDX-License-Identifier: MIT
// Names that nest, as an HDF5 file has them: a name is a data set or a group there, never both.
// A segment allows both, since not all of its objects are saved; save() finds it out.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct NestedNames : open_segment_and_directory {
    checkpoint_store store{world, directory / "state"};
};

TEST_F(NestedNames, AnObjectThatIsAlsoAGroupIsRefusedBySaveAndHarmsNothing) {
    static_cast<void>(seg.create_value<int>("a", 1));
    static_cast<void>(seg.create_value<int>("a-b", 2)); // comes between them in order
    static_cast<void>(seg.create_value<int>("a/b/c", 3));
    auto const thrown = agreed_error_of(world, [&] { store.save(seg, {.step = 1}); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    EXPECT_THAT(thrown.text,
                AllOf(HasSubstr("\"a\" is an object and a group of \"a/b/c\""),
                      HasSubstr(".saved = false")));
    EXPECT_THAT(names_in(world, directory), Each(Not(HasSubstr("h5")))) << "a file was begun";
    seg.destroy(seg.find_value<int>("a"));
    EXPECT_THAT(store.save(seg, {.step = 2}).saved, ElementsAre("a-b", "a/b/c"));
}

TEST_F(NestedNames, AGroupMayHaveTheNameOfAnObjectThatIsNotSaved) {
    static_cast<void>(seg.create_array<int>("a", shape(3), {.saved = false}));
    static_cast<void>(seg.create_value<int>("a/b", 7));
    if (rank == 0) seg.find_or_construct<int>(transient, "a/b/c", 5);
    seg.fence();
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("a/b"));
    EXPECT_THAT(names_of(report.left_out), ElementsAre("a", "a/b/c"));
    seg.find_value<int>("a/b").store(0);
    seg.fence();
    ASSERT_TRUE(store.restore_latest(seg));
    EXPECT_EQ(seg.find_value<int>("a/b").load(), 7);
    seg.fence();
}

} // namespace
} // namespace shmwin
