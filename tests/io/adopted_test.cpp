// SPDX-License-Identifier: MIT
// Adopted memory in checkpoints: packed and strided, one for all ranks and one for each; files
// that do not tell it from the segment's own arrays.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/view/view_of.hpp"

#include "support/host_window.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <optional>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

constexpr std::int64_t n_rows = 401; // three blocks of checksums, and no multiple of anything
constexpr std::int64_t n_columns = 199;
constexpr std::int64_t gap = 3;

double value_at(std::int64_t i, std::int64_t j) {
    return static_cast<double>(1000 * i + j) + 0.5;
}

template <typename View>
void fill(View const& u, range rows, double factor = 1) {
    for (auto const i : rows)
        for (std::int64_t j = 0; j < n_columns; ++j)
            u(i, j) = factor * value_at(i, j);
}

template <typename View>
[[nodiscard]] bool is_filled(View const& u, double factor = 1) {
    for (std::int64_t i = 0; i < n_rows; ++i)
        for (std::int64_t j = 0; j < n_columns; ++j)
            if (u(i, j) != factor * value_at(i, j)) return false;
    return true;
}

struct Adopted : open_segment_and_directory {
    // A window that holds it with a gap behind each row.
    static constexpr std::size_t n_bytes =
        static_cast<std::size_t>(n_rows * (n_columns + gap)) * sizeof(double);

    [[nodiscard]] static auto strided(double* first) {
        return view_of(
            first, shape(n_rows, n_columns), std::array<std::int64_t, 2>{n_columns + gap, 1});
    }
    [[nodiscard]] double* first_element() const {
        return reinterpret_cast<double*>(window.part(0)); // NOLINT(*-cast-align): MPI's promise
    }

    host_window const window{world, rank == 0 ? n_bytes : 0};
    std::filesystem::path const path = directory / "state";
};

// What is saved from `from` comes back into `to`.
struct Restored : Adopted {
    template <typename Array>
    void spoil(Array const& u) {
        seg.fence();
        if (rank == 0) fill(u, {0, n_rows}, -1);
        seg.fence();
    }
};

TEST_F(Restored, PackedComesBackInPlace) {
    auto const u = seg.adopt<double>("u", window.get(), shape(n_rows, n_columns));
    fill(u, u.rows());
    checkpoint_store store(world, path);
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("u"));
    spoil(u);
    store.restore(seg, report.file);
    EXPECT_TRUE(is_filled(u));
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    seg.fence();
    seg.destroy(u);
}

TEST_F(Restored, PackedColumnsComeBackInPlace) {
    auto const u = seg.adopt<double, layout_left>("u", window.get(), shape(n_rows, n_columns));
    if (rank == last) fill(u, {0, n_rows});
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    spoil(u);
    store.restore(seg, file);
    EXPECT_TRUE(is_filled(u));
    seg.fence();
    seg.destroy(u);
}

TEST_F(Restored, StridedComesBackInPlaceAndLeavesTheGapsAlone) {
    auto* const first = first_element();
    auto const u = seg.adopt("u", strided(first), {.shared = true});
    fill(u, u.rows());
    if (rank == 0)
        for (std::int64_t i = 0; i < n_rows; ++i)
            first[(i + 1) * (n_columns + gap) - 1] = 77;
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    spoil(u);
    store.restore(seg, file);
    EXPECT_TRUE(is_filled(u));
    for (std::int64_t i = 0; i < n_rows; ++i)
        EXPECT_EQ(first[(i + 1) * (n_columns + gap) - 1], 77);
    EXPECT_EQ(store.verify(file).result, verdict::intact);
    seg.fence();
    seg.destroy(u);
}

TEST_F(Restored, StridedBecomesAnArrayOfTheSegmentAndComesBack) {
    auto* const first = first_element();
    auto const u = seg.adopt("u", strided(first), {.shared = true});
    fill(u, u.rows());
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    seg.destroy(u);
    store.restore(seg, file); // creates it
    auto const own = seg.find_array<double, 2>("u");
    EXPECT_FALSE(seg.info("u")->foreign);
    EXPECT_TRUE(is_filled(own));
    seg.fence();
    if (rank == 0) fill(own, {0, n_rows}, 2);
    auto const next = store.save(seg, {.step = 2}).file;
    seg.destroy(own);
    auto const again = seg.adopt("u", strided(first), {.shared = true});
    store.restore(seg, next);
    EXPECT_TRUE(is_filled(again, 2));
    seg.fence();
    seg.destroy(again);
}

TEST_F(Restored, StridedTakesAFileOfColumns) {
    auto const own = seg.create_array<double, layout_left>("u", shape(n_rows, n_columns));
    if (rank == 0) fill(own, {0, n_rows});
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    seg.destroy(own);
    auto const u = seg.adopt("u", strided(first_element()), {.shared = true});
    store.restore(seg, file);
    EXPECT_TRUE(is_filled(u));
    seg.fence();
    seg.destroy(u);
}

TEST_F(Restored, CopiesOnEachRankAreSavedFromTheFirstAndRestoredOnAll) {
    std::vector<double> packed(static_cast<std::size_t>(n_rows * n_columns));
    std::vector<double> gaps(n_bytes / sizeof(double));
    auto const u = seg.adopt("u", view_of(packed.data(), shape(n_rows, n_columns)));
    auto const v = seg.adopt("v", strided(gaps.data()));
    auto const w = seg.create_array<double>("w", shape(n_rows, n_columns)); // between no others
    fill(u, {0, n_rows}, rank + 1.0);
    fill(v, {0, n_rows}, rank + 2.0);
    fill(w, w.rows(), 3);
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    EXPECT_EQ(store.verify(file).result, verdict::intact);
    fill(u, {0, n_rows}, -1);
    fill(v, {0, n_rows}, -1);
    spoil(w);
    store.restore(seg, file);
    EXPECT_TRUE(is_filled(u, 1));
    EXPECT_TRUE(is_filled(v, 2));
    EXPECT_TRUE(is_filled(w, 3));
    seg.fence();
    seg.destroy(u);
    seg.destroy(v);
}

TEST_F(Adopted, LeftOutIsNotInTheFile) {
    auto const u = seg.adopt<double>("u", window.get(), shape(n_rows, n_columns), {.saved = false});
    checkpoint_store store(world, path);
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, IsEmpty());
    EXPECT_THAT(names_of(report.left_out), ElementsAre("u"));
    seg.destroy(u);
}

TEST_F(Adopted, ConstIsSavedButNotRestored) {
    std::vector<double> const table(1000, 2.5);
    auto const u = seg.adopt("table", view_of(table.data(), shape(1000)));
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    auto const what = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(what.code, errc::invalid_argument);
    EXPECT_THAT(what.text, HasSubstr("\"table\" was adopted as const"));
    seg.destroy(u);
    store.restore(seg, file);
    EXPECT_EQ((seg.find_array<double, 1>("table")(999)), 2.5);
    seg.fence();
}

TEST_F(Adopted, OfAnotherShapeIsNotRestored) {
    auto const own = seg.create_array<double>("u", shape(n_rows, n_columns + 1));
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    seg.destroy(own);
    auto const u = seg.adopt("u", strided(first_element()), {.shared = true});
    auto const what = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(what.code, errc::shape_mismatch);
    seg.destroy(u);
}

TEST_F(Adopted, DamageIsFoundOnce) {
    std::vector<double> packed(static_cast<std::size_t>(n_rows * n_columns));
    auto const u = seg.adopt("u", view_of(packed.data(), shape(n_rows, n_columns)));
    fill(u, {0, n_rows});
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    auto spoiled = bytes_of(file);
    auto const first = value_at(200, 7);
    auto const at =
        spoiled.find(std::string_view(reinterpret_cast<char const*>(&first), sizeof first));
    ASSERT_NE(at, std::string::npos);
    spoiled[at] = static_cast<char>(spoiled[at] ^ 1);
    replace(world, file, spoiled);
    auto const what = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(what.code, errc::damaged);
    auto const words = what.text.find("u, block 1");
    ASSERT_NE(words, std::string::npos) << what.text;
    EXPECT_EQ(what.text.find("u, block 1", words + 1), std::string::npos) << what.text;
    seg.destroy(u);
}

TEST_F(Adopted, IsAnOrdinaryDataSetForOthersAndComesBackFromWhatTheyWrite) {
    SHMWIN_NEEDS_H5PY();
    auto const u = seg.adopt("u", strided(first_element()), {.shared = true});
    std::vector<double> copy(static_cast<std::size_t>(n_rows * n_columns));
    auto const v = seg.adopt("v", view_of(copy.data(), shape(n_rows, n_columns)));
    fill(u, u.rows());
    fill(v, {0, n_rows});
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    run_python(world,
               "f = h5py.File(sys.argv[1])\n"
               "u = f[\"u\"][...]\n"
               "assert u.dtype == np.float64 and u.shape == (401, 199)\n"
               "i, j = np.indices(u.shape)\n"
               "assert (u == 1000.0 * i + j + 0.5).all() and (f[\"v\"][...] == u).all()\n",
               file.native());
    auto const chunked = directory / "chunked.h5";
    run_python(world,
               "import os\n"
               "if os.system(\"h5repack -l CHUNK=100x50 -f GZIP=1 \" + sys.argv[1] + \" \""
               " + sys.argv[2]): sys.exit(1)\n",
               file.native() + ' ' + chunked.native());
    seg.fence();
    if (rank == 0) fill(u, {0, n_rows}, -1);
    fill(v, {0, n_rows}, -1);
    logged_lines const log;
    store.restore(seg, chunked);
    EXPECT_TRUE(is_filled(u));
    EXPECT_TRUE(is_filled(v));
    seg.fence();
    seg.destroy(u);
    seg.destroy(v);
}

} // namespace
} // namespace shmwin
