// SPDX-License-Identifier: MIT
// Where /dev/shm is small, and gets full: support/small_shm.sh mounts one of 64 MiB for this.
// Elsewhere there is nothing to see, and all is skipped.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <string>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto foreign_file = "/dev/shm/somebody-elses-file";

std::size_t free_bytes() {
    struct statvfs about {};
    return ::statvfs("/dev/shm", &about) == 0
               ? static_cast<std::size_t>(about.f_bavail) * about.f_frsize
               : 0;
}

struct SmallShm : testing::Test {
    void SetUp() override {
        char const* const told = std::getenv("SHMWIN_TEST_SHM"); // NOLINT(concurrency-mt-unsafe)
        if (told == nullptr) GTEST_SKIP() << "this /dev/shm is a large one";
        ASSERT_STREQ(told, "64m");
        ASSERT_LE(free_bytes(), 64_MiB);
    }
    void TearDown() override { on.close(); }

    // Messages of all sizes go round: MPI's own buffers lie in the same file system.
    void exchange_messages() const {
        for (int n_bytes = 8; n_bytes <= 1'000'000; n_bytes *= 5) {
            std::vector<char> out(static_cast<std::size_t>(n_bytes), static_cast<char>('a' + rank));
            std::vector<char> in(out.size());
            auto const from = (rank + size - 1) % size;
            for (int round = 0; round < 20; ++round) {
                MPI_Sendrecv(out.data(),
                             n_bytes,
                             MPI_CHAR,
                             (rank + 1) % size,
                             0,
                             in.data(),
                             n_bytes,
                             MPI_CHAR,
                             from,
                             0,
                             world,
                             MPI_STATUS_IGNORE);
            }
            EXPECT_EQ(std::ranges::count(in, static_cast<char>('a' + from)), n_bytes);
        }
    }

    // Makes arrays until that fails; how many, and what the error was.
    std::pair<int, error_info> fill(object_group const& seg, std::int64_t n_bytes) const {
        for (int n = 0;; ++n) {
            auto const name = "part " + std::to_string(n);
            auto const thrown = error_of([&] {
                auto const made = seg.create_array<char>(name, shape(n_bytes));
                auto const mine = made.rows();
                std::fill_n(made.data() + mine.first, mine.size(), 'x');
            });
            if (!thrown) continue;
            // The same on all ranks.
            return {n, agreed_error_of(world, [&] { raise(*thrown); })};
        }
    }

    MPI_Comm const world = MPI_COMM_WORLD;
    node on{MPI_COMM_WORLD};
    int const rank = on.rank();
    int const size = on.size();
};

TEST_F(SmallShm, WindowOf1GiBIsRefusedOnAllRanksWithNumbersAndKnob) {
    auto const begin = std::chrono::steady_clock::now();
    auto const thrown = agreed_error_of(world, [&] {
        segment const seg(on, {.capacity = 1_GiB, .backing = backing_kind::mpi_window});
    });
    EXPECT_LT(seconds_since(begin), 10.0);
    EXPECT_EQ(thrown.code, errc::no_space);
    EXPECT_THAT(thrown.text,
                AllOf(HasSubstr("required"),
                      HasSubstr("available in /dev/shm"),
                      testing::ContainsRegex("[(][0-9]+ bytes[)].*[(][0-9]+ bytes[)]"),
                      HasSubstr(".capacity"),
                      HasSubstr("memfd"),
                      HasSubstr("enlarge /dev/shm")));
    exchange_messages();
}

TEST_F(SmallShm, AutomaticTakesTheMemfdAndWorks) {
    segment seg(on, {.capacity = 1_GiB});
    EXPECT_EQ(seg.backing(), backing_kind::memfd);
    auto const u = seg.create_array<double>("u", shape(1000, 15'000)); // 120 MB
    for (auto i : u.rows()) {
        u(i, 14'999) = static_cast<double>(i);
    }
    seg.fence();
    for (std::int64_t i = 0; i < 1000; ++i) {
        ASSERT_EQ(u(i, 14'999), static_cast<double>(i));
    }
    exchange_messages();
    seg.close();
}

TEST_F(SmallShm, DefaultCapacityFits) {
    segment seg(on);
    seg.create_value<int>("v", 1);
    seg.fence();
    exchange_messages();
    seg.close();
}

TEST_F(SmallShm, IsFilledByTwoSegmentsWithoutHarm) {
    segment one(on, {.capacity = 10_MiB, .backing = backing_kind::mpi_window});
    segment two(on, {.capacity = 10_MiB, .backing = backing_kind::mpi_window});
    auto const [n_one, full_one] = fill(one, 1 << 20);
    auto const [n_two, full_two] = fill(two, 1 << 20);
    EXPECT_GE(n_one, 4);
    EXPECT_THAT(full_one.code, testing::AnyOf(errc::out_of_memory, errc::no_space));
    EXPECT_THAT(full_two.code, testing::AnyOf(errc::out_of_memory, errc::no_space));
    exchange_messages();
    expect_sound(one);
    expect_sound(two);
    // What is there is there.
    for (int n = 0; n < n_one; ++n) {
        auto const part = one.find_array<char const, 1>("part " + std::to_string(n));
        ASSERT_EQ(std::count(part.data(), part.data() + part.size(), 'x'), 1 << 20);
    }
    one.fence();
    two.close();
    one.close();
}

TEST_F(SmallShm, IsFilledByAForeignFileWithoutHarm) {
    segment seg(on, {.capacity = 16_MiB, .backing = backing_kind::mpi_window});
    seg.create_value<int>("first", 1);
    if (rank == 0) {
        // All but the reserve (8 MiB a rank) and a little.
        auto const room = free_bytes() - static_cast<std::size_t>(size) * 8_MiB;
        std::ofstream file(foreign_file, std::ios::binary);
        std::vector<char> const chunk(1_MiB, 'f');
        for (std::size_t n = 5_MiB; n < room; n += 1_MiB) {
            file.write(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        }
    }
    seg.fence();
    for (auto const n_bytes : {1 << 20, 64 << 10, 4096}) {
        auto const [n_made, full] = fill(seg.group(std::to_string(n_bytes)).group("x"), n_bytes);
        EXPECT_EQ(full.code, errc::no_space) << full.text;
        EXPECT_THAT(full.text,
                    AllOf(HasSubstr("/dev/shm"),
                          HasSubstr("needed"),
                          HasSubstr("available"),
                          HasSubstr("free space there")));
    }
    // Neither are small things, which nobody else had to agree on.
    auto const small = error_of([&] { seg.heap().deallocate(seg.heap().allocate(2 << 20)); });
    EXPECT_EQ(small.value_or(error_info{}).code, errc::no_space);
    exchange_messages();
    expect_sound(seg);
    EXPECT_EQ(seg.find_value<int>("first").load(), 1);
    seg.fence();
    if (rank == 0) ::unlink(foreign_file);
    seg.fence();
    auto const again = seg.create_array<char>("again", shape(6 << 20));
    EXPECT_EQ(again((6 << 20) - 1), 0);
    exchange_messages();
    seg.close();
}

} // namespace
} // namespace shmwin
