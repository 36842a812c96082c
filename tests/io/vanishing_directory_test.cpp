// SPDX-License-Identifier: MIT
// A directory that is removed, replaced by another or may no longer be written, in the middle of a
// save of each kind: the same clear error on all ranks, soon; nothing is left; and when the
// directory is there again, the same store goes on.
#include "shmwin/io/checkpoint_store.hpp"

#include "io/fail_point.hpp"
#include "support/fault_fixture.hpp"
#include "support/save_kinds.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace shmwin {
namespace {

using namespace test;
using detail::moment;
using detail::step;

enum class change : std::uint8_t { removed, replaced, locked };

struct VanishingDirectory : fault_fixture {
    VanishingDirectory() { save_first(); }

    void save_first() {
        empty_directory(world, run);
        std::filesystem::remove_all(moved);
        fill(1);
        store.emplace(world, run / "state", checkpoint_options{.durable = false});
        store->save(seg, {.step = 1});
        MPI_Barrier(world);
    }

    // In the middle of rank 0's save, in the thread that does that step.
    void vanish(change what, std::filesystem::path const& from) const {
        switch (what) {
        case change::removed:
            std::filesystem::remove_all(from);
            break;
        case change::replaced:
            std::filesystem::rename(from, moved);
            std::filesystem::create_directories(from);
            break;
        case change::locked:
            ::chmod(from.c_str(), 0555);
            if (::geteuid() == 0) static_cast<void>(::seteuid(65534));
            break;
        }
    }
    // Collective.
    void come_back(change what) const {
        MPI_Barrier(world);
        if (rank == 0 && what == change::locked) {
            if (::getuid() == 0) static_cast<void>(::seteuid(0));
            ::chmod(run.c_str(), 0755);
        }
        if (rank == 0 && what == change::replaced) {
            EXPECT_TRUE(std::filesystem::is_empty(run)) << "left in the new one";
            std::filesystem::remove_all(run);
            std::filesystem::rename(moved, run);
        }
        if (rank == 0 && what == change::removed) {
            EXPECT_FALSE(std::filesystem::exists(run)) << "made again";
            std::filesystem::create_directories(run);
        }
        MPI_Barrier(world);
    }

    void lose_it(change what, std::pair<step, moment> when, save_kind kind) {
        logged_lines const quiet;
        store.reset();
        save_first();
        store.reset();
        store.emplace(world, run / "state", options_of(kind, {.keep = 1}));
        if (is_incremental(kind)) store->restore_latest(seg);
        fill(2);
        bool has_happened = rank != 0;
        if (rank == 0) {
            detail::do_at_fail_point(when.first, when.second, [&, what] {
                vanish(what, run);
                has_happened = true;
            });
        }
        auto const thrown =
            agreed_trouble([&] { save_as(kind, *store, seg, {.step = 2}, [&] { fill(3); }); });
        EXPECT_TRUE(has_happened);
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, errc::io_failure) << thrown->text;
        EXPECT_THAT(thrown->text, HasSubstr("/run"));
        if (what == change::removed) {
            EXPECT_THAT(thrown->text, HasSubstr("its directory is gone"));
        }
        if (what == change::locked) {
            EXPECT_THAT(thrown->text, HasSubstr("ermission"));
        }
        come_back(what);
        expect_to_go_on(what, kind);
    }
    void expect_to_go_on(change what, save_kind kind) {
        auto const left = names_in(world, run);
        if (what == change::removed) {
            EXPECT_THAT(left, IsEmpty());
        } else if (what == change::replaced) {
            EXPECT_THAT(left, ElementsAre(".state.lock", "state-000000000001.h5"));
        } // a file in a directory that may not be written stays: the next save takes its place
        fill(4);
        save_as(kind, *store, seg, {.step = 2}, [] {});
        EXPECT_THAT(names_in(world, run), testing::Not(testing::Contains(HasSubstr(".tmp"))));
        fill(0);
        EXPECT_EQ(store->restore_latest(seg)->step, 2);
        EXPECT_TRUE(holds(4));
        seg.fence();
    }

    std::filesystem::path const run = directory / "run";
    std::filesystem::path const moved = directory / "moved";
    std::optional<checkpoint_store> store;
};

// At each moment another kind of save.
TEST_F(VanishingDirectory, IsTheSameErrorOnAllRanksAndLeavesNothing) {
    using row = std::pair<step, moment>;
    constexpr std::array moments{row{step::space, moment::before},
                                 row{step::create, moment::before},
                                 row{step::close, moment::before},
                                 row{step::reserve, moment::after},
                                 row{step::payload, moment::before},
                                 row{step::block, moment::before},
                                 row{step::checksums, moment::before},
                                 row{step::commit, moment::before},
                                 row{step::sync_payload, moment::before},
                                 row{step::rename, moment::before}};
    int turn = 0;
    for (auto const what : {change::removed, change::replaced}) {
        for (auto const& when : moments) {
            auto const kind = static_cast<save_kind>(turn++ % n_save_kinds);
            if (is_incremental(kind) && when.first == step::reserve) continue; // no such step
            // Before anything is there, one directory is as good as another.
            bool const is_early = when.first == step::space || when.first == step::create;
            if (is_early && what == change::replaced) continue;
            SCOPED_TRACE(std::string(name_of(kind)) + ", turn " + std::to_string(turn));
            lose_it(what, when, kind);
            if (HasFatalFailure()) return;
        }
        ++turn;
    }
}

// Who has files open may go on writing to them: no name can be made or changed.
TEST_F(VanishingDirectory, ThatMayNoLongerBeWrittenIsTheSameError) {
    using row = std::pair<step, moment>;
    for (int k = 0; k < n_save_kinds; ++k) {
        auto const kind = static_cast<save_kind>(k);
        for (auto const& when : {row{step::space, moment::before},
                                 row{step::commit, moment::before},
                                 row{step::rename, moment::before}}) {
            SCOPED_TRACE(name_of(kind));
            lose_it(change::locked, when, kind);
            if (HasFatalFailure()) return;
        }
    }
}

// Ranks that have not opened the file yet cannot.
TEST_F(VanishingDirectory, InTheMiddleOfARestoreItHarmsNothing) {
    if (rank == 0) {
        detail::do_at_fail_point(
            step::objects, moment::before, [&] { vanish(change::removed, run); });
    }
    auto const thrown = agreed_trouble([&] { store->restore_latest(seg); });
    if (thrown) {
        EXPECT_THAT(thrown->text, HasSubstr("its directory is gone"));
    }
    EXPECT_TRUE(holds(1));
    expect_sound(seg);
    come_back(change::removed);
    store->save(seg, {.step = 2});
    EXPECT_EQ(store->restore_latest(seg)->step, 2);
}

} // namespace
} // namespace shmwin
