// SPDX-License-Identifier: MIT
// A data set of more than 4 GiB: no offset, count or extent is cut to 32 bits. Needs 4.3 GiB of
// memory and of disk, so only the soak runs it.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace shmwin {
namespace {

using namespace test;

constexpr std::int64_t n_elements = (std::int64_t{43} << 30U) / 10 / 8;
constexpr std::size_t capacity = std::size_t{9} << 29U;

TEST(LargeDataset, OfMoreThan4GiBComesBack) {
    if (soak_factor() == 1) GTEST_SKIP() << "only in the soak: 4.3 GiB";
    MPI_Comm const world = MPI_COMM_WORLD;
    auto const directory = empty_directory(world, "LargeDataset");
    node on(world);
    segment seg(on, {.capacity = capacity});
    auto const a = seg.create_array<std::int64_t>("a", shape(n_elements), {.touch = touch::later});
    auto const z = seg.create_array<std::int64_t>("z", shape(3)); // behind it in the file
    std::array<std::int64_t, 6> const places{0,
                                             (std::int64_t{1} << 29U) - 1,
                                             std::int64_t{1} << 29U,
                                             n_elements / 2,
                                             n_elements - 1,
                                             77};
    auto const set = [&](std::int64_t factor) {
        seg.fence();
        if (on.rank() == 0) {
            for (auto const i : places) {
                a(i) = factor * (i + 1);
            }
            z(2) = factor;
        }
        seg.fence();
    };
    set(3);
    checkpoint_store store(world, directory / "state", {.durable = false});
    auto const report = store.save(seg, {.step = 1});
    EXPECT_EQ(report.n_bytes, static_cast<std::size_t>(n_elements + 3) * 8);
    set(-1);
    store.restore(seg, report.file);
    for (auto const i : places) {
        EXPECT_EQ(a(i), 3 * (i + 1)) << i;
    }
    EXPECT_EQ(a(n_elements - 2), 0);
    EXPECT_EQ(z(2), 3);
    seg.close();
    on.close();
    empty_directory(world, directory);
}

} // namespace
} // namespace shmwin
