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
#include <gmock/gmock.h>
#include <map>
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

} // namespace
} // namespace shmwin
