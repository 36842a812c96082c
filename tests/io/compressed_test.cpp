// SPDX-License-Identifier: MIT
// Checkpoints with .deflate: what every HDF5 inflates, and as safe as the others.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/view/view_of.hpp"

#include "io/checkpoint_file.hpp"
#include "io/fail_point.hpp"
#include "support/host_window.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

// Smooth enough to be compressed, and different everywhere.
double value_at(std::int64_t i) {
    return static_cast<double>(i) * 0.5 + static_cast<double>(i % 7);
}

// Chunks of several rows, of parts of rows, of one dimension; a last one that is not whole.
struct arrays {
    explicit arrays(segment& in) : seg(in) {}
    void create() {
        rows = seg.create_array<double>("rows", shape(300, 1000));
        left = seg.create_array<float, layout_left>("fields/left", shape(700, 300));
        flat = seg.create_array<std::int8_t>("flat", shape(2'000'003));
        wide = seg.create_array<std::complex<double>>("wide", shape(3, 2, 70'001));
        u = seg.create_levels<float>("u", shape(200, 300));
        seg.create_array<double>("none", shape(0, 100'000));
        n = seg.create_value<int>("n", 3);
    }
    void find() {
        rows = seg.find_array<double, 2>("rows");
        left = seg.find_array<float, 2, layout_left>("fields/left");
        flat = seg.find_array<std::int8_t, 1>("flat");
        wide = seg.find_array<std::complex<double>, 3>("wide");
        u = seg.find_levels<float, 2>("u");
        n = seg.find_value<int>("n");
    }
    // Calls f(first, n_elements) of each. Collective if it stores.
    template <typename F>
    void each(F const& f) {
        f(rows.data(), 300 * 1000);
        f(left.data(), 700 * 300);
        f(flat.data(), 2'000'003);
        f(wide.data(), 3 * 2 * 70'001);
        f(&u.level(0)(0, 0), 200 * 300);
    }
    void fill(double factor, int rank) {
        seg.fence();
        if (rank == 0) {
            each([&](auto* first, std::int64_t count) {
                using type = std::remove_pointer_t<decltype(first)>;
                for (std::int64_t i = 0; i < count; ++i) {
                    first[i] = of<type>(factor * value_at(i));
                }
            });
        }
        seg.fence();
    }
    [[nodiscard]] bool holds(double factor) {
        bool right = true;
        each([&](auto* first, std::int64_t count) {
            using type = std::remove_pointer_t<decltype(first)>;
            for (std::int64_t i = 0; i < count; ++i) {
                right = right && first[i] == of<type>(factor * value_at(i));
            }
        });
        return right;
    }
    template <typename T>
    static T of(double value) {
        if constexpr (std::is_integral_v<T>) {
            return static_cast<T>(static_cast<std::int64_t>(value) % 100);
        } else {
            return T(static_cast<float>(value));
        }
    }

    segment& seg;
    array<double, 2> rows;
    array<float, 2, layout_left> left;
    array<std::int8_t, 1> flat;
    array<std::complex<double>, 3> wide;
    levels<float, 2> u;
    value<int> n;
};

struct Compressed : open_segment_and_directory {
    Compressed() {
        all.create();
        all.fill(1, rank);
    }
    save_report save(int deflate = 1) {
        checkpoint_store store(world, directory / "state", {.keep = 9, .deflate = deflate});
        return store.save(seg, {.step = ++step});
    }
    arrays all{seg};
    std::int64_t step = 0;
    checkpoint_store reader{world, directory / "reader"};
};

TEST_F(Compressed, ComesBackInPlaceAndIntoAnEmptySegment) {
    for (int const level : {1, 9}) {
        all.fill(level, rank);
        auto const made = save(level);
        EXPECT_LT(made.n_bytes_written, made.n_bytes / 2);
        EXPECT_LT(std::filesystem::file_size(made.file), made.n_bytes / 2);
        auto const verified = reader.verify(made.file);
        EXPECT_EQ(verified.result, verdict::intact) << testing::PrintToString(verified.problems);
        all.fill(0, rank);
        reader.restore(seg, made.file);
        EXPECT_TRUE(all.holds(level));
        EXPECT_EQ(all.n.load(), 3);

        segment other(on, {.capacity = 64_MiB});
        reader.restore(other, made.file);
        arrays copy(other);
        copy.find();
        EXPECT_TRUE(copy.holds(level));
        other.close();
    }
    expect_sound(seg);
}

TEST_F(Compressed, StridedAndPrivateMemoryToo) {
    constexpr std::int64_t n_rows = 3000;
    host_window const window(world, rank == 0 ? n_rows * 66 * sizeof(double) : 0);
    auto* const first = reinterpret_cast<double*>(window.part(0)); // NOLINT(*-cast-align)
    auto const u = seg.adopt("strided",
                             view_of(first, shape(n_rows, 64), std::array<std::int64_t, 2>{66, 1}),
                             {.shared = true});
    std::vector<double> mine(30'000, 4.5);
    auto const own = seg.adopt("own", view_of(mine.data(), shape(30'000)), {.shared = false});
    for (auto const i : u.rows()) {
        u(i, 63) = value_at(i);
    }
    auto const file = save().file;
    EXPECT_EQ(reader.verify(file).result, verdict::intact);
    seg.fence();
    for (auto const i : u.rows()) {
        u(i, 63) = -1;
    }
    mine.assign(mine.size(), 0);
    reader.restore(seg, file);
    for (std::int64_t i = 0; i < n_rows; ++i) {
        ASSERT_EQ(u(i, 63), value_at(i));
    }
    EXPECT_EQ(mine, std::vector<double>(30'000, 4.5));
}

TEST_F(Compressed, IsWhatOthersReadAndCall) {
    SHMWIN_NEEDS_H5PY();
    run_python(world,
               "f = h5py.File(sys.argv[1])\n"
               "v = lambda n: np.arange(n) * 0.5 + np.arange(n) % 7\n"
               "for name in (\"rows\", \"fields/left\", \"flat\", \"wide\", \"u\"):\n"
               "    assert f[name].compression == \"gzip\" and f[name].shuffle, name\n"
               "    assert f[name].compression_opts == 4, name\n"
               "    assert f[name].chunks[-1] > 1, f[name].chunks\n"
               "assert (f[\"rows\"][()].ravel() == v(300000)).all()\n"
               "assert (f[\"fields/left\"][()].ravel() == v(210000)).all()\n"
               "assert (f[\"flat\"][()] == v(2000003).astype(int) % 100).all()\n"
               "assert (f[\"wide\"][()].ravel() == v(420006)).all()\n"
               "assert f[\"n\"].chunks is None and f[\"n\"][()] == 3\n"
               "assert f[\"none\"].shape == (0, 100000)",
               save(4).file);
}

TEST_F(Compressed, ChangedBytesAreFound) {
    auto const file = save().file;
    auto const whole = bytes_of(file);
    logged_lines const quiet;
    for (std::size_t k = 1; k < 12; ++k) {
        auto bytes = whole;
        bytes[k * whole.size() / 12] ^= 4;
        replace(world, file, bytes);
        auto const report = reader.verify(file);
        EXPECT_NE(report.result, verdict::intact) << k;
        all.fill(2, rank);
        auto const refused = error_of([&] { reader.restore(seg, file); });
        if (refused) {
            EXPECT_EQ(refused->code, errc::damaged);
            EXPECT_EQ(report.result, verdict::damaged);
            EXPECT_THAT(report.problems, Not(IsEmpty()));
        } else {
            EXPECT_TRUE(all.holds(1)) << k;
        }
        seg.fence();
    }
    replace(world, file, whole);
    EXPECT_EQ(reader.verify(file).result, verdict::intact);
}

// The block of an object that a byte of its n-th chunk belongs to, at the latest.
struct changed_chunk {
    std::string name;
    std::uint64_t first_byte; ///< of the chunk, in the object
    std::uint64_t last_byte;
    std::uint64_t in_file;
};

std::vector<changed_chunk> chunks_in(std::filesystem::path const& file) {
    std::vector<changed_chunk> all;
    for (auto const& each : detail::read_checkpoint(file, true).objects) {
        if (each.places == nullptr) continue;
        for (std::size_t i = 0; i < each.places->all.size(); ++i) {
            auto const range = each.places->grid.range_of(i);
            auto const& where = each.places->all[i];
            all.push_back({each.name,
                           range.begin,
                           range.begin + range.n_bytes - 1,
                           where.offset + where.n_bytes / 2});
        }
    }
    return all;
}

// "rows, block 4 (bytes ...": which block?
std::uint64_t block_in(std::string const& line) {
    std::string const word = ", block ";
    auto const at = line.find(word);
    return at == std::string::npos ? ~std::uint64_t{0} : std::stoull(line.substr(at + word.size()));
}

TEST_F(Compressed, ChangedByteOfAChunkIsNamedWithObjectAndBlock) {
    auto const file = save().file;
    auto const whole = bytes_of(file);
    auto const chunks = chunks_in(file);
    MPI_Barrier(world);
    EXPECT_GE(chunks.size(), 10U);
    logged_lines const quiet;
    constexpr auto block_bytes = detail::checksum_block_bytes;
    std::size_t const stride = soak_factor() > 1 ? 1 : 4;
    for (std::size_t i = 0; i < chunks.size(); i += stride) {
        auto const& each = chunks[i];
        auto bytes = whole;
        bytes[each.in_file] ^= 1;
        replace(world, file, bytes);
        auto const report = reader.verify(file);
        EXPECT_EQ(report.result, verdict::damaged);
        ASSERT_THAT(report.problems, Not(IsEmpty())) << each.name;
        for (auto const& line : report.problems) {
            EXPECT_THAT(line, testing::StartsWith(each.name + ", block "));
            EXPECT_GE(block_in(line), each.first_byte / block_bytes);
            EXPECT_LE(block_in(line), each.last_byte / block_bytes);
        }
        auto const refused = agreed_error_of(world, [&] { reader.restore(seg, file); });
        EXPECT_EQ(refused.code, errc::damaged);
        EXPECT_THAT(refused.text, HasSubstr(file.native() + ": " + each.name + ", block "));
    }
    replace(world, file, whole);
    reader.restore(seg, file);
    EXPECT_TRUE(all.holds(1));
}

TEST_F(Compressed, IsReadByAllRanks) {
    if (detail::fail_point_names().empty()) GTEST_SKIP() << "built without fail points";
    auto const file = save().file;
    detail::arm_fail_points(rank);
    reader.restore(seg, file);
    EXPECT_THAT(detail::passed_fail_points(), testing::Contains("after_read_block"));
    EXPECT_TRUE(all.holds(1));
    seg.fence();
}

// Chunks of a tool's own: HDF5 reads those.
TEST_F(Compressed, InOtherChunksOfAnotherToolItIsRepacked) {
    SHMWIN_NEEDS_H5PY();
    auto const file = save().file;
    auto const other = directory / "other.h5";
    MPI_Barrier(world);
    int found = 0;
    if (rank == 0) {
        auto const command = "h5repack -l rows:CHUNK=7x13 -f rows:GZIP=2 -l flat:CHUNK=1000 "
                             + file.native() + ' ' + other.native();
        // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): a test's own command
        found = std::system(command.c_str()) == 0 ? 1 : 0;
    }
    MPI_Bcast(&found, 1, MPI_INT, 0, world);
    if (found == 0) GTEST_SKIP() << "no h5repack";
    logged_lines const quiet;
    EXPECT_EQ(reader.verify(other).result, verdict::repacked);
    all.fill(2, rank);
    reader.restore(seg, other);
    EXPECT_TRUE(all.holds(1));
    seg.fence();
}

TEST_F(Compressed, UncompressedByAnotherToolItIsRepacked) {
    SHMWIN_NEEDS_H5PY();
    auto const file = save().file;
    auto const other = directory / "other.h5";
    MPI_Barrier(world);
    int found = 0;
    if (rank == 0) {
        auto const command = "h5repack -f NONE -l CONTI " + file.native() + ' ' + other.native();
        // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): a test's own command
        found = std::system(command.c_str()) == 0 ? 1 : 0;
    }
    MPI_Bcast(&found, 1, MPI_INT, 0, world);
    if (found == 0) GTEST_SKIP() << "no h5repack";
    logged_lines const quiet;
    EXPECT_EQ(reader.verify(other).result, verdict::repacked);
    all.fill(2, rank);
    reader.restore(seg, other);
    EXPECT_TRUE(all.holds(1));
}

TEST_F(Compressed, WithIncrementalItIsWrittenAnew) {
    checkpoint_store store(world, directory / "both", {.incremental = true, .deflate = 1});
    store.save(seg, {.step = 1});
    all.fill(3, rank);
    auto const made = store.save(seg, {.step = 2});
    EXPECT_EQ(reader.verify(made.file).result, verdict::intact);
    checkpoint_store plain(world, directory / "plain");
    store.restore(seg, plain.save(seg, {.step = 1}).file); // and after an uncompressed one
    all.fill(4, rank);
    auto const next = store.save(seg, {.step = 3});
    EXPECT_EQ(reader.verify(next.file).result, verdict::intact);
    reader.restore(seg, made.file);
    EXPECT_TRUE(all.holds(3));
    reader.restore(seg, next.file);
    EXPECT_TRUE(all.holds(4));
}

TEST_F(Compressed, SaveThatFailsLeavesNothing) {
    save();
    auto const open_before = n_descriptors();
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::create_directories(directory / "state-000000000002.h5/full");
    MPI_Barrier(world);
    EXPECT_EQ(agreed_error_of(world, [&] { save(); }).code, errc::io_failure);
    EXPECT_EQ(n_descriptors(), open_before);
    EXPECT_THAT(names_in(world, directory), Not(testing::Contains(HasSubstr(".tmp"))));
    save();
    EXPECT_TRUE(all.holds(1));
}

} // namespace
} // namespace shmwin
