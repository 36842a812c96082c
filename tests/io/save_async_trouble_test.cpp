// SPDX-License-Identifier: MIT
// Asynchronous saves that fail behind the ranks' backs, and those that are met by other calls while
// they are in flight: held or broken by fail points.
#include "shmwin/io/checkpoint_store.hpp"

#include "io/fail_point.hpp"
#include "support/filled_array.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <thread>

namespace shmwin {
namespace {

using namespace test;

struct AsyncTrouble : filled_array<1'000'000> { // 31 blocks
    void SetUp() override {
        if (detail::fail_point_names().empty()) GTEST_SKIP() << "built without fail points";
    }
    // What was there before is whole, nothing else is there, and the store goes on.
    void expect_no_harm(checkpoint_store& store) {
        EXPECT_THAT(names_in(world, directory),
                    ElementsAre(".state.lock", "state-000000000001.h5"));
        EXPECT_EQ(store.verify(directory / "state-000000000001.h5").result, verdict::intact);
        expect_sound(seg);
        fill(7);
        auto const file = store.save_async(seg, {.step = 9}).wait().file;
        fill(0);
        EXPECT_EQ(store.restore_latest(seg)->step, 9);
        EXPECT_TRUE(holds(7));
        EXPECT_EQ(store.verify(file).result, verdict::intact);
    }
    // The first save is whole, the second gets the trouble.
    [[nodiscard]] checkpoint_store store_with(std::string const& trouble,
                                              checkpoint_options options) {
        checkpoint_store(world, path, {.durable = false}).save(seg, {.step = 1});
        scoped_variable const fail("SHMWIN_FAIL_POINT", trouble);
        return {world, path, options};
    }
};

struct trouble {
    char const* point;
    errc code;
    char const* text;
};

struct AsyncFailure : AsyncTrouble, testing::WithParamInterface<std::tuple<trouble, staging>> {};

TEST_P(AsyncFailure, IsThrownByWaitOnAllRanksAndHarmsNothing) {
    auto const& [what, how] = GetParam();
    logged_lines const log;
    bool const durable = std::string(what.point).find("sync") != std::string::npos;
    auto store =
        store_with(what.point, {.durable = durable, .staging = how, .staging_bytes = 1_MiB});
    fill(2);
    auto pending = store.save_async(seg, {.step = 2});
    fill(3);
    auto const refused = agreed_error_of(world, [&] { pending.wait(); });
    EXPECT_EQ(refused.code, what.code) << refused.text;
    EXPECT_EQ(refused.rank, 0);
    EXPECT_THAT(refused.text, HasSubstr(what.text));
    EXPECT_TRUE(pending.test());
    EXPECT_EQ(pending.progress().phase, save_phase::failed);
    EXPECT_TRUE(error_of([&] { pending.wait(); })) << "told once, it is the same again";
    if (rank == 0) {
        EXPECT_THAT(log.lines(), testing::Contains(HasSubstr("asynchronous save failed")));
    }
    EXPECT_TRUE(holds(3));
    expect_no_harm(store); // it was told: nobody gets it again
}

INSTANTIATE_TEST_SUITE_P(
    Points,
    AsyncFailure,
    testing::Combine(
        testing::Values(trouble{"before_reserve@0#1=enospc", errc::no_space, "reserving space"},
                        trouble{"before_block@0#1=enospc", errc::no_space, "free space"},
                        trouble{"before_block@0#17=enospc", errc::no_space, "free space"},
                        trouble{"before_block@0#31=eio", errc::io_failure, "writing failed"},
                        trouble{"before_record@0#1=eio", errc::io_failure, "failed"},
                        trouble{"before_sync_payload@0#1=fsync", errc::io_failure, "fsync failed"},
                        trouble{"before_sign@0#1=enospc", errc::no_space, "writing failed"},
                        trouble{"before_rename@0#1=eio", errc::io_failure, "rename failed"}),
        testing::Values(staging::full, staging::bounded)));

// The structure is made by rank 0 itself: no thread begins.
TEST_F(AsyncTrouble, FailureBeforeTheThreadIsThrownAtOnce) {
    for (auto const* const point : {"before_space@0#1=enospc", "before_blank@0#1=eio"}) {
        empty_directory(world, directory);
        auto store = store_with(point, {.durable = false});
        fill(2);
        auto const refused = agreed_error_of(world, [&] { store.save_async(seg, {.step = 2}); });
        EXPECT_THAT(refused.code, AnyOf(errc::no_space, errc::io_failure));
        expect_no_harm(store);
    }
}

TEST_F(AsyncTrouble, FailureThatNobodyWaitedForIsThrownByTheNextSave) {
    for (bool const asynchronous : {false, true}) {
        empty_directory(world, directory);
        auto store = store_with("before_rename@0#1=eio", {.durable = false});
        logged_lines const log;
        store.save_async(seg, {.step = 2});
        EXPECT_THAT(store.list(), SizeIs(1)); // no call but a save throws it
        EXPECT_EQ(store.latest()->step, 1);
        auto const refused = agreed_error_of(world, [&] {
            if (asynchronous) {
                store.save_async(seg, {.step = 3});
            } else {
                store.save(seg, {.step = 3});
            }
        });
        EXPECT_EQ(refused.code, errc::io_failure);
        EXPECT_THAT(refused.text, HasSubstr("state-000000000002.h5"));
        expect_no_harm(store); // only once
    }
}

std::atomic<int> n_handled = 0;
std::atomic<bool> handled_elsewhere = false;
std::thread::id main_thread;

// A handler may call MPI_Abort, which the thread must not.
TEST_F(AsyncTrouble, ErrorHandlerIsCalledWhereTheCallerWaits) {
    auto store = store_with("before_rename@0#1=eio", {.durable = false});
    logged_lines const log;
    main_thread = std::this_thread::get_id();
    auto* const before = set_error_handler([](error_info const& /*what*/) {
        ++n_handled;
        if (std::this_thread::get_id() != main_thread) handled_elsewhere = true;
    });
    auto pending = store.save_async(seg, {.step = 2});
    while (!pending.test()) {
        std::this_thread::yield();
    }
    EXPECT_EQ(n_handled, 0);
    EXPECT_TRUE(error_of([&] { pending.wait(); }));
    EXPECT_GE(n_handled, 1);
    EXPECT_FALSE(handled_elsewhere);
    set_error_handler(before);
}

// --- held in flight ------------------------------------------------------------------------------

TEST_F(AsyncTrouble, SaveInFlightIsNotOverAndInvisible) {
    auto store = store_with("before_rename@0#1=delay:300", {});
    auto pending = store.save_async(seg, {.step = 2});
    EXPECT_FALSE(pending.test());
    EXPECT_FALSE(std::filesystem::exists(directory / "state-000000000002.h5"));
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_EQ(pending.wait().file, directory / "state-000000000002.h5");
    EXPECT_GT(seconds_since(begin), 0.05);
    EXPECT_TRUE(std::filesystem::exists(directory / "state-000000000002.h5"));
    EXPECT_GT(pending.wait().seconds, 0.25);
}

TEST_F(AsyncTrouble, SecondRequestWaitsIsSkippedOrRefused) {
    for (auto const policy : {when_busy::wait, when_busy::skip, when_busy::refuse}) {
        empty_directory(world, directory);
        auto store = store_with("before_rename@0#1=delay:300",
                                {.keep = 5, .durable = false, .when_busy = policy});
        fill(2);
        auto first = store.save_async(seg, {.step = 2});
        EXPECT_FALSE(first.test());
        fill(3);
        if (policy == when_busy::refuse) {
            auto const refused =
                agreed_error_of(world, [&] { store.save_async(seg, {.step = 3}); });
            EXPECT_EQ(refused.code, errc::busy);
            EXPECT_THAT(refused.text, AllOf(HasSubstr("000002.h5"), HasSubstr("when_busy")));
        } else {
            auto second = store.save_async(seg, {.step = 3});
            EXPECT_EQ(first.test(), policy == when_busy::wait);
            EXPECT_EQ(second.wait().skipped, policy == when_busy::skip);
        }
        EXPECT_FALSE(first.wait().skipped);
        EXPECT_THAT(store.list(), SizeIs(policy == when_busy::wait ? 3 : 2));
        store.restore_latest(seg);
        EXPECT_TRUE(holds(policy == when_busy::wait ? 3 : 2));
        seg.fence();
    }
}

// What the caller promises not to do shows that there is no copy; what is small is copied.
TEST_F(AsyncTrouble, FrozenArraysAreWrittenFromWhereTheyAre) {
    auto n = seg.create_value<int>("n", 1);
    auto u = seg.create_levels<float>("u", shape(1000));
    fill(2);
    auto store = store_with("before_reserve@0#1=delay:300", {.staging = staging::frozen});
    auto pending = store.save_async(seg, {.step = 2});
    EXPECT_FALSE(pending.test());
    if (rank == 0) {
        a(0) = 77;
        u.level(u.index_of_now())(0) = 78;
        n.store(79);
    }
    seg.fence();
    auto const report = pending.wait();
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    EXPECT_THAT(report.saved, ElementsAre("a", "n", "u"));
    seg.fence();
    store.restore(seg, report.file);
    EXPECT_EQ(a(0), 77);
    EXPECT_EQ(u.now()(0), 78);
    EXPECT_EQ(n.load(), 1);
    EXPECT_EQ(a(999'999), 2 + 999'999);
    seg.fence();
}

// Whatever the policy: save() says when it is done, so it must be.
TEST_F(AsyncTrouble, OtherCallsWaitForIt) {
    auto const expect_waits = [&](char const* what, auto&& call) {
        empty_directory(world, directory);
        auto store = store_with("before_rename@0#1=delay:300",
                                {.keep = 5, .durable = false, .when_busy = when_busy::refuse});
        auto first = store.save_async(seg, {.step = 2});
        EXPECT_FALSE(first.test()) << what;
        call(store);
        EXPECT_TRUE(first.test()) << what;
        MPI_Barrier(world);
    };
    auto const file = directory / "state-000000000002.h5";
    expect_waits("save", [&](auto& store) { store.save(seg, {.step = 3}); });
    expect_waits("list", [&](auto& store) { EXPECT_THAT(store.list(), SizeIs(2)); });
    expect_waits("latest", [&](auto& store) { EXPECT_EQ(store.latest()->step, 2); });
    expect_waits("restore", [&](auto& store) { store.restore(seg, file); });
    expect_waits("verify",
                 [&](auto& store) { EXPECT_EQ(store.verify(file).result, verdict::intact); });
    expect_waits("pin", [&](auto& store) { store.pin(file); });
    expect_waits("pinned", [&](auto& store) { EXPECT_THAT(store.pinned(), IsEmpty()); });
    expect_waits("discard_after",
                 [&](auto& store) { EXPECT_THAT(store.discard_after(1), ElementsAre(file)); });
}

TEST_F(AsyncTrouble, SegmentMayCloseAndStoreMayEndMeanwhile) {
    pending_save pending;
    {
        segment other(on, {.capacity = 4_MiB});
        auto n = other.create_value<int>("n", 5);
        other.fence();
        checkpoint_store(world, path).save(other, {.step = 1});
        scoped_variable const fail("SHMWIN_FAIL_POINT", "before_block@0#1=delay:300");
        checkpoint_store store(world, path);
        pending = store.save_async(other, {.step = 2});
        n.store(6);
        other.close();
    }
    EXPECT_FALSE(pending.test());
    checkpoint_store again(world, path); // waits: the file is not a dead job's
    EXPECT_TRUE(pending.test());
    EXPECT_THAT(again.list(), SizeIs(2));
    EXPECT_EQ(again.verify(pending.wait().file).result, verdict::intact);
    segment third(on, {.capacity = 4_MiB});
    again.restore_latest(third);
    EXPECT_EQ(third.find_value<int>("n").load(), 5);
    third.close();
}

// Nobody joins its thread before MPI_Finalize, when the memory that it wrote from is gone.
TEST_F(AsyncTrouble, BoundedSaveThatOutlivesItsStoreIsOverBeforeFinalize) {
    {
        checkpoint_store store(world, path, {.staging = staging::bounded, .staging_bytes = 1_MiB});
        store.save_async(seg, {.step = 2});
    }
    while (std::filesystem::exists(directory / ".state.lock")) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(std::filesystem::exists(directory / "state-000000000002.h5"));
}

} // namespace
} // namespace shmwin
