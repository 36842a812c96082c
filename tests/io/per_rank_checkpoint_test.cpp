// SPDX-License-Identifier: MIT
// Per-rank containers in checkpoints: each rank gets back what it had; other numbers of ranks get
// blocks of the whole; other tools see two plain data sets.
// Damage: damaged_per_rank_test.cpp.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/base/describe.hpp"
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/view/range.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"
#include "support/per_rank_checkpoint.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace app {
enum class colour : std::int16_t { red = -2, green = 1, blue = 300 };
struct grain { // padded
    double x = 0;
    float mass = 0;
    bool charged = false;
    std::int32_t id = 0;
    friend bool operator==(grain const&, grain const&) = default;
};
} // namespace app
SHMWIN_DESCRIBE_ENUM(app::colour, green, red, blue);
SHMWIN_DESCRIBE(app::grain, x, mass, charged, id);

namespace shmwin {
namespace {

using namespace test;
using app::colour;
using testing::Each;

app::grain grain_at(std::int64_t i) {
    return {static_cast<double>(i), 0.5F, i % 3 == 0, static_cast<std::int32_t>(i)};
}

using PerRankCheckpoint = per_rank_checkpoint;

TEST_F(PerRankCheckpoint, EachRankGetsBackWhatItHad) {
    auto const parts = seg.create_per_rank<vector<std::int64_t>>("parts");
    std::vector<std::function<std::int64_t(int)>> const sizes{
        many,
        [](int r) { return std::int64_t{r}; },                       // the first one is empty
        [](int r) { return r % 2 == 0 ? std::int64_t{70'000} : 0; }, // every other
        [this](int r) { return r == last ? std::int64_t{1} : 0; },   // all but the last
        [](int) { return std::int64_t{0}; }};
    auto const others = [this](int r) { return many(last - r) / 2; };
    for (auto const& n_of : sizes) {
        fill(parts, n_of);
        auto const saved = store.save(seg, {.step = 1});
        EXPECT_THAT(saved.saved, ElementsAre("parts"));
        EXPECT_THAT(saved.left_out, IsEmpty());
        auto const n = static_cast<std::size_t>(first_of(size, n_of) + size + 1);
        EXPECT_EQ(saved.n_bytes, n * 8);
        EXPECT_EQ(store.verify(saved.file).result, verdict::intact);
        fill(parts, others, -7);
        EXPECT_TRUE(store.restore_latest(seg));
        EXPECT_TRUE(is_filled(parts, n_of));
        seg.fence();
        parts.mine().push_back(5); // they live on
        seg.fence();
        EXPECT_EQ(parts[last].back(), 5);
    }
    expect_sound(seg);
}

TEST_F(PerRankCheckpoint, StringsAndStructuresComeBack) {
    auto const words = seg.create_per_rank<string>("words");
    auto const wide = seg.group("more").create_per_rank<basic_string<char16_t>>("wide");
    auto const cloud = seg.create_per_rank<vector<app::grain>>("cloud");
    auto const paint = seg.create_per_rank<vector<colour>>("paint");
    EXPECT_EQ(seg.info("cloud")->element->signature(), dtype_of<app::grain>.signature());
    words.mine() = "rank " + std::to_string(rank);
    wide.mine().assign(static_cast<std::size_t>(100 * rank), static_cast<char16_t>(0x3b1 + rank));
    for (int i = 0; i < 10 + rank; ++i)
        cloud.mine().push_back(grain_at(1000 * rank + i));
    paint.mine().assign(3, rank % 2 == 0 ? colour::red : colour::blue);
    EXPECT_THAT(store.save(seg, {.step = 1}).saved,
                ElementsAre("cloud", "more/wide", "paint", "words"));
    words.mine() = std::string(1000, 'x');
    wide.mine().clear();
    cloud.mine().clear();
    paint.mine().assign(1, colour::green);
    store.restore_latest(seg);
    for (int r = 0; r < size; ++r) {
        EXPECT_EQ(words[r], "rank " + std::to_string(r));
        EXPECT_EQ(
            wide[r],
            std::u16string(static_cast<std::size_t>(100 * r), static_cast<char16_t>(0x3b1 + r)));
        ASSERT_THAT(cloud[r], SizeIs(static_cast<std::size_t>(10 + r)));
        for (int i = 0; i < 10 + r; ++i)
            EXPECT_EQ(cloud[r][static_cast<std::size_t>(i)], grain_at(1000 * r + i));
        EXPECT_THAT(paint[r], SizeIs(3));
        EXPECT_THAT(paint[r], Each(r % 2 == 0 ? colour::red : colour::blue));
    }
    seg.fence();
}

// Calls f(segment, communicator) on the first m ranks, for each m.
template <typename F>
void on_fewer(MPI_Comm world, F const& f) {
    auto const rank = rank_in(world);
    int size = 0;
    MPI_Comm_size(world, &size);
    for (int m = 1; m <= size; ++m) {
        MPI_Comm some = MPI_COMM_NULL;
        MPI_Comm_split(world, rank < m ? 0 : MPI_UNDEFINED, rank, &some);
        if (some != MPI_COMM_NULL) {
            node on(some);
            segment own(on, {.capacity = 16_MiB});
            f(own, some);
            own.close();
            on.close();
            MPI_Comm_free(&some);
        }
        MPI_Barrier(world);
    }
}

// m ranks write, all other numbers read.
TEST_F(PerRankCheckpoint, OtherNumbersOfRanksGetBlocksOfTheWhole) {
    for (int n_writers = 1; n_writers <= size; ++n_writers) {
        auto const file = directory / ("by" + std::to_string(n_writers)) / "s-000000000001.h5";
        on_fewer(world, [&](segment& own, MPI_Comm some) {
            if (own.n_ranks() != n_writers) return;
            auto const parts = own.create_per_rank<vector<std::int64_t>>("parts");
            parts.mine().assign(static_cast<std::size_t>(many(rank)), 0);
            std::iota(parts.mine().begin(), parts.mine().end(), first_of(rank, many));
            checkpoint_store(some, file.parent_path() / "s").save(own, {.step = 1});
        });
        on_fewer(world, [&](segment& own, MPI_Comm some) {
            auto const parts = own.create_per_rank<vector<std::int64_t>>("parts");
            parts.mine().assign(17, -1);
            checkpoint_store from(some, directory / ("reader" + std::to_string(own.n_ranks())));
            EXPECT_EQ(from.restore(own, file).n_ranks, n_writers);
            auto const n = first_of(n_writers, many);
            EXPECT_TRUE(is_filled(parts, [&](int r) {
                return own.n_ranks() == n_writers ? many(r)
                                                  : block_range(n, own.n_ranks(), r).size();
            }));
            own.fence();
        });
    }
}

TEST_F(PerRankCheckpoint, H5pyReadsDataAndOffsets) {
    SHMWIN_NEEDS_H5PY();
    auto const parts = seg.create_per_rank<vector<double>>("sim/parts");
    parts.mine().assign(static_cast<std::size_t>(3 * rank), rank + 0.5);
    auto const words = seg.create_per_rank<string>("words");
    words.mine() = "abc";
    auto const file = store.save(seg, {.step = 1}).file;
    run_python(world,
               "f, n = h5py.File(sys.argv[1]), int(sys.argv[2])\n"
               "o, d = f[\"sim/parts/offsets\"][...], f[\"sim/parts/data\"][...]\n"
               "assert o.dtype == np.int64 and d.dtype == np.float64\n"
               "assert (np.diff(o) == 3 * np.arange(n)).all() and o[0] == 0 and o[-1] == len(d)\n"
               "for r in range(n): assert (d[o[r]:o[r + 1]] == r + 0.5).all()\n"
               "assert f[\"words/data\"][...].tobytes() == b\"abc\" * n\n"
               "assert f[\"words/data\"].attrs[\"shmwin_kind\"] == b\"per_rank\", "
               "f[\"words/data\"].attrs[\"shmwin_kind\"]\n",
               file.native() + ' ' + std::to_string(size));
}

TEST_F(PerRankCheckpoint, RepackedInChunksComesBack) {
    SHMWIN_NEEDS_H5PY();
    auto const parts = seg.create_per_rank<vector<std::int64_t>>("parts");
    fill(parts, many);
    auto const file = store.save(seg, {.step = 1}).file;
    auto const chunked = directory / "chunked.h5";
    run_python(world,
               "import os\n"
               "if os.system(\"h5repack -l parts/data,parts/offsets:CHUNK=2 -f GZIP=1 \" +"
               " sys.argv[1] + \" \" + sys.argv[2]): sys.exit(1)\n"
               "assert h5py.File(sys.argv[2])[\"parts/offsets\"].chunks\n",
               file.native() + ' ' + chunked.native());
    fill(
        parts, [](int) { return 3; }, -9);
    EXPECT_EQ(store.verify(chunked).result, verdict::repacked);
    logged_lines const log;
    store.restore(seg, chunked);
    EXPECT_TRUE(is_filled(parts, many));
    seg.fence();
}

TEST_F(PerRankCheckpoint, SavedOrNotAsItWasCreated) {
    seg.create_per_rank<vector<int>>("not", {.saved = false});
    seg.create_per_rank<vector<app::particle>>("unknown"); // not described
    seg.create_per_rank<vector<int>>("parts");
    EXPECT_FALSE(seg.info("not")->saved);
    EXPECT_FALSE(seg.info("unknown")->saved);
    EXPECT_TRUE(seg.info("parts")->saved);
    logged_lines const log;
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("parts"));
    EXPECT_THAT(names_of(report.left_out), ElementsAre("not", "unknown"));
    store.save(seg, {.step = 2}); // said once
    auto const said = HasSubstr("leaves a per-rank container out (\"unknown\"");
    EXPECT_THAT(log.lines(),
                rank == 0 ? testing::Matcher<std::vector<std::string>>(ElementsAre(said))
                          : testing::Matcher<std::vector<std::string>>(IsEmpty()));
}

TEST_F(PerRankCheckpoint, NamesOfAnyLengthAndOrder) {
    std::string const longest(255, 'n');
    for (auto const* const name : {"a", "a-b", "a.b", "offsets", "data"}) {
        fill(seg.create_per_rank<vector<std::int64_t>>(name), many);
    }
    fill(seg.create_per_rank<vector<std::int64_t>>(longest), many, 5);
    seg.create_array<double>("a-a", shape(1 << 17));
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("a", "a-a", "a-b", "a.b", "data", longest, "offsets"));
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    auto const found = seg.find_per_rank<vector<std::int64_t>>(longest);
    fill(found, [](int) { return 1; });
    store.restore_latest(seg);
    EXPECT_TRUE(is_filled(found, many, 5));
    seg.create_array<double>("a/x", shape(3));
    EXPECT_EQ(agreed_error_of(world, [&] { store.save(seg, {.step = 2}); }).code,
              errc::invalid_argument);
}

TEST_F(PerRankCheckpoint, WhatDoesNotFitChangesNothing) {
    fill(seg.create_per_rank<vector<std::int64_t>>("parts"), many);
    seg.create_array<int>("also", shape(3));
    auto const file = store.save(seg, {.step = 1}).file;
    struct row {
        char const* what;
        errc code;
        std::string_view said;
        std::function<void(segment&)> create;
    };
    std::vector<row> const rows{
        {"nothing", errc::not_found, "create_per_rank before", [](segment&) {}},
        {"element type",
         errc::type_mismatch,
         "in the checkpoint: int64",
         [](segment& s) { s.create_per_rank<vector<double>>("parts"); }},
        {"without element type",
         errc::type_mismatch,
         "app.particle/1",
         [](segment& s) { s.create_per_rank<vector<app::particle>>("parts"); }},
        {"structure",
         errc::type_mismatch,
         "in the checkpoint: int64",
         [](segment& s) { s.create_per_rank<vector<app::grain>>("parts"); }},
        {"kind",
         errc::type_mismatch,
         "of kind array",
         [](segment& s) { s.create_array<std::int64_t>("parts", shape(3)); }},
        {"other kind",
         errc::type_mismatch,
         "of kind per_rank",
         [](segment& s) {
             s.create_per_rank<vector<std::int64_t>>("parts");
             s.create_per_rank<vector<int>>("also");
         }},
        {"not in the file", errc::not_found, "\"zzz\" of the segment", [](segment& s) {
             s.create_per_rank<vector<std::int64_t>>("parts");
             s.create_per_rank<vector<int>>("zzz");
         }}};
    for (auto const& each : rows) {
        segment other(on, {.capacity = 8_MiB});
        each.create(other);
        auto const n_names = other.list().size();
        auto const refused = agreed_error_of(world, [&] { store.restore(other, file); });
        EXPECT_EQ(refused.code, each.code) << each.what << ": " << refused.text;
        EXPECT_THAT(refused.text, AllOf(HasSubstr("\""), HasSubstr(std::string(each.said))));
        EXPECT_EQ(other.list().size(), n_names) << each.what;
        other.fence();
        other.close();
    }
}

TEST_F(PerRankCheckpoint, WithoutRoomForOneRankAllStayAsTheyWere) {
    auto const of_rank = [this](int r) { return r == last ? std::int64_t{1} << 18U : 10; };
    fill(seg.create_per_rank<vector<std::int64_t>>("parts"), of_rank);
    seg.create_array<int>("also", shape(3));
    auto const file = store.save(seg, {.step = 1}).file;
    segment small(on, {.capacity = 1_MiB});
    auto const parts = small.create_per_rank<vector<std::int64_t>>("parts");
    parts.mine().assign(100, rank);
    auto const refused = agreed_error_of(world, [&] { store.restore(small, file); });
    EXPECT_EQ(refused.code, errc::out_of_memory) << refused.text;
    for (int r = 0; r < size; ++r) {
        EXPECT_THAT(parts[r], SizeIs(100));
        EXPECT_THAT(parts[r], Each(r));
    }
    EXPECT_FALSE(small.contains("also"));
    expect_sound(small);
    small.close();
}

} // namespace
} // namespace shmwin
