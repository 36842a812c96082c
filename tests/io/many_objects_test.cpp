// SPDX-License-Identifier: MIT
// Checkpoints of so many objects that a table describes them, in place of attributes of each.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

constexpr int n_values = 1200;

struct ManyObjects : open_segment_and_directory {
    ManyObjects() {
        if (rank == 0) {
            for (int i = 0; i < n_values; ++i) {
                seg.construct<int>("n/" + std::to_string(i), i);
            }
            for (std::int64_t i = 0; i < 12; ++i) {
                a(i / 4, i % 4) = static_cast<double>(i);
            }
            u.level(0)(1, 1) = 2.5F;
        }
        seg.fence();
        file = store.save(seg, {.step = 1}).file;
    }

    array<double, 2, layout_left> a = seg.create_array<double, layout_left>("a", shape(3, 4));
    levels<float, 2> u = seg.create_levels<float>("u", shape(2, 2), {.levels = 3});
    checkpoint_store store{world, directory / "state"};
    std::filesystem::path file;
};

TEST_F(ManyObjects, ComeBackIntoAnEmptySegment) {
    EXPECT_EQ(store.verify(file).result, verdict::intact);
    segment other(on, {.capacity = 16_MiB});
    store.restore_latest(other);
    for (int i = 0; i < n_values; ++i) {
        ASSERT_EQ(*other.find<int>("n/" + std::to_string(i)), i);
    }
    auto const b = other.find_array<double, 2, layout_left>("a");
    for (std::int64_t i = 0; i < 12; ++i) {
        EXPECT_EQ(b(i / 4, i % 4), static_cast<double>(i));
    }
    EXPECT_EQ(other.info("u")->kind, object_kind::levels);
    EXPECT_EQ((other.find_levels<float, 2>("u").now()(1, 1)), 2.5F);
    ASSERT_EQ(other.list().size(), seg.list().size());
    other.close();
}

TEST_F(ManyObjects, AreDataSetsUnderTheirNames) {
    SHMWIN_NEEDS_H5PY();
    run_python(world,
               "f = h5py.File(sys.argv[1])\n"
               "assert len(f[\"n\"]) == 1200 and all(f[\"n\"][k][()] == int(k) for k in f[\"n\"])\n"
               "assert (f[\"a\"][()] == np.arange(12.).reshape(3, 4).T).all()\n"
               "row = f[\".shmwin/descriptions\"][0]\n"
               "words = f[\".shmwin/words\"][()]\n"
               "assert words[row[\"kind\"]] == b\"array\" and words[row[\"type\"]] == b\"float64\"",
               file);
}

TEST_F(ManyObjects, WhateverIsWrongInTheTableIsDamage) {
    SHMWIN_NEEDS_H5PY();
    auto const whole = bytes_of(file);
    std::string const row = "t = f[\".shmwin/descriptions\"]; r = t[0]; r";
    for (auto const& edit : {row + "[\"layout\"] = 0; t[0] = r",
                             row + "[\"type\"] = 99; t[0] = r",
                             std::string("w = f[\".shmwin/words\"]; w[0] = b\"value\""),
                             std::string("del f[\".shmwin/descriptions\"]"),
                             std::string("t = f[\".shmwin/descriptions\"]; n = t[:1000]; "
                                         "del f[\".shmwin/descriptions\"]; "
                                         "f[\".shmwin/descriptions\"] = n")}) {
        replace(world, file, whole);
        run_python(world, "with h5py.File(sys.argv[1], \"r+\") as f:\n    " + edit, file);
        EXPECT_EQ(store.verify(file).result, verdict::damaged) << edit;
        segment other(on, {.capacity = 4_MiB});
        EXPECT_EQ(agreed_error_of(world, [&] { store.restore(other, file); }).code, errc::damaged)
            << edit;
        EXPECT_THAT(other.list(), IsEmpty());
        other.close();
    }
}

} // namespace
} // namespace shmwin
