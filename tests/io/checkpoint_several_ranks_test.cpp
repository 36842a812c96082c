// SPDX-License-Identifier: MIT
// What several ranks must agree on in a store, and what they need not: their order, and who has a
// store at all.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdint>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

using SeveralRanks = store_fixture;

TEST_F(SeveralRanks, DifferentArgumentsAreADisagreement) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    auto const* const odd = rank == last ? "1" : "";
    auto const expect_disagreement = [&](auto&& f) {
        auto const refused = agreed_error_of(world, f);
        EXPECT_EQ(refused.code, errc::disagreement);
        EXPECT_EQ(refused.rank, last);
    };
    expect_disagreement([&] { checkpoint_store store(world, path.native() + odd); });
    expect_disagreement(
        [&] { checkpoint_store store(world, path, {.keep = rank == last ? 3 : 2}); });
    expect_disagreement([&] { checkpoint_store store(world, path, {.durable = rank == last}); });
    EXPECT_THAT(names_in(world, directory), IsEmpty());

    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    auto const other = store.save(seg, {.step = 2}).file;
    expect_disagreement([&] { store.save(seg, {.step = rank == last ? 4 : 3}); });
    expect_disagreement([&] { store.save(seg, {.step = 3, .time = rank == last ? 4.0 : 3.0}); });
    expect_disagreement([&] { store.restore(seg, rank == last ? other : file); });
    expect_disagreement([&] { static_cast<void>(store.verify(rank == last ? other : file)); });
    EXPECT_THAT(store.list(), ElementsAre(file, other));
    EXPECT_EQ(store.verify(file).result, verdict::intact);
}

TEST_F(SeveralRanks, DifferentCallsAreADisagreement) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    auto const refused = agreed_error_of(world, [&] {
        if (rank == last) {
            store.restore(seg, file);
        } else {
            store.save(seg, {.step = 2});
        }
    });
    EXPECT_EQ(refused.code, errc::disagreement);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("save"), HasSubstr("restore")));
    EXPECT_THAT(store.list(), SizeIs(1));
}

TEST_F(SeveralRanks, StoreOfOtherRanksThanTheSegmentIsRefused) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    checkpoint_store mine(MPI_COMM_SELF, directory / ("of" + std::to_string(rank)));
    EXPECT_EQ(error_of([&] { mine.save(seg, {.step = 1}); })->code, errc::invalid_argument);
    EXPECT_EQ(error_of([&] { mine.restore(seg, "x.h5"); })->code, errc::invalid_argument);
    seg.fence();
}

TEST_F(SeveralRanks, StoreMayHaveTheRanksInAnotherOrder) {
    MPI_Comm reversed = MPI_COMM_NULL;
    MPI_Comm_split(world, 0, last - rank, &reversed);
    auto a = seg.create_array<double>("a", shape(1 << 19)); // 4 blocks
    for (auto const i : a.rows()) {
        a(i) = static_cast<double>(i);
    }
    {
        checkpoint_store store(reversed, path);
        store.save(seg, {.step = 1});
        seg.fence();
        for (auto const i : a.rows()) {
            a(i) = 0;
        }
        store.restore_latest(seg);
    }
    for (std::int64_t i = 0; i < a.extent(0); i += 1001) {
        EXPECT_EQ(a(i), static_cast<double>(i));
    }
    seg.fence();
    MPI_Comm_free(&reversed);
}

TEST_F(SeveralRanks, EachMayHaveASegmentAndAStoreOfItsOwn) {
    node self(MPI_COMM_SELF);
    segment own(self, {.capacity = 2_MiB});
    auto const v = own.create_value<int>("v", rank);
    checkpoint_store store(MPI_COMM_SELF, directory / ("of" + std::to_string(rank)));
    store.save(own, {.step = rank});
    v.store(-1);
    EXPECT_EQ(store.restore_latest(own)->step, rank);
    EXPECT_EQ(v.load(), rank);
    own.close();
    self.close();
}

} // namespace
} // namespace shmwin
