// SPDX-License-Identifier: MIT
// Synchronized objects and arrays in checkpoints: their data under their names, never their locks.
#include "shmwin/base/describe.hpp"
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/segment/synchronized.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <optional>
#include <string>

namespace app {
struct histogram {
    double sum = 0;
    std::int32_t n = 0;
    std::array<std::int64_t, 5> bins{};
    friend bool operator==(histogram const&, histogram const&) = default;
};
struct unknown {
    int word = 0;
};
} // namespace app
SHMWIN_DESCRIBE(app::histogram, sum, n, bins);
SHMWIN_NAME(app::unknown, "app.unknown/1");

namespace shmwin {
namespace {

using namespace test;

struct SynchronizedCheckpoint : open_segment_and_directory {
    checkpoint_store store{world, directory / "state"};

    static constexpr app::histogram some{2.5, 7, {1, 2, 3, 4, 5}};
    // More than one block of checksums, and than one rank makes alone.
    static constexpr std::int64_t n_rows = 20'000;

    static double at(std::int64_t i, std::int64_t j) {
        return static_cast<double>(3 * i + j) + 0.25;
    }
    // Node, collective.
    void create(segment& in) const {
        auto const hist = in.create_synchronized<app::histogram>("sim/hist");
        auto const byte = in.create_synchronized<unsigned char>("byte");
        auto const grid = in.create_synchronized_array<double>("sim/grid", shape(n_rows, 3));
        in.create_mutex("lock");
        if (rank == last) {
            *hist.lock() = some;
            *byte.lock() = 200;
            grid.with([](auto const& view) {
                for (std::int64_t i = 0; i < n_rows; ++i)
                    for (std::int64_t j = 0; j < 3; ++j)
                        view(i, j) = at(i, j);
            });
        }
        in.fence();
    }
    // Node, collective.
    void clear(segment& in, int by) const {
        in.fence();
        if (rank == by) {
            *in.find_synchronized<app::histogram>("sim/hist").lock() = {};
            *in.find_synchronized<unsigned char>("byte").lock() = 0;
            in.find_synchronized_array<double, 2>("sim/grid").with([](auto const& view) {
                for (std::int64_t i = 0; i < n_rows; ++i)
                    for (std::int64_t j = 0; j < 3; ++j)
                        view(i, j) = -1;
            });
        }
        in.fence();
    }
    // Node, collective. Each rank takes each lock.
    static void expect_filled(segment& in) {
        EXPECT_EQ(*in.find_synchronized<app::histogram>("sim/hist").lock(), some);
        EXPECT_EQ(*in.find_synchronized<unsigned char>("byte").lock(), 200);
        auto const grid = in.find_synchronized_array<double, 2>("sim/grid");
        EXPECT_EQ(grid.extent(0), n_rows);
        auto const n_wrong = grid.with([](auto const& view) {
            std::int64_t n = 0;
            for (std::int64_t i = 0; i < n_rows; ++i)
                for (std::int64_t j = 0; j < 3; ++j)
                    n += view(i, j) == at(i, j) ? 0 : 1;
            return n;
        });
        EXPECT_EQ(n_wrong, 0);
        expect_sound(in);
    }
};

TEST_F(SynchronizedCheckpoint, DataComeBackInPlace) {
    create(seg);
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("byte", "sim/grid", "sim/hist"));
    EXPECT_THAT(report.left_out, IsEmpty()) << "a lock alone is nothing to save";
    EXPECT_EQ(report.n_bytes, sizeof(app::histogram) + 1 + 24U * n_rows);
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    clear(seg, 0);
    store.restore_latest(seg);
    expect_filled(seg);
}

// Neither is it taken: whoever holds it goes on to.
TEST_F(SynchronizedCheckpoint, LocksStayAsTheyAre) {
    create(seg);
    auto const hist = seg.find_synchronized<app::histogram>("sim/hist");
    auto const grid = seg.find_synchronized_array<double, 2>("sim/grid");
    {
        std::optional<decltype(hist.lock())> held;
        std::optional<decltype(grid.lock())> other;
        if (rank == 0) held.emplace(hist.lock());
        if (rank == last) other.emplace(grid.lock());
        seg.fence();
        store.save(seg, {.step = 1});
        store.restore_latest(seg);
        EXPECT_EQ(hist.holder().rank, 0);
        EXPECT_EQ(grid.holder().rank, last);
        seg.fence();
    }
    seg.fence();
    expect_filled(seg);
}

TEST_F(SynchronizedCheckpoint, MakesThemInAnEmptySegment) {
    create(seg);
    auto const file = store.save(seg, {.step = 1}).file;
    segment other(on, {.capacity = 16_MiB});
    store.restore(other, file);
    expect_filled(other);
    EXPECT_FALSE(other.contains("lock"));
    for (auto const* const each : {"byte", "sim/grid", "sim/hist"}) {
        auto const before = *seg.info(each);
        auto const after = *other.info(each);
        EXPECT_EQ(after.kind, object_kind::synchronized);
        EXPECT_EQ(after.type, before.type);
        EXPECT_EQ(after.shape, before.shape);
        EXPECT_EQ(after.n_bytes, before.n_bytes);
        EXPECT_TRUE(after.saved);
    }
    other.destroy(other.find_synchronized_array<double, 2>("sim/grid"));
    other.close();
}

TEST_F(SynchronizedCheckpoint, H5pyReadsTheData) {
    SHMWIN_NEEDS_H5PY();
    create(seg);
    auto const file = store.save(seg, {.step = 1}).file;
    run_python(world,
               "f = h5py.File(sys.argv[1])\n"
               "h, g, b = f[\"sim/hist\"], f[\"sim/grid\"], f[\"byte\"]\n"
               "assert h.shape == () and h[\"sum\"] == 2.5 and h[\"n\"] == 7\n"
               "assert (h[\"bins\"] == [1, 2, 3, 4, 5]).all()\n"
               "assert g.dtype == np.float64 and g.shape == (20000, 3)\n"
               "assert (g[...] == np.arange(60000).reshape(20000, 3) + 0.25).all()\n"
               "assert b.shape == () and b.dtype == np.uint8 and b[()] == 200\n"
               "assert all(x.attrs[\"shmwin_kind\"] == b\"synchronized\" for x in (h, g, b))\n"
               "assert \"lock\" not in f\n",
               file.native());
}

TEST_F(SynchronizedCheckpoint, WhatIsUnsavedIsSaidAndWhatDiffersIsRefused) {
    create(seg);
    auto const file = store.save(seg, {.step = 1}).file;
    seg.create_synchronized<app::unknown>("unknown");
    seg.create_synchronized_array<int>("scrap", shape(3), {.saved = false});
    EXPECT_THAT(names_of(store.save(seg, {.step = 2}).left_out), ElementsAre("scrap", "unknown"));
    segment other(on, {.capacity = 8_MiB});
    other.create_array<double>("sim/grid", shape(n_rows, 3));
    auto const refused = agreed_error_of(world, [&] { store.restore(other, file); });
    EXPECT_EQ(refused.code, errc::type_mismatch);
    EXPECT_THAT(refused.text, HasSubstr("in the checkpoint: synchronized"));
    other.close();
    segment another(on, {.capacity = 8_MiB});
    another.create_synchronized_array<double>("sim/grid", shape(n_rows, 4));
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(another, file); }).code,
              errc::shape_mismatch);
    another.close();
}

} // namespace
} // namespace shmwin
