// SPDX-License-Identifier: MIT
// Asynchronous saves: the file holds what was there when save_async() was called, bit for bit as
// save() writes it, whatever the ranks do then.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/view/view_of.hpp"

#include "support/host_window.hpp"
#include "support/io_state.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

// The payload and the checksums of a file: all that does not depend on when it was written.
std::map<std::string, std::string> attributes_of(checkpoint_info const& info) {
    return {{"step", std::to_string(info.step)},
            {"time", std::to_string(info.time)},
            {"n_ranks", std::to_string(info.n_ranks)}};
}

struct SaveAsync : open_segment_and_directory, testing::WithParamInterface<staging> {
    // The least that is possible: everything goes through the ring.
    [[nodiscard]] checkpoint_options options() const {
        return {.keep = 20, .staging = GetParam(), .staging_bytes = 1_MiB};
    }
};

struct array_fixture : open_segment_and_directory {
    void fill(double value) {
        seg.fence();
        for (auto const i : a.rows()) {
            a(i) = value + static_cast<double>(i);
        }
        seg.fence();
    }
    [[nodiscard]] bool holds(double value) const {
        for (std::int64_t i = 0; i < a.extent(0); ++i) {
            if (a(i) != value + static_cast<double>(i)) return false;
        }
        return true;
    }
    array<double, 1> a = seg.create_array<double>("a", shape(400000)); // 3 MiB and a bit
    std::filesystem::path const path = directory / "state";
};
using AsyncSave = array_fixture;

// --- what is in the file -----------------------------------------------------------------------

TEST_P(SaveAsync, WritesWhatSaveWrites) {
    every_object all(seg);
    all.create();
    all.flip();
    all.fill(42);
    auto tasks = seg.create_queue<std::int64_t>("tasks");
    auto parts = seg.create_per_rank<vector<float>>("parts");
    for (int i = 0; i < 1000 * rank; ++i) {
        parts.mine().push_back(static_cast<float>(i + rank));
    }
    if (rank == 0) {
        for (std::int64_t i = 0; i < 100; ++i) {
            tasks.push(i * i);
        }
    }
    seg.fence();
    checkpoint_store store(world, directory / "state", options());
    auto const sync = store.save(seg, {.step = 1, .time = 0.5});
    auto pending = store.save_async(seg, {.step = 2, .time = 0.5});
    all.fill(1); // in a hurry
    auto const async = pending.wait();
    EXPECT_EQ(async.file, directory / "state-000000000002.h5");
    EXPECT_EQ(async.n_bytes, sync.n_bytes);
    EXPECT_EQ(async.n_bytes_written, sync.n_bytes_written);
    EXPECT_EQ(async.saved, sync.saved);
    EXPECT_EQ(async.left_out, sync.left_out);
    EXPECT_GT(async.seconds, 0);
    EXPECT_FALSE(async.skipped);
    EXPECT_EQ(store.verify(async.file).result, verdict::intact);
    auto const restored = store.restore(seg, sync.file);
    EXPECT_EQ(all.difference(42), "");
    all.fill(9);
    auto const again = store.restore(seg, async.file);
    EXPECT_EQ(all.difference(42), "");
    EXPECT_EQ(attributes_of(again), [&] {
        auto expected = attributes_of(restored);
        expected["step"] = "2";
        return expected;
    }());
    EXPECT_EQ(parts.mine().size(), static_cast<std::size_t>(1000 * rank));
    EXPECT_EQ(again.parent_uuid, restored.uuid);
    seg.fence();
}

TEST_P(SaveAsync, KeepsWhatWasThereWhenItReturned) {
    auto a = seg.create_array<std::int64_t>("a", shape(1'500'000)); // 11 MiB
    auto n = seg.create_value<std::int64_t>("n");
    auto u = seg.create_levels<std::int64_t>("u", shape(200'000));
    checkpoint_store store(world, directory / "state", options());
    for (std::int64_t step = 1; step <= 3; ++step) {
        for (auto const i : a.rows()) {
            a(i) = step * 10'000'000 + i;
        }
        auto const next = u.next();
        for (auto const i : u.rows()) {
            next(i) = step * 10'000'000 - i;
        }
        if (rank == 0) n.store(step);
        u.flip();
        auto pending = store.save_async(seg, {.step = step});
        // While it is written, everything is overwritten, by every rank.
        do {
            for (auto const i : a.rows()) {
                a(i) = -step;
            }
            n.store(-step);
            for (auto const i : u.rows()) {
                u.level(0)(i) = u.level(1)(i) = -step;
            }
        } while (!pending.test());
        seg.fence(); // wait() is none: nobody overwrites any more
        EXPECT_EQ(pending.wait().file, store.list().back());
    }
    for (std::int64_t step = 1; step <= 3; ++step) {
        seg.fence();
        auto const file = store.list().at(static_cast<std::size_t>(step - 1));
        EXPECT_EQ(store.restore(seg, file).step, step);
        std::int64_t n_wrong = n.load() == step ? 0 : 1;
        for (std::int64_t i = 0; i < a.extent(0); ++i) {
            n_wrong += a(i) == step * 10'000'000 + i ? 0 : 1;
        }
        for (std::int64_t i = 0; i < u.extent(0); ++i) {
            n_wrong += u.now()(i) == step * 10'000'000 - i ? 0 : 1;
        }
        EXPECT_EQ(n_wrong, 0) << "step " << step;
        seg.fence();
    }
}

TEST_P(SaveAsync, GrowsWithWhatIsSaved) {
    checkpoint_store store(world, directory / "state", options());
    std::vector<array<double, 1>> arrays;
    for (int k = 0; k < 6; ++k) {
        arrays.push_back(
            seg.create_array<double>("a" + std::to_string(k), shape(std::int64_t{1} << 3 * k)));
        for (auto const i : arrays.back().rows()) {
            arrays.back()(i) = k + static_cast<double>(i);
        }
        auto const file = store.save_async(seg, {.step = k}).wait().file;
        EXPECT_EQ(store.verify(file).result, verdict::intact);
    }
    store.save_async(seg, {.step = 6}); // no destroyed object is in it
    seg.destroy(arrays[5]);
    store.save_async(seg, {.step = 7}).wait();
    EXPECT_EQ(error_of([&] { store.restore(seg, store.list().at(6)); }), std::nullopt);
}

// What is nobody's: an empty segment, and objects without elements.
TEST_P(SaveAsync, SavesNothingToo) {
    checkpoint_store store(world, directory / "state", options());
    auto pending = store.save_async(seg, {.step = 1});
    EXPECT_EQ(pending.wait().n_bytes, 0U);
    seg.create_array<double>("empty", shape(0, 3));
    EXPECT_THAT(store.save_async(seg, {.step = 2}).wait().saved, ElementsAre("empty"));
    EXPECT_EQ(store.restore_latest(seg)->step, 2);
}

// Strided memory goes through gather(); that of each rank's own is rank 0's.
TEST_P(SaveAsync, WritesAdoptedArrays) {
    constexpr std::int64_t n_rows = 20000;
    host_window const window(world, rank == 0 ? n_rows * 12 * sizeof(double) : 0);
    auto* const all = reinterpret_cast<double*>(window.part(0)); // NOLINT(*-cast-align): MPI's
    auto const strides = std::array<std::int64_t, 2>{12, 1};
    auto const ours = seg.adopt("ours", view_of(all, shape(n_rows, 10), strides), {.shared = true});
    std::vector<double> mine(static_cast<std::size_t>(n_rows * 12));
    auto const own = seg.adopt("own", view_of(mine.data(), shape(n_rows, 10), strides));
    auto const fill = [&](double value) {
        for (auto const i : ours.rows()) {
            for (std::int64_t j = 0; j < 10; ++j) {
                ours(i, j) = value + static_cast<double>(100 * i + j);
            }
        }
        std::ranges::fill(mine, value + rank);
        seg.fence();
    };
    fill(1);
    checkpoint_store store(world, directory / "state", options());
    auto pending = store.save_async(seg, {.step = 1});
    fill(-5);
    auto const file = pending.wait().file;
    seg.fence();
    store.restore(seg, file);
    EXPECT_EQ(ours(0, 0), 1);
    EXPECT_EQ(ours(n_rows - 1, 9), 1 + 100 * (n_rows - 1) + 9);
    EXPECT_EQ(own(n_rows / 2, 3), 1);
    seg.fence();
    seg.destroy(ours);
    seg.destroy(own);
}

INSTANTIATE_TEST_SUITE_P(Staging,
                         SaveAsync,
                         testing::Values(staging::full, staging::bounded),
                         [](auto const& tested) {
                             return tested.param == staging::full ? "Full" : "Bounded";
                         });

// --- the handle
// -----------------------------------------------------------------------------------

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

// --- ends that come early ------------------------------------------------------------------------

TEST_F(AsyncSave, StoreThatEndsLeavesItToBecomeWhole) {
    fill(1);
    for (std::int64_t step = 1; step <= 5; ++step) {
        checkpoint_store store(world, path, {.keep = 10}); // the one before may still be in flight
        EXPECT_EQ(store.list().size(), static_cast<std::size_t>(step - 1));
        store.save_async(seg, {.step = step});
    }
    checkpoint_store store(world, path);
    EXPECT_THAT(store.list(), SizeIs(5));
    EXPECT_EQ(store.restore_latest(seg)->step, 5);
    EXPECT_THAT(names_in(world, directory), testing::Not(testing::Contains(HasSubstr(".tmp"))));
}

TEST_F(AsyncSave, ExceptionBeforeWaitLeavesItToBecomeWhole) {
    fill(1);
    try {
        checkpoint_store store(world, path);
        auto pending = store.save_async(seg, {.step = 1});
        throw std::runtime_error("of the host's");
    } catch (std::runtime_error const&) {
        fill(2);
    }
    checkpoint_store store(world, path);
    store.restore_latest(seg);
    EXPECT_TRUE(holds(1));
    seg.fence();
}

TEST_F(AsyncSave, StoreMayMove) {
    checkpoint_store store(world, path);
    auto pending = store.save_async(seg, {.step = 1});
    auto other = std::move(store);
    other.save_async(seg, {.step = 2});
    store = std::move(other);
    EXPECT_THAT(store.list(), SizeIs(2));
    EXPECT_TRUE(pending.test());
}

// --- what it leaves -----------------------------------------------------------------------------

std::int64_t n_threads() {
    auto const all = std::filesystem::directory_iterator("/proc/self/task");
    return std::distance(begin(all), end(all));
}

TEST_F(AsyncSave, OneThreadOfOneRankWritesAndNothingStaysOpen) {
    auto const run = [&](std::int64_t step) {
        checkpoint_store store(world, path, {.keep = 3});
        auto const before = n_threads();
        auto pending = store.save_async(seg, {.step = step});
        EXPECT_LE(n_threads(), before + (rank == 0 ? 1 : 0));
        pending.wait();
        EXPECT_THAT(store.list(), SizeIs(std::min<std::int64_t>(step, 3)));
        EXPECT_EQ(n_threads(), before);
    };
    run(1);
    auto const open = n_descriptors();
    auto const mapped = n_mappings();
    for (std::int64_t step = 2; step < 8; ++step) {
        run(step);
    }
    MPI_Barrier(world);
    EXPECT_LE(n_descriptors(), open);
    EXPECT_LE(n_mappings(), mapped + 8) << "stores leave their staging areas";
}

// In steady state nothing is made anew: no page fault for the copy, no growth.
TEST_F(AsyncSave, NextOneUsesTheSameMemory) {
    checkpoint_store store(world, path);
    fill(1);
    store.save_async(seg, {.step = 1}).wait();
    store.save_async(seg, {.step = 2}).wait();
    auto const mapped = n_mappings();
    for (std::int64_t step = 3; step < 9; ++step) {
        store.save_async(seg, {.step = step}).wait();
    }
    EXPECT_LE(n_mappings(), mapped + 2); // stacks and arenas of threads come and go
}

} // namespace
} // namespace shmwin
