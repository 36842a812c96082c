// SPDX-License-Identifier: MIT
// Checkpoints that another tool has changed, and kept HDF5's own checksums right: found, and never
// taken for what was saved.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"
#include "support/saved_checkpoint.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

using EditedCheckpoint = saved_checkpoint;

TEST_F(EditedCheckpoint, OfAnotherFormatIsRefusedWithBothNumbers) {
    SHMWIN_NEEDS_H5PY();
    run_python(world, "h5py.File(sys.argv[1], \"r+\").attrs[\"shmwin_format\"] = 2", file);
    for (auto const& call :
         {std::function<void()>([&] { store.restore(seg, file); }),
          std::function<void()>([&] { store.restore_latest(seg); }),
          std::function<void()>([&] { static_cast<void>(store.verify(file)); })}) {
        auto const refused = agreed_error_of(world, call);
        EXPECT_EQ(refused.code, errc::layout_mismatch);
        EXPECT_THAT(refused.text, AllOf(HasSubstr(": 2"), HasSubstr("reads 1")));
    }
    EXPECT_TRUE(is_right());
}

TEST_F(EditedCheckpoint, ForeignHdf5FileIsSkippedAndNamed) {
    SHMWIN_NEEDS_H5PY();
    auto const foreign = directory / "state-000000000009.h5";
    run_python(world, "h5py.File(sys.argv[1], \"w\")[\"fields/a\"] = np.arange(64.)", foreign);
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, foreign); });
    EXPECT_EQ(refused.code, errc::not_a_checkpoint);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("shmwin_format"), HasSubstr("read_dataset")));
    EXPECT_EQ(store.latest()->step, 1);
    spoil();
    log.lines().clear();
    EXPECT_EQ(store.restore_latest(seg)->step, 1);
    EXPECT_TRUE(is_right());
    if (rank == 0) {
        EXPECT_THAT(log.lines(), ElementsAre(HasSubstr(foreign.native())));
    }
}

TEST_F(EditedCheckpoint, WhateverIsWrongInTheStructureIsDamage) {
    SHMWIN_NEEDS_H5PY();
    for (auto const* const edit :
         {"f[\"fields/a\"][5] = 0",
          "del f[\"n\"]",
          "del f[\".shmwin/record\"]",
          "del f[\".shmwin/checksums\"]",
          "del f[\".shmwin/objects\"]",
          "del f[\".shmwin\"]",
          "f[\".shmwin/checksums\"][0, 1] += np.uint64(1)",
          "n = f[\".shmwin/objects\"][()]; n[0] = b\"u\"; f[\".shmwin/objects\"][()] = n",
          "n = f[\".shmwin/objects\"][()]; n[1] = b\"\"; f[\".shmwin/objects\"][()] = n",
          "del f[\"fields/a\"].attrs[\"shmwin_kind\"]",
          "f[\"fields/a\"].attrs[\"shmwin_kind\"] = np.bytes_(\"sheep\")",
          "f[\"fields/a\"].attrs[\"shmwin_type\"] = np.bytes_(\"float32\")",
          "f[\"fields/a\"].attrs[\"shmwin_first_block\"] = 1",
          "f[\"n\"].attrs[\"shmwin_first_block\"] = 1 << 40",
          "f[\"n\"].attrs[\"shmwin_first_block\"] = -1",
          "f[\"u\"].attrs[\"shmwin_layout\"] = 7",
          "f[\"u\"].attrs[\"shmwin_levels\"] = 1000",
          "f[\"n\"].attrs[\"shmwin_levels\"] = 2",
          "del f[\"fields/a\"]; f.create_dataset(\"fields/a\", data=np.zeros(63))",
          "del f[\"fields/a\"]; f.create_group(\"fields/a\")",
          "del f.attrs[\"uuid\"]",
          "f.attrs[\"step\"] = \"seven\""}) {
        write(whole);
        run_python(
            world, std::string("with h5py.File(sys.argv[1], \"r+\") as f:\n    ") + edit, file);
        EXPECT_EQ(verdict_of_file(), "damaged") << edit;
        spoil();
        auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
        EXPECT_EQ(refused.code, errc::damaged) << edit << ": " << refused.text;
        EXPECT_THAT(refused.text, HasSubstr(file.native())) << edit;
        segment other(on, {.capacity = 1_MiB});
        EXPECT_EQ(agreed_error_of(world, [&] { store.restore(other, file); }).code, errc::damaged)
            << edit;
        EXPECT_THAT(other.list(), IsEmpty()) << edit;
        other.close();
    }
}

} // namespace
} // namespace shmwin
