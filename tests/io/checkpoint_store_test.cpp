// SPDX-License-Identifier: MIT
// The directory of a store: names, retention, lock, what dead jobs left; labels; arguments.
// What takes several ranks: checkpoint_several_ranks_test.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

static_assert(!std::is_copy_constructible_v<checkpoint_store>);
static_assert(std::is_nothrow_move_constructible_v<
                  checkpoint_store> && std::is_nothrow_move_assignable_v<checkpoint_store>);

struct CheckpointStore : store_fixture {
    std::filesystem::path file_of(std::string const& digits) const {
        return directory / ("state-" + digits + ".h5");
    }
    void put(int value) {
        seg.fence();
        if (rank == 0) n.store(value);
        seg.fence();
    }
};

TEST_F(CheckpointStore, LabelsComeBack) {
    auto const before = std::chrono::system_clock::now().time_since_epoch();
    checkpoint_store store(world, path);
    EXPECT_FALSE(store.latest().has_value());
    store.save(seg, {.step = 1200, .time = -1.5e300});
    auto const at = store.restore_latest(seg);
    ASSERT_TRUE(at.has_value());
    EXPECT_EQ(at->file, file_of("000000001200"));
    EXPECT_EQ(at->step, 1200);
    EXPECT_EQ(at->time, -1.5e300);
    EXPECT_EQ(at->n_ranks, size);
    EXPECT_GE(at->created_ns, std::chrono::nanoseconds(before).count() - 1'000'000'000);
    EXPECT_LE(
        at->created_ns,
        std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
    EXPECT_THAT(at->uuid, SizeIs(32));
    EXPECT_EQ(at->parent_uuid, "");
    auto const newest = store.latest();
    ASSERT_TRUE(newest.has_value());
    EXPECT_EQ(newest->uuid, at->uuid);
    EXPECT_EQ(newest->step, 1200);
    EXPECT_EQ(newest->time, -1.5e300);
}

TEST_F(CheckpointStore, UuidsMakeAChain) {
    std::set<std::string> seen;
    std::string parent;
    auto const save = [&](checkpoint_store& store, std::int64_t step) {
        auto const file = store.save(seg, {.step = step}).file;
        auto const at = store.latest();
        EXPECT_EQ(at->file, file);
        EXPECT_EQ(at->parent_uuid, parent);
        EXPECT_TRUE(seen.insert(at->uuid).second);
        parent = at->uuid;
    };
    {
        checkpoint_store store(world, path, {.keep = 9});
        save(store, 1);
        save(store, 2);
        save(store, 3);
        parent = store.restore(seg, file_of("000000000001")).uuid; // a branch
        save(store, 4);
    }
    checkpoint_store store(world, path, {.keep = 9});
    parent = store.restore_latest(seg)->uuid; // a new run
    save(store, 5);
    checkpoint_store fresh(world, directory / "other");
    parent.clear();
    save(fresh, 6);
}

TEST_F(CheckpointStore, KeepsTheNewest) {
    checkpoint_store store(world, path, {.keep = 3});
    for (int step = 0; step < 6; ++step) {
        store.save(seg, {.step = step});
    }
    EXPECT_THAT(
        store.list(),
        ElementsAre(file_of("000000000003"), file_of("000000000004"), file_of("000000000005")));
    EXPECT_THAT(names_in(world, directory), SizeIs(4)) << "they and the lock";
}

TEST_F(CheckpointStore, KeepOneLeavesTheOneJustSaved) {
    checkpoint_store store(world, path, {.keep = 1});
    store.save(seg, {.step = 10});
    store.save(seg, {.step = 9}); // not the newest by number, and yet not to be removed
    EXPECT_THAT(store.list(), ElementsAre(file_of("000000000009"), file_of("000000000010")));
    store.save(seg, {.step = 11});
    EXPECT_THAT(store.list(), ElementsAre(file_of("000000000011")));
}

TEST_F(CheckpointStore, SortsByNumber) {
    checkpoint_store store(world, path, {.keep = 9});
    for (auto const step : {std::int64_t{100000000000000},
                            std::int64_t{10},
                            std::int64_t{99},
                            std::int64_t{9},
                            std::numeric_limits<std::int64_t>::max()}) {
        put(static_cast<int>(step % 1000));
        store.save(seg, {.step = step});
    }
    EXPECT_THAT(store.list(),
                ElementsAre(file_of("000000000009"),
                            file_of("000000000010"),
                            file_of("000000000099"),
                            file_of("100000000000000"),
                            file_of("9223372036854775807")));
    auto const at = store.restore_latest(seg);
    EXPECT_EQ(at->step, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(n.load(), 807);
}

TEST_F(CheckpointStore, SameStepIsReplaced) {
    checkpoint_store store(world, path);
    put(1);
    store.save(seg, {.step = 5, .time = 1});
    put(2);
    store.save(seg, {.step = 5, .time = 2});
    put(3);
    EXPECT_THAT(store.list(), SizeIs(1));
    EXPECT_EQ(store.restore_latest(seg)->time, 2);
    EXPECT_EQ(n.load(), 2);
}

TEST_F(CheckpointStore, ForeignFilesAreNotTouched) {
    std::vector<std::string> const foreign{"state-.h5",
                                           "state-12.h5.bak",
                                           "state-1a.h5",
                                           "state--1.h5",
                                           "state-2-000000000001.h5",
                                           "state.h5",
                                           "state-99999999999999999999.h5",
                                           ".state-x.h5.tmp",
                                           ".other-000000000001.h5.tmp",
                                           "other-000000000001.h5",
                                           "notes.txt"};
    for (auto const& each : foreign) {
        replace(world, directory / each, "mine");
    }
    {
        checkpoint_store store(world, path, {.keep = 1});
        EXPECT_TRUE(store.list().empty());
        EXPECT_FALSE(store.restore_latest(seg).has_value());
        store.save(seg, {.step = 1});
        store.save(seg, {.step = 2});
        EXPECT_THAT(store.list(), SizeIs(1));
    }
    for (auto const& each : foreign) {
        EXPECT_EQ(bytes_of(directory / each), "mine") << each;
    }
    EXPECT_THAT(names_in(world, directory), SizeIs(foreign.size() + 1));
}

TEST_F(CheckpointStore, TwoStoresShareADirectory) {
    checkpoint_store a(world, directory / "a", {.keep = 1});
    checkpoint_store b(world, directory / "b", {.keep = 1});
    put(1);
    a.save(seg, {.step = 1});
    put(2);
    b.save(seg, {.step = 2});
    a.restore_latest(seg);
    EXPECT_EQ(n.load(), 1);
    EXPECT_THAT(a.list(), SizeIs(1));
}

TEST_F(CheckpointStore, MissingDirectoriesAreMade) {
    {
        checkpoint_store store(world, directory / "x/y/z/state");
        store.save(seg, {.step = 1});
    }
    EXPECT_THAT(names_in(world, directory / "x/y/z"), ElementsAre("state-000000000001.h5"));
}

TEST_F(CheckpointStore, LockGoesWithTheStore) {
    {
        checkpoint_store store(world, path);
        EXPECT_THAT(names_in(world, directory), ElementsAre(".state.lock"));
        auto const refused = agreed_error_of(world, [&] { checkpoint_store again(world, path); });
        EXPECT_EQ(refused.code, errc::busy);
        EXPECT_THAT(refused.text, AllOf(HasSubstr(".state.lock"), HasSubstr("another")));
        store.save(seg, {.step = 1}); // the first one works on
        checkpoint_store moved(std::move(store));
        moved.save(seg, {.step = 2});
        EXPECT_EQ(agreed_error_of(world, [&] { checkpoint_store again(world, path); }).code,
                  errc::busy);
    }
    EXPECT_THAT(names_in(world, directory),
                ElementsAre("state-000000000001.h5", "state-000000000002.h5"));
    checkpoint_store again(world, path);
    EXPECT_EQ(again.restore_latest(seg)->step, 2);
    again = checkpoint_store(world, directory / "other"); // gives the first path back
    EXPECT_THAT(names_in(world, directory),
                ElementsAre(".other.lock", "state-000000000001.h5", "state-000000000002.h5"));
}

TEST_F(CheckpointStore, LeftoversOfDeadJobsAreSweptAtOpen) {
    replace(world, directory / ".state-000000000003.h5.tmp", "half a checkpoint");
    replace(world, directory / ".state-000000000004.h5.tmp", "");
    replace(world, directory / ".state.lock", ""); // its holder is dead
    checkpoint_store store(world, path);
    EXPECT_THAT(names_in(world, directory), ElementsAre(".state.lock"));
    EXPECT_FALSE(store.restore_latest(seg).has_value());
}

TEST_F(CheckpointStore, NewestDamagedOneIsSkippedAndNamed) {
    checkpoint_store store(world, path, {.keep = 9});
    for (int step = 1; step <= 3; ++step) {
        put(step);
        store.save(seg, {.step = step});
    }
    replace(world, file_of("000000000003"), "");
    auto whole = bytes_of(file_of("000000000002"));
    replace(world, file_of("000000000002"), whole.substr(0, whole.size() - 1));
    put(0);
    logged_lines const log;
    auto const at = store.restore_latest(seg);
    ASSERT_TRUE(at.has_value());
    EXPECT_EQ(at->step, 1);
    EXPECT_EQ(n.load(), 1);
    EXPECT_EQ(store.latest()->step, 1);
    if (rank == 0) {
        EXPECT_THAT(log.lines(),
                    ElementsAre(AllOf(HasSubstr("skipped"), HasSubstr("000000000003.h5")),
                                AllOf(HasSubstr("skipped"), HasSubstr("000000000002.h5"))));
    } else {
        EXPECT_THAT(log.lines(), IsEmpty());
    }
}

TEST_F(CheckpointStore, OnlyDamagedOnesAreAnErrorAndNoFreshStart) {
    replace(world, file_of("000000000001"), "text");
    replace(world, file_of("000000000002"), "");
    checkpoint_store store(world, path);
    put(5);
    logged_lines const log;
    auto const refused = agreed_error_of(world, [&] { store.restore_latest(seg); });
    EXPECT_EQ(refused.code, errc::damaged);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("000000000001.h5"), HasSubstr("000000000002.h5")));
    EXPECT_FALSE(store.latest().has_value());
    EXPECT_EQ(n.load(), 5);
    seg.fence();
}

TEST_F(CheckpointStore, ImpossibleArgumentsAreRefusedOnAllRanks) {
    for (auto const* const bad : {"", ".", "..", "a/", "a/..", ".hidden", "a/.hidden"}) {
        auto const refused = agreed_error_of(world, [&] { checkpoint_store store(world, bad); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << bad;
    }
    for (int const keep : {0, -1}) {
        auto const refused =
            agreed_error_of(world, [&] { checkpoint_store store(world, path, {.keep = keep}); });
        EXPECT_EQ(refused.code, errc::invalid_argument);
        EXPECT_THAT(refused.text, HasSubstr(".keep"));
    }
    EXPECT_EQ(error_of([] { checkpoint_store store(MPI_COMM_NULL, "x"); })->code,
              errc::invalid_argument);
    checkpoint_store store(world, path);
    EXPECT_EQ(agreed_error_of(world, [&] { store.save(seg, {.step = -1}); }).code,
              errc::invalid_argument);
    EXPECT_THAT(names_in(world, directory), ElementsAre(".state.lock"));
}

// Before anything is written or restored: who gets the error may go on as if it had not called.
TEST_F(CheckpointStore, RacesAreReportedBeforeAnythingIsDone) {
    if (size == 1) GTEST_SKIP() << "one rank races with nobody";
    checkpoint_store store(world, path);
    auto const u = seg.create_array<double>("u", shape(4));
    auto const race = [&](int begin) {
        seg.fence();
        auto const v = u.checked();
        v(begin) = rank;
    };
    race(0);
    auto thrown = agreed_error_of(world, [&] { store.save(seg, {.step = 1}); });
    EXPECT_EQ(thrown.code, errc::data_race);
    EXPECT_TRUE(store.list().empty());
    EXPECT_NO_THROW(store.save(seg, {.step = 1}));
    seg.fence();
    if (rank == 0) n.store(7);
    race(1);
    thrown = agreed_error_of(world, [&] { static_cast<void>(store.restore_latest(seg)); });
    EXPECT_EQ(thrown.code, errc::data_race);
    EXPECT_EQ(n.load(), 7);
    seg.fence();
    EXPECT_TRUE(store.restore_latest(seg));
    EXPECT_NE(n.load(), 7);
}

TEST_F(CheckpointStore, ClosedSegmentIsRefused) {
    segment gone(on, {.capacity = 1_MiB});
    checkpoint_store store(world, path);
    gone.close();
    EXPECT_EQ(error_of([&] { store.save(gone, {.step = 1}); })->code, errc::closed);
    auto const refused = error_of([&] { store.restore(gone, "x.h5"); });
    EXPECT_EQ(refused->code, errc::closed);
    EXPECT_THAT(refused->text, HasSubstr("restore"));
    EXPECT_TRUE(store.list().empty());
}

TEST_F(CheckpointStore, NameThatIsAlsoAGroupIsRefusedAndLeavesNothing) {
    seg.create_value<int>("a-b");
    seg.create_value<int>("a");
    auto const inner = seg.create_value<int>("a/b/c");
    checkpoint_store store(world, path);
    auto const refused = agreed_error_of(world, [&] { store.save(seg, {.step = 1}); });
    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("\"a\""), HasSubstr("\"a/b/c\"")));
    EXPECT_THAT(names_in(world, directory), ElementsAre(".state.lock"));
    seg.destroy(inner);
    store.save(seg, {.step = 1}); // segment and store go on
    EXPECT_THAT(store.list(), SizeIs(1));
}

TEST_F(CheckpointStore, NoObjectCanHaveTheNameOfItsOwnGroup) {
    for (auto const* const name : {".shmwin", ".shmwin/x", ".shmwin/objects"}) {
        auto const refused = agreed_error_of(world, [&] { seg.create_value<int>(name); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << name;
    }
    auto const inside = seg.create_value<int>("a/.shmwin", 3);
    checkpoint_store store(world, path);
    store.save(seg, {.step = 1});
    seg.fence();
    if (rank == 0) inside.store(4);
    seg.fence();
    store.restore_latest(seg);
    EXPECT_EQ(inside.load(), 3);
}

} // namespace
} // namespace shmwin
