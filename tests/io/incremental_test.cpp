// SPDX-License-Identifier: MIT
// Checkpoints whose unchanged blocks come from the one before: each is what a full one would be.
// On a file system with reflinks (support/io_reflink_disk.sh) they are shared, elsewhere written;
// only the counts differ.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/view/view_of.hpp"

#include "io/checkpoint_file.hpp"
#include "support/host_window.hpp"
#include "support/io_store.hpp"
#include "support/save_kinds.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

constexpr std::uint64_t block_bytes = detail::checksum_block_bytes;
constexpr std::int64_t per_block = block_bytes / sizeof(double);
constexpr std::int64_t n_elements = 12 * per_block + 1000; // the last block is no whole page

char const* reflink_disk() {
    return std::getenv("SHMWIN_TEST_REFLINK_DISK"); // NOLINT(concurrency-mt-unsafe)
}

std::filesystem::path with_name_of_test(std::filesystem::path const& folder) {
    return folder / testing::UnitTest::GetInstance()->current_test_info()->name();
}

// Bytes of blocks that are shared where the file system can: whole pages.
std::uint64_t shared(std::uint64_t n_bytes) {
    return reflink_disk() == nullptr ? 0 : n_bytes;
}

struct Incremental : open_segment_and_directory, testing::WithParamInterface<save_kind> {
    Incremental() {
        for (auto const i : a.rows()) {
            a(i) = 1.0 / (1.0 + static_cast<double>(i));
        }
        seg.fence();
    }
    // Collective. One element, by one rank.
    void change(std::int64_t i) {
        seg.fence();
        if (rank == 0) a(i) += 1;
        seg.fence();
    }
    save_report save() { return save_into(store, ++step); }
    save_report save_into(checkpoint_store& which, std::int64_t label) {
        return save_as(GetParam(), which, seg, {.step = label}, [] {});
    }

    // A full save of the same, and the incremental one, hold the same.
    void expect_as_if_full(save_report const& made) {
        checkpoint_store full(world, directory / "full/state");
        auto const whole = detail::read_checkpoint(full.save(seg, {.step = step}).file, true);
        auto const other = detail::read_checkpoint(made.file, true);
        EXPECT_TRUE(other.as_written);
        EXPECT_EQ(other.checksums, whole.checksums);
        ASSERT_EQ(other.objects.size(), whole.objects.size());
        for (std::size_t i = 0; i < whole.objects.size(); ++i) {
            EXPECT_EQ(other.objects[i].name, whole.objects[i].name);
            EXPECT_EQ(other.objects[i].file_offset, whole.objects[i].file_offset);
        }
        EXPECT_EQ(store.verify(made.file).result, verdict::intact); // compares bytes to checksums
        EXPECT_EQ(made.n_bytes, made.n_bytes_written + made.n_bytes_reused);
    }

    array<double, 1> a = seg.create_array<double>("a", shape(n_elements));
    value<int> n = seg.create_value<int>("n", 1);
    std::filesystem::path const place =
        reflink_disk() == nullptr ? directory / "run"
                                  : empty_directory(world, with_name_of_test(reflink_disk()));
    checkpoint_store store{world, place / "state", {.incremental = true}};
    std::int64_t step = 0;
};

// Whole pages of `a`.
constexpr std::uint64_t all_of_a = n_elements * 8 / 4096 * 4096;

TEST_P(Incremental, FirstOneIsWrittenAsAWhole) {
    auto const made = save();
    EXPECT_EQ(made.n_bytes_reused, 0U);
    EXPECT_EQ(made.n_bytes_written, made.n_bytes);
    expect_as_if_full(made);
}

TEST_P(Incremental, UnchangedBlocksAreTakenFromTheOneBefore) {
    save();
    EXPECT_EQ(save().n_bytes_reused, shared(all_of_a));
    auto const made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a));
    expect_as_if_full(made);
}

TEST_P(Incremental, BlocksThatChangedAtTheirEdgesAreWritten) {
    save();
    auto const end = n_elements - 1;
    struct row {
        std::vector<std::int64_t> changed;
        std::uint64_t n_bytes; ///< of whole pages that stay as they were
    };
    for (auto const& each : {row{{0}, all_of_a - block_bytes},
                             row{{per_block - 1}, all_of_a - block_bytes},
                             row{{per_block}, all_of_a - block_bytes},
                             row{{per_block - 1, per_block}, all_of_a - 2 * block_bytes},
                             row{{5 * per_block + 7, 9 * per_block}, all_of_a - 2 * block_bytes},
                             row{{end}, 12 * block_bytes},
                             row{{12 * per_block}, 12 * block_bytes}}) {
        for (auto const i : each.changed) {
            change(i);
        }
        auto const made = save();
        EXPECT_EQ(made.n_bytes_reused, shared(each.n_bytes)) << each.changed.front();
        expect_as_if_full(made);
    }
}

TEST_P(Incremental, EachIsCompleteInItself) {
    checkpoint_store one(world, place / "one", {.keep = 1, .incremental = true});
    save_into(one, 1);
    change(3);
    save_into(one, 2);
    auto const made = save_into(one, 3);
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a));
    EXPECT_THAT(one.list(), ElementsAre(made.file));
    EXPECT_EQ(one.verify(made.file).result, verdict::intact);
    // Nor does what is written to one show in the other.
    auto const copy = save_into(one, 3); // in place of the one it takes from
    EXPECT_EQ(copy.n_bytes_reused, shared(all_of_a));
    expect_as_if_full(copy);
}

TEST_P(Incremental, ObjectsAreKnownByTheirNames) {
    save();
    seg.create_array<double>("A/before", shape(n_elements)); // now all others move in the file
    auto made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a));
    expect_as_if_full(made);

    seg.destroy(a);
    a = seg.create_array<double>("b", shape(n_elements)); // another one, and "A/before" stays
    made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a));
    expect_as_if_full(made);
}

TEST_P(Incremental, ObjectOfAnotherTypeOrShapeHasItsOwnBytes) {
    save();
    seg.destroy(a);
    auto grown = seg.create_array<double>("a", shape(n_elements + per_block)); // zeros
    auto made = save();
    EXPECT_EQ(made.n_bytes_reused, 0U);
    expect_as_if_full(made);
    seg.destroy(grown);
    auto cut = seg.create_array<float>("a", shape(4 * per_block, 2)); // zeros as well
    made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(4 * block_bytes));
    expect_as_if_full(made);
    auto const read = detail::read_checkpoint(made.file, true);
    EXPECT_EQ(read.objects.front().shape, (std::vector<std::int64_t>{4 * per_block, 2}));
    seg.destroy(cut);
}

// With a gap behind each row: blocks come through a buffer.
TEST_P(Incremental, StridedArraysToo) {
    constexpr std::int64_t n_rows = 4203; // 8 blocks, 13 pages and a bit
    constexpr std::uint64_t n_bytes = n_rows * 64 * sizeof(double);
    host_window const window(world, rank == 0 ? n_rows * 66 * sizeof(double) : 0);
    auto* const first = reinterpret_cast<double*>(window.part(0)); // NOLINT(*-cast-align)
    auto const u = seg.adopt("u",
                             view_of(first, shape(n_rows, 64), std::array<std::int64_t, 2>{66, 1}),
                             {.shared = true});
    for (auto const i : u.rows()) {
        u(i, 0) = static_cast<double>(i);
    }
    save();
    auto made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a + n_bytes / 4096 * 4096));
    expect_as_if_full(made);
    if (rank == last) u(n_rows - 1, 63) = 5; // in the part of a page at the end
    made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a + n_bytes / block_bytes * block_bytes));
    expect_as_if_full(made);
}

TEST_P(Incremental, OneThatIsGoneOrChangedIsNotTakenFrom) {
    auto const first = save().file;
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::remove(first);
    MPI_Barrier(world);
    auto const second = save();
    EXPECT_EQ(second.n_bytes_reused, 0U);
    expect_as_if_full(second);
    // As long as before, but somebody wrote to it.
    replace(world, second.file, std::string(std::filesystem::file_size(second.file), 'x'));
    auto const third = save();
    EXPECT_EQ(third.n_bytes_reused, 0U);
    expect_as_if_full(third);
    EXPECT_EQ(save().n_bytes_reused, shared(all_of_a));
}

// As the disk may do: bytes change, and nothing tells.
void rot(std::filesystem::path const& file, std::uint64_t offset) {
    struct stat before {};
    ::stat(file.c_str(), &before);
    int const fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    char byte = 0;
    EXPECT_EQ(::pread(fd, &byte, 1, static_cast<off_t>(offset)), 1);
    byte ^= 1;
    EXPECT_EQ(::pwrite(fd, &byte, 1, static_cast<off_t>(offset)), 1);
    std::array<timespec, 2> const times{before.st_atim, before.st_mtim};
    ::futimens(fd, times.data());
    ::close(fd);
}

TEST_P(Incremental, RottenBlockIsNamedInBoth) {
    auto const first = save().file;
    auto const place_of_a = detail::read_checkpoint(first, false).objects.front().file_offset;
    MPI_Barrier(world);
    if (rank == 0) rot(first, place_of_a + 3 * block_bytes);
    MPI_Barrier(world);
    change(0);
    auto const second = save();
    EXPECT_THAT(store.verify(first).problems, ElementsAre(HasSubstr("a, block 3 ")));
    if (second.n_bytes_reused == 0) return expect_as_if_full(second);
    EXPECT_THAT(store.verify(second.file).problems, ElementsAre(HasSubstr("a, block 3 ")));
    // Written anew, it is right again.
    checkpoint_store full(world, place / "full");
    EXPECT_EQ(full.verify(full.save(seg, {.step = 9}).file).result, verdict::intact);
}

TEST_P(Incremental, AfterARestoreItIsTakenFromWhatWasRestored) {
    auto const file = save().file;
    checkpoint_store next(world, place / "next", {.incremental = true});
    next.restore(seg, file);
    change(per_block);
    auto const made = save_into(next, ++step);
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a - block_bytes));
    expect_as_if_full(made);
}

TEST_P(Incremental, WrittenByOtherRanksItIsTheSame) {
    MPI_Comm alone = MPI_COMM_NULL;
    MPI_Comm_split(world, rank, 0, &alone);
    auto const path = place / "alone";
    if (rank == 0) {
        node by_itself(alone);
        segment source(by_itself, {.capacity = 32_MiB});
        auto const from = source.create_array<double>("a", shape(n_elements));
        std::copy_n(a.data(), n_elements, from.data());
        source.create_value<int>("n", 1);
        checkpoint_store one(alone, path);
        one.save(source, {.step = 1});
        source.close();
        by_itself.close();
    }
    MPI_Barrier(world);
    {
        checkpoint_store all(world, path, {.incremental = true});
        all.restore_latest(seg);
        auto const made = save_into(all, ++step);
        EXPECT_EQ(made.n_bytes_reused, shared(all_of_a));
        expect_as_if_full(made);
    }
    MPI_Comm_free(&alone);
}

TEST_P(Incremental, NothingStaysOpen) {
    save();
    auto const open_before = n_descriptors();
    save();
    EXPECT_EQ(n_descriptors(), open_before);
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::create_directories(place / "state-000000000003.h5/full");
    MPI_Barrier(world);
    EXPECT_EQ(agreed_error_of(world, [&] { save(); }).code, errc::io_failure);
    EXPECT_EQ(n_descriptors(), open_before);
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::remove_all(place / "state-000000000003.h5");
    MPI_Barrier(world);
    auto const made = save();
    EXPECT_EQ(made.n_bytes_reused, shared(all_of_a));
    expect_as_if_full(made);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         Incremental,
                         testing::Values(save_kind::incremental, save_kind::async_incremental),
                         [](auto const& tested) { return std::string(name_of(tested.param)); });

} // namespace
} // namespace shmwin
