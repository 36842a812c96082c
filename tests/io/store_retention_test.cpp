// SPDX-License-Identifier: MIT
// Which files of a store stay, and who may touch them: retention, pins, branches, other stores,
// other jobs. The rules alone: retention_test.
#include "shmwin/io/checkpoint_store.hpp"

#include "io/store_directory.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using steps = std::vector<std::int64_t>;

struct StoreRetention : store_fixture {
    std::filesystem::path file_of(std::int64_t step) const {
        return detail::checkpoint_names(path).of_step(step);
    }
    // Collective. The steps that are there.
    static steps there(checkpoint_store const& store) {
        steps found;
        for (auto const& each : store.list()) {
            found.push_back(std::stoll(each.stem().native().substr(6)));
        }
        return found;
    }
    void save(checkpoint_store& store, steps const& which) {
        for (auto const step : which) {
            seg.fence();
            if (rank == 0) n.store(static_cast<int>(step));
            seg.fence();
            store.save(seg, {.step = step});
        }
    }
    void damage(std::int64_t step) {
        auto const whole = bytes_of(file_of(step));
        replace(world, file_of(step), whole.substr(0, whole.size() - 1));
    }
};

TEST_F(StoreRetention, RulesAreOfOneMind) {
    checkpoint_store store(world, path, {.keep = 2, .keep_every = 4, .durable = false});
    save(store, {1, 2, 3});
    store.pin(file_of(2));
    save(store, {4, 5, 6, 7, 8, 9, 10});
    EXPECT_EQ(there(store), (steps{2, 4, 8, 9, 10}));
}

TEST_F(StoreRetention, PinsLastUntilTheyAreEnded) {
    {
        checkpoint_store store(world, path, {.keep = 1, .durable = false});
        EXPECT_THAT(store.pinned(), IsEmpty());
        save(store, {1});
        store.pin(file_of(1));
        store.pin(std::filesystem::absolute(file_of(1))); // twice, and by another name
        save(store, {2, 3});
        EXPECT_EQ(there(store), (steps{1, 3}));
        EXPECT_THAT(store.pinned(), ElementsAre(file_of(1)));
    }
    checkpoint_store store(world, path, {.keep = 1, .durable = false}); // another job
    save(store, {4});
    save(store, {1}); // the step is pinned
    save(store, {5});
    EXPECT_EQ(there(store), (steps{1, 5}));
    store.unpin(file_of(1));
    store.unpin(file_of(1));
    EXPECT_EQ(there(store), (steps{1, 5}));
    save(store, {6});
    EXPECT_EQ(there(store), (steps{6}));
    EXPECT_THAT(names_in(world, directory), SizeIs(2)) << "the file, and the lock";
}

TEST_F(StoreRetention, PinsOfFilesThatAreGoneAreSwept) {
    {
        checkpoint_store store(world, path, {.durable = false});
        save(store, {1, 2});
        store.pin(file_of(1));
        store.pin(file_of(2));
    }
    if (rank == 0) std::filesystem::remove(file_of(1));
    checkpoint_store store(world, path, {.durable = false});
    EXPECT_THAT(store.pinned(), ElementsAre(file_of(2)));
    EXPECT_THAT(names_in(world, directory),
                ElementsAre(".state-000000000002.pin", ".state.lock", "state-000000000002.h5"));
}

TEST_F(StoreRetention, OnlyItsOwnFilesCanBePinned) {
    checkpoint_store store(world, path, {.durable = false});
    checkpoint_store other(world, directory / "other");
    save(store, {1});
    save(other, {1});
    for (auto const& bad : {file_of(2), directory / "other-000000000001.h5", directory, path}) {
        EXPECT_EQ(agreed_error_of(world, [&] { store.pin(bad); }).code, errc::not_found) << bad;
        EXPECT_EQ(agreed_error_of(world, [&] { store.unpin(bad); }).code, errc::not_found) << bad;
    }
    EXPECT_THAT(store.pinned(), IsEmpty());
    if (size == 1) return;
    save(store, {2});
    auto const refused = agreed_error_of(world, [&] { store.pin(file_of(rank == last ? 2 : 1)); });
    EXPECT_EQ(refused.code, errc::disagreement);
}

TEST_F(StoreRetention, DamagedOnesThatWereSkippedDoNotCount) {
    {
        checkpoint_store store(world, path, {.keep = 9, .durable = false});
        save(store, {1, 2, 3, 4});
    }
    damage(4);
    checkpoint_store store(world, path, {.keep = 2, .durable = false});
    logged_lines const log;
    EXPECT_EQ(store.restore_latest(seg)->step, 3);
    save(store, {5});
    EXPECT_EQ(there(store), (steps{3, 4, 5}));
    save(store, {6});
    EXPECT_EQ(there(store), (steps{5, 6}));
}

// A job that restored nothing: what others left is looked at, once.
TEST_F(StoreRetention, DamagedOnesThatNobodyHasSeenDoNotCount) {
    {
        checkpoint_store store(world, path, {.keep = 9, .durable = false});
        save(store, {1, 2, 3, 4});
    }
    damage(4);
    damage(3);
    replace(world, file_of(9), "no checkpoint at all"); // of a higher step
    checkpoint_store store(world, path, {.keep = 2, .durable = false});
    save(store, {5});
    EXPECT_EQ(there(store), (steps{2, 3, 4, 5, 9}));
    save(store, {6, 7});
    EXPECT_EQ(there(store), (steps{6, 7, 9}));
}

TEST_F(StoreRetention, DamageAfterTheSaveIsSeenToo) {
    checkpoint_store store(world, path, {.keep = 2, .durable = false});
    save(store, {1, 2, 3});
    damage(3);
    save(store, {4});
    EXPECT_EQ(there(store), (steps{2, 3, 4}));
}

TEST_F(StoreRetention, WhatIsNamedInAnotherWayIsSomebodysOwn) {
    checkpoint_store store(world, path, {.keep = 1, .durable = false});
    save(store, {1});
    auto const copy = directory / "state-1.h5"; // it can be found, but is not removed
    replace(world, copy, bytes_of(file_of(1)));
    save(store, {2, 3});
    EXPECT_THAT(store.list(), ElementsAre(copy, file_of(3)));
}

struct Branches : StoreRetention {
    checkpoint_store store{world, path, {.keep = 2, .durable = false}};
    Branches() {
        for (int const step : {10, 20, 30}) {
            save(store, {step});
            store.pin(file_of(step));
        }
    }
    void unpin_all() {
        for (auto const& each : store.pinned()) {
            store.unpin(each);
        }
    }
};

TEST_F(Branches, BothAreKeptUntilOneIsDiscarded) {
    unpin_all();
    auto const at = store.restore(seg, file_of(10));
    EXPECT_EQ(n.load(), 10);
    save(store, {11});
    EXPECT_EQ(there(store), (steps{10, 11, 20, 30}));
    save(store, {12});
    EXPECT_EQ(there(store), (steps{11, 12, 20, 30}));
    EXPECT_EQ(store.restore_latest(seg)->step, 30) << "the highest step, whatever its branch";
    auto const branch = store.restore(seg, file_of(12));
    EXPECT_EQ(store.restore(seg, file_of(11)).parent_uuid, at.uuid);
    EXPECT_EQ(branch.parent_uuid, store.restore(seg, file_of(11)).uuid);
    EXPECT_THAT(store.discard_after(12), ElementsAre(file_of(30), file_of(20)));
    EXPECT_EQ(there(store), (steps{11, 12}));
    EXPECT_EQ(store.restore_latest(seg)->step, 12);
    EXPECT_EQ(n.load(), 12);
}

TEST_F(Branches, SaveOfTheSameStepReplacesThatOfTheOtherBranch) {
    auto const at = store.restore(seg, file_of(10));
    save(store, {20});
    auto const made = store.restore(seg, file_of(20));
    EXPECT_EQ(made.parent_uuid, at.uuid);
    EXPECT_EQ(there(store), (steps{10, 20, 30}));
}

TEST_F(Branches, OneRestoredFromStaysUntilANewerOneIsThere) {
    unpin_all();
    checkpoint_store one(world, directory / "one", {.keep = 1, .durable = false});
    save(one, {1, 2});
    store.restore(seg, file_of(10));
    if (rank == 0) std::filesystem::create_directory(directory / ".state-000000000011.h5.tmp");
    MPI_Barrier(world);
    // The save fails; nothing is removed.
    if (rank == 0) std::filesystem::create_directory(directory / ".state-000000000011.h5.tmp/x");
    MPI_Barrier(world);
    EXPECT_TRUE(error_of([&] { store.save(seg, {.step = 11}); }));
    EXPECT_EQ(there(store), (steps{10, 20, 30}));
}

TEST_F(Branches, DiscardLeavesPinnedOnes) {
    store.unpin(file_of(30));
    auto const refused = agreed_error_of(world, [&] { store.discard_after(10); });
    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("000000000020.h5"), HasSubstr("unpin")));
    EXPECT_EQ(there(store), (steps{10, 20, 30})) << "not one of them";
    EXPECT_THAT(store.discard_after(20), ElementsAre(file_of(30)));
    EXPECT_THAT(store.discard_after(20), IsEmpty());
}

TEST_F(Branches, DiscardNeverLeavesNothingWhole) {
    unpin_all();
    EXPECT_EQ(agreed_error_of(world, [&] { store.discard_after(9); }).code, errc::not_found);
    damage(10);
    auto const refused = agreed_error_of(world, [&] { store.discard_after(19); });
    EXPECT_EQ(refused.code, errc::not_found);
    EXPECT_THAT(refused.text, HasSubstr("none is whole"));
    EXPECT_EQ(there(store), (steps{10, 20, 30}));
    if (size > 1) {
        auto const differ = [&] { store.discard_after(rank == last ? 30 : 20); };
        EXPECT_EQ(agreed_error_of(world, differ).code, errc::disagreement);
        EXPECT_EQ(there(store), (steps{10, 20, 30})) << "found before anything is done";
    }
    EXPECT_THAT(store.discard_after(20), ElementsAre(file_of(30)));
}

// Each stem begins with the one before, or looks like its number.
TEST_F(StoreRetention, StoresWithLikeNamesLeaveEachOtherAlone) {
    std::vector<std::string> const stems{"a", "a-", "a-b", "a-1", "a-000000000001", "a--", "a.h5"};
    std::vector<std::string> before;
    {
        std::vector<checkpoint_store> stores;
        for (auto const& each : stems) {
            stores.emplace_back(
                world, directory / each, checkpoint_options{.keep = 1, .durable = false});
        }
        for (std::int64_t const step : {0, 1, 2}) {
            for (auto& each : stores) {
                save(each, {step});
            }
        }
        for (std::size_t i = 0; i < stems.size(); ++i) {
            auto const file = directory / (stems[i] + "-000000000002.h5");
            EXPECT_THAT(stores[i].list(), ElementsAre(file));
            stores[i].pin(file);
        }
        MPI_Barrier(world);
        for (auto const& each : stems) {
            if (rank == 0) write_bytes(directory / ("." + each + "-000000000000.h5.tmp"), "dead");
        }
    }
    for (auto const& stem : stems) {
        before = names_in(world, directory);
        checkpoint_store again(world, directory / stem, {.keep = 1, .durable = false});
        EXPECT_EQ(again.latest()->step, 2);
        save(again, {0}); // a number that signs and leading zeros make of other names
        auto after = names_in(world, directory);
        EXPECT_THAT(after, SizeIs(before.size() + 1))
            << "its own temporary less, lock and file more";
        EXPECT_THAT(again.list(), SizeIs(2));
        save(again, {3});
        EXPECT_THAT(again.list(), SizeIs(2)) << "the pinned one and the newest";
    }
}

// --- other processes: only rank 0 has one
// ---------------------------------------------------------

enum code : int { was_refused = 10, was_opened = 11, other = 12 };

int try_to_open(std::filesystem::path const& path) {
    try {
        detail::store_lock const lock(detail::checkpoint_names(path).lock());
        return was_opened;
    } catch (error const& refused) {
        return refused.code() == errc::busy ? was_refused : other;
    }
}

int status_of(::pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(StoreRetention, AnotherProcessIsRefusedWhileTheStoreIsOpen) {
    auto const tried_by_another = [&] {
        MPI_Barrier(world);
        int status = 0;
        if (rank == 0) {
            auto const child = ::fork();
            if (child == 0) ::_exit(try_to_open(path));
            status = status_of(child);
        }
        MPI_Bcast(&status, 1, MPI_INT, 0, world);
        return status;
    };
    {
        checkpoint_store store(world, path, {.durable = false});
        EXPECT_EQ(tried_by_another(), was_refused);
        save(store, {1});
    }
    EXPECT_EQ(tried_by_another(), was_opened);
}

TEST_F(StoreRetention, StoreThatAnotherProcessHasIsRefusedUntilItDies) {
    ::pid_t child = 0;
    if (rank == 0) {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::pipe(ends.data()), 0);
        child = ::fork();
        if (child == 0) {
            detail::store_lock const lock(detail::checkpoint_names(path).lock());
            static_cast<void>(::write(ends[1], "x", 1));
            for (;;) {
                ::pause();
            }
        }
        char c = 0;
        EXPECT_EQ(::read(ends[0], &c, 1), 1) << "it holds the lock";
        ::close(ends[0]);
        ::close(ends[1]);
    }
    MPI_Barrier(world);
    auto const refused =
        agreed_error_of(world, [&] { checkpoint_store store(world, path, {.durable = false}); });
    EXPECT_EQ(refused.code, errc::busy);
    EXPECT_THAT(refused.text, HasSubstr("another job"));
    if (rank == 0) {
        ::kill(child, SIGKILL);
        status_of(child);
    }
    checkpoint_store store(world, path, {.durable = false});
    save(store, {1});
    EXPECT_EQ(there(store), (steps{1}));
}

} // namespace
} // namespace shmwin
