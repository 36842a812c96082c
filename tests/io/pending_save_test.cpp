// SPDX-License-Identifier: MIT
// The handle of an asynchronous save, and what other calls of the store do while one is in flight.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/filled_array.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

using AsyncSave = filled_array<400000>; // 3 MiB and a bit

// --- the handle ----------------------------------------------------------------------------------

TEST_F(AsyncSave, HandleTellsHowFarItIs) {
    checkpoint_store store(world, path);
    fill(1);
    auto pending = store.save_async(seg, {.step = 1});
    auto const n_bytes = static_cast<std::size_t>(a.size()) * sizeof(double);
    std::size_t before = 0;
    for (bool over = false; !over;) {
        over = pending.test();
        auto const at = pending.progress();
        EXPECT_EQ(at.n_bytes, n_bytes);
        EXPECT_GE(at.n_bytes_done, before);
        EXPECT_LE(at.n_bytes_done, n_bytes);
        EXPECT_GE(at.seconds, 0);
        before = at.n_bytes_done;
        if (over) {
            EXPECT_EQ(at.phase, save_phase::done);
            EXPECT_EQ(at.n_bytes_done, n_bytes);
            EXPECT_EQ(at.seconds_left, 0);
            EXPECT_GT(at.bytes_per_second, 0);
        }
    }
    auto copy = pending;
    EXPECT_EQ(copy.wait().file, pending.wait().file);
    EXPECT_EQ(copy.progress().phase, save_phase::done);
    // Later ones do not change what it says.
    fill(2);
    store.save_async(seg, {.step = 2}).wait();
    EXPECT_EQ(copy.wait().file, path.native() + "-000000000001.h5");
    EXPECT_TRUE(copy.test());
}

TEST(PendingSave, OfNoSaveIsOver) {
    pending_save none;
    EXPECT_TRUE(none.test());
    EXPECT_EQ(none.progress().phase, save_phase::done);
    EXPECT_EQ(none.wait().n_bytes, 0U);
}

TEST_F(AsyncSave, HandleOutlivesStoreAndSegment) {
    pending_save pending;
    {
        node other(world);
        segment own(other, {.capacity = 4_MiB});
        own.create_value<int>("n", 5);
        checkpoint_store store(world, path);
        pending = store.save_async(own, {.step = 3});
        own.close();
        other.close();
    }
    EXPECT_EQ(pending.wait().file, path.native() + "-000000000003.h5");
    EXPECT_TRUE(pending.test());
    checkpoint_store again(world, path);
    EXPECT_EQ(again.verify(pending.wait().file).result, verdict::intact);
}

// --- while one is in flight --------------------------------------------------------------------

TEST_F(AsyncSave, OtherCallsOfTheStoreSeeItsEnd) {
    checkpoint_store store(world, path, {.keep = 10});
    fill(1);
    store.save_async(seg, {.step = 1});
    EXPECT_THAT(store.list(), SizeIs(1));
    fill(2);
    store.save_async(seg, {.step = 2});
    EXPECT_EQ(store.latest()->step, 2);
    fill(3);
    store.save_async(seg, {.step = 3});
    fill(0);
    EXPECT_EQ(store.restore_latest(seg)->step, 3);
    EXPECT_TRUE(holds(3));
    fill(4);
    auto const first = store.save_async(seg, {.step = 4});
    fill(5);
    auto const second = store.save(seg, {.step = 5});
    EXPECT_TRUE(first.test());
    fill(6);
    store.save_async(seg, {.step = 5}); // in its place
    EXPECT_EQ(store.verify(second.file).result, verdict::intact);
    store.restore(seg, second.file);
    EXPECT_TRUE(holds(6));
    seg.fence();
}

TEST_F(AsyncSave, EachKnowsTheOneBefore) {
    checkpoint_store store(world, path, {.keep = 10});
    store.save_async(seg, {.step = 1});
    store.save_async(seg, {.step = 2});
    auto const second = store.latest();
    store.save(seg, {.step = 3});
    store.save_async(seg, {.step = 4});
    auto const all = store.list();
    std::string before;
    for (auto const& each : all) {
        auto const info = store.restore(seg, each);
        EXPECT_EQ(info.parent_uuid, before);
        EXPECT_NE(info.uuid, before);
        before = info.uuid;
    }
    EXPECT_EQ(store.restore(seg, all[1]).uuid, second->uuid);
    store.save_async(seg, {.step = 9});
    EXPECT_EQ(store.latest()->parent_uuid, second->uuid);
}

// Many saves, of which some meet the one before: no disk is that fast.
TEST_F(AsyncSave, SecondRequestWaitsSkipsOrIsRefusedAsAsked) {
    for (auto const policy : {when_busy::wait, when_busy::skip, when_busy::refuse}) {
        SCOPED_TRACE(static_cast<int>(policy));
        auto const where = directory / std::to_string(static_cast<int>(policy)) / "state";
        checkpoint_store store(world, where, {.keep = 1000, .when_busy = policy});
        std::int64_t n_saved = 0;
        std::int64_t n_met = 0;
        pending_save newest;
        for (std::int64_t step = 0;
             step < 200 && (step < 4 || (policy != when_busy::wait && n_met == 0));
             ++step) {
            auto const refused = error_of([&] {
                auto pending = store.save_async(seg, {.step = step});
                bool const skipped = pending.test() && pending.wait().skipped;
                n_met += skipped ? 1 : 0;
                if (!skipped) newest = pending;
                n_saved += skipped ? 0 : 1;
            });
            if (!refused) continue;
            ++n_met;
            EXPECT_EQ(policy, when_busy::refuse);
            EXPECT_EQ(refused->code, errc::busy);
            EXPECT_TRUE(refused->agreed);
            EXPECT_THAT(refused->text, AllOf(HasSubstr("state-0"), HasSubstr("when_busy")));
        }
        newest.wait();
        EXPECT_EQ(store.list().size(), static_cast<std::size_t>(n_saved));
        EXPECT_EQ(n_met > 0, policy != when_busy::wait);
        auto const numbers = gather(world, std::to_string(n_saved));
        EXPECT_THAT(numbers, testing::Each(std::to_string(n_saved)));
    }
}

TEST_F(AsyncSave, LabelIsCheckedBeforeAnything) {
    checkpoint_store store(world, path);
    EXPECT_EQ(agreed_error_of(world, [&] { store.save_async(seg, {.step = -1}); }).code,
              errc::invalid_argument);
    if (size > 1) {
        EXPECT_EQ(
            agreed_error_of(world, [&] { store.save_async(seg, {.step = rank == 1 ? 5 : 6}); })
                .code,
            errc::disagreement);
        EXPECT_EQ(agreed_error_of(world,
                                  [&] {
                                      if (rank == 0) {
                                          store.save(seg, {.step = 5});
                                      } else {
                                          store.save_async(seg, {.step = 5});
                                      }
                                  })
                      .code,
                  errc::disagreement);
    }
    EXPECT_THAT(names_in(world, directory), ElementsAre(".state.lock"));
    store.save_async(seg, {.step = 7}).wait();
    EXPECT_THAT(store.list(), SizeIs(1));
}

} // namespace
} // namespace shmwin
