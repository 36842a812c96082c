// SPDX-License-Identifier: MIT
// Objects that only the file or only the segment has: an error that names all of both, or a list;
// and per-rank containers of another number of ranks.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/container_types.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct PartialRestore : open_segment_and_directory {
    checkpoint_store store{world, directory / "state"};

    std::filesystem::path saved(segment& from) { return store.save(from, {.step = 1}).file; }
};

TEST_F(PartialRestore, WithoutTheOptionTheErrorNamesAllOfBothSides) {
    seg.create_value<int>("both", 1);
    seg.create_value<int>("old/a", 1);
    seg.create_array<int>("old/b", shape(3));
    seg.create_per_rank<vector<int>>("parts");
    auto const file = saved(seg);
    segment other(on, {.capacity = 8_MiB});
    other.create_value<int>("both", 2);
    other.create_value<int>("new/a", 2);
    other.create_array<int>("new/b", shape(3));
    other.create_array<int>("new/off", shape(3), {.saved = false});
    other.create_mutex("lock");
    auto const refused = agreed_error_of(world, [&] { store.restore(other, file); });
    EXPECT_EQ(refused.code, errc::not_found);
    EXPECT_THAT(refused.text,
                AllOf(HasSubstr("\"new/a\", \"new/b\" of the segment"),
                      HasSubstr("\"old/a\", \"old/b\", \"parts\" of the checkpoint"),
                      HasSubstr("create_per_rank before restoring \"parts\""),
                      HasSubstr(".partial")));
    EXPECT_EQ(other.find_value<int>("both").load(), 2);
    EXPECT_FALSE(other.contains("old/a"));
    other.fence();
    other.close();
}

TEST_F(PartialRestore, TheErrorStaysReadable) {
    auto const file = saved(seg);
    for (int i = 0; i < 50; ++i) {
        seg.create_value<int>("n" + std::to_string(100 + i), 1);
    }
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_THAT(refused.text,
                AllOf(HasSubstr("\"n100\""), HasSubstr("\"n119\" and 30 more of the segment")));
    EXPECT_THAT(refused.text, testing::Not(HasSubstr("n120")));
}

TEST_F(PartialRestore, TakesWhatBothHaveAndListsTheRest) {
    seg.create_value<int>("both", 1);
    seg.create_value<int>("old/a", 1);
    seg.create_queue<int>("old/tasks").push(1);
    seg.create_per_rank<vector<int>>("parts");
    seg.fence();
    auto const file = saved(seg);
    segment other(on, {.capacity = 8_MiB});
    auto const both = other.create_value<int>("both", 2);
    auto const a = other.create_value<int>("new/a", 3);
    auto const more = other.create_per_rank<vector<int>>("new/parts");
    more.mine().assign(5, rank);
    other.create_array<int>("new/off", shape(3), {.saved = false});
    auto const at = store.restore(other, file, {.partial = true});
    EXPECT_THAT(at.only_in_file, ElementsAre("old/a", "old/tasks", "parts"));
    EXPECT_THAT(at.only_in_segment, ElementsAre("new/a", "new/parts"));
    EXPECT_EQ(both.load(), 1);
    EXPECT_EQ(a.load(), 3);
    EXPECT_THAT(more.mine(), SizeIs(5));
    EXPECT_FALSE(other.contains("old/a")) << "left there";
    EXPECT_THAT(other.list(), SizeIs(4));
    expect_sound(other);
    other.close();
}

TEST_F(PartialRestore, StillChecksWhatBothHave) {
    seg.create_array<int>("a", shape(3));
    auto const file = saved(seg);
    segment other(on, {.capacity = 8_MiB});
    other.create_array<int>("a", shape(4));
    auto const refused =
        agreed_error_of(world, [&] { store.restore(other, file, {.partial = true}); });
    EXPECT_EQ(refused.code, errc::shape_mismatch);
    other.close();
}

TEST_F(PartialRestore, OfNothingInCommonChangesNothing) {
    seg.create_value<int>("a", 1);
    auto const file = saved(seg);
    segment other(on, {.capacity = 8_MiB});
    auto const at = store.restore(other, file, {.partial = true});
    EXPECT_THAT(at.only_in_file, ElementsAre("a"));
    EXPECT_THAT(other.list(), IsEmpty());
    other.close();
}

TEST_F(PartialRestore, WithoutItWhatIsCreatedIsListed) {
    seg.create_value<int>("a", 1);
    auto const file = saved(seg);
    EXPECT_THAT(store.restore(seg, file).only_in_file, IsEmpty());
    segment other(on, {.capacity = 8_MiB});
    EXPECT_THAT(store.restore(other, file).only_in_file, ElementsAre("a"));
    EXPECT_TRUE(other.contains("a"));
    other.fence();
    other.close();
}

// The first rank alone writes, all read.
TEST_F(PartialRestore, ContainersOfAnotherNumberOfRanksAreRefusedIfAskedTo) {
    auto const file = directory / "alone" / "state-000000000001.h5";
    if (rank == 0) {
        node const alone(MPI_COMM_SELF);
        segment one(alone, {.capacity = 8_MiB});
        one.create_per_rank<vector<int>>("parts").mine().assign(10, 7);
        one.create_value<int>("n", 7);
        checkpoint_store(MPI_COMM_SELF, directory / "alone" / "state").save(one, {.step = 1});
        one.close();
    }
    MPI_Barrier(world);
    auto const parts = seg.create_per_rank<vector<int>>("parts");
    auto const n = seg.create_value<int>("n", 1);
    parts.mine().assign(1, 1);
    restore_options const how{.other_ranks = other_ranks::refuse};
    if (size > 1) {
        auto const refused = agreed_error_of(world, [&] { store.restore(seg, file, how); });
        EXPECT_EQ(refused.code, errc::shape_mismatch);
        EXPECT_THAT(refused.text,
                    AllOf(HasSubstr("\"parts\""),
                          HasSubstr("of 1 ranks"),
                          HasSubstr("here are " + std::to_string(size)),
                          HasSubstr("redistribute")));
        EXPECT_EQ(n.load(), 1);
        EXPECT_THAT(parts.mine(), SizeIs(1));
    } else {
        EXPECT_EQ(store.restore(seg, file, how).n_ranks, 1);
    }
    seg.fence();
    store.restore(seg, file);
    std::size_t n_all = 0;
    for (int r = 0; r < size; ++r) {
        n_all += parts[r].size();
    }
    EXPECT_EQ(n_all, 10U);
    store.restore(seg, file, {.except = {"parts"}, .other_ranks = other_ranks::refuse});
    seg.fence();
}

} // namespace
} // namespace shmwin
