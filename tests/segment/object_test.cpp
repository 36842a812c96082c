// SPDX-License-Identifier: MIT
// Objects of class types: made by all ranks together or by one alone, found and ended by any.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <gmock/gmock.h>
#include <stdexcept>
#include <string>

namespace {

// Counts, in this process, how often it was made and ended.
struct counted {
    counted() noexcept { ++n_made; }
    explicit counted(int start) noexcept : value(start) { ++n_made; }
    counted(counted const&) = delete;
    counted(counted&&) = delete;
    counted& operator=(counted const&) = delete;
    counted& operator=(counted&&) = delete;
    ~counted() { ++n_ended; }

    std::atomic<int> value{0};
    static inline int n_made = 0;
    static inline int n_ended = 0;
};

struct fragile {
    explicit fragile(char const* why) {
        if (*why == '?') throw 42; // NOLINT(*-exception-baseclass): what hosts may do
        throw std::runtime_error(why);
    }
};

struct particle {
    double x;
    double y;
    int id;
};

struct shape_with_table {
    virtual double area() const { return 0; }
    virtual ~shape_with_table() = default;
};

struct plain {
    int i;
};

} // namespace
SHMWIN_NAME(counted, "test.counted/1");
SHMWIN_NAME(fragile, "test.fragile/1");
SHMWIN_NAME(particle, "test.particle/1");
SHMWIN_NAME(shape_with_table, "test.shape_with_table/1");

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

// --- what does not compile -----------------------------------------------------------------------

static_assert(shareable<int> && shareable<particle> && shareable<counted>);
static_assert(!shareable<plain>);            // nobody said how other ranks know it
static_assert(!shareable<shape_with_table>); // its table lies elsewhere in each process
static_assert(!shareable<int*> && !shareable<int&>);

// A call with such a type is an error with a sentence: tests/segment/refused.

// --- made together -------------------------------------------------------------------------------

struct Object : open_segment {
    Object() {
        counted::n_made = 0;
        counted::n_ended = 0;
    }

    [[nodiscard]] int sum(int mine) const {
        int all = 0;
        MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, world);
        return all;
    }
};

TEST_F(Object, MadeTogetherIsConstructedOnce) {
    auto* const made = seg.create_object<counted>("object", 7);
    EXPECT_EQ(sum(counted::n_made), 1);
    EXPECT_EQ(made->value, 7);
    seg.fence();
    made->value += 1;
    seg.fence();
    EXPECT_EQ(made->value, 7 + size);
    EXPECT_EQ(seg.find<counted>("object"), made);
}

TEST_F(Object, OfAnAggregateTypeIsMadeFromItsMembers) {
    auto* const made = seg.create_object<particle>("p", 1.5, -2.5, 9);
    EXPECT_EQ(made->x, 1.5);
    EXPECT_EQ(made->y, -2.5);
    EXPECT_EQ(made->id, 9);
}

TEST_F(Object, OfAnElementTypeIsSavedAndAnyOtherIsNot) {
    seg.create_object<double>("number", 2.5);
    seg.create_object<particle>("p", 0.0, 0.0, 0);
    EXPECT_TRUE(seg.info("number")->saved);
    EXPECT_FALSE(seg.info("p")->saved);
    EXPECT_EQ(seg.info("p")->type, "test.particle/1");
    EXPECT_EQ(seg.info("p")->creator, -1);
}

TEST_F(Object, WhoseConstructorThrowsIsAnErrorOfAllAndLeavesNothing) {
    seg.create_object<int>("warm", 1); // the directory's first blocks
    auto const before = seg.heap().stats();
    seg.fence();
    auto const thrown =
        agreed_error_of(world, [&] { seg.create_object<fragile>("f", "no reason"); });
    EXPECT_THAT(thrown.text, HasSubstr("no reason"));
    EXPECT_FALSE(seg.contains("f"));
    EXPECT_EQ(seg.heap().stats().used, before.used);
    seg.fence();
    // The host may throw what it likes.
    auto const other = agreed_error_of(world, [&] { seg.create_object<fragile>("f", "?"); });
    EXPECT_NE(other.code, errc::ok);
    EXPECT_FALSE(seg.contains("f"));
    seg.fence();
}

// --- made by one rank ----------------------------------------------------------------------------

TEST_F(Object, MadeByOneRankIsFoundByAll) {
    if (rank == last) seg.construct<counted>(transient, "leader", 40 + rank);
    seg.fence();
    EXPECT_EQ(counted::n_made, rank == last ? 1 : 0);
    auto* const found = seg.find<counted>("leader");
    EXPECT_EQ(found->value, 40 + last);
    EXPECT_EQ(seg.info("leader")->creator, last);
    EXPECT_FALSE(seg.info("leader")->saved);
}

TEST_F(Object, KnowsTheLineThatMadeIt) {
    if (rank == 0) {
        seg.construct<double>("number", 1.0);
        EXPECT_EQ(seg.info("number")->where, "object_test.cpp:" + std::to_string(__LINE__ - 1));
        seg.construct<particle>(transient, "p", 1.0, 2.0, 3);
        EXPECT_EQ(seg.info("p")->where, "object_test.cpp:" + std::to_string(__LINE__ - 1));
    }
    seg.fence();
    seg.create_object<int>("together", 1);
    EXPECT_EQ(seg.info("together")->where, "object_test.cpp:" + std::to_string(__LINE__ - 1));
}

TEST_F(Object, IsDestroyedByAnotherRank) {
    static_cast<void>(seg.create_value<int>("warm"));
    seg.fence();
    auto const before = seg.heap().stats();
    seg.fence();
    if (rank == 0) seg.construct<counted>(transient, "object", 1);
    seg.fence();
    if (rank == last) seg.destroy<counted>("object");
    seg.fence();
    EXPECT_EQ(counted::n_ended, rank == last ? 1 : 0);
    EXPECT_FALSE(seg.contains("object"));
    EXPECT_EQ(seg.heap().stats().used, before.used);
    auto const thrown = error_of([&] { seg.destroy<counted>("object"); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::not_found);
    EXPECT_THAT(thrown->text, HasSubstr("\"object\""));
}

TEST_F(Object, OfAnotherTypeIsNeitherFoundNorDestroyed) {
    seg.create_object<double>("number", 1.0);
    auto const found = error_of([&] { static_cast<void>(seg.find<int>("number")); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->code, errc::type_mismatch);
    EXPECT_THAT(found->text, AllOf(HasSubstr("float64"), HasSubstr("int32")));
    EXPECT_EQ(error_of([&] { seg.destroy<particle>("number"); })->code, errc::type_mismatch);
    EXPECT_TRUE(seg.contains("number"));
}

TEST_F(Object, WhoseConstructorThrowsLeavesNothing) {
    static_cast<void>(seg.create_value<int>("warm"));
    seg.fence();
    auto const before = seg.heap().stats();
    seg.fence();
    EXPECT_THROW(seg.construct<fragile>(transient, "f", "no reason"), std::runtime_error);
    EXPECT_THROW(seg.construct<fragile>(transient, "f", "?"), int);
    seg.fence();
    EXPECT_FALSE(seg.contains("f"));
    EXPECT_EQ(seg.heap().stats().used, before.used);
}

TEST_F(Object, OfOneNameIsMadeByExactlyOneOfAllThatTry) {
    for (int round = 0; round < 50; ++round) {
        auto const name = "object " + std::to_string(round);
        seg.fence();
        auto const thrown = error_of([&] { seg.construct<counted>(transient, name, rank); });
        EXPECT_EQ(thrown ? thrown->code : errc::already_exists, errc::already_exists);
        EXPECT_EQ(sum(thrown ? 0 : 1), 1) << name;
        auto const winner = seg.info(name)->creator;
        EXPECT_EQ(winner == rank, !thrown);
        EXPECT_EQ(seg.find<counted>(name)->value, winner);
    }
    // The losers' objects were ended, and their memory given back.
    EXPECT_EQ(sum(counted::n_made - counted::n_ended), 50);
    expect_sound(seg);
}

// --- the heap alone ------------------------------------------------------------------------------

TEST_F(Object, WithoutANameIsAllocatedByOneRankAndFreedByAnother) {
    auto const before = seg.heap().stats();
    auto const offsets = seg.create_array<std::uint64_t>("offsets", shape(size, 100));
    auto const used = seg.heap().stats().used;
    seg.fence();
    for (int i = 0; i < 100; ++i) {
        auto const n_bytes = static_cast<std::size_t>(24 + 100 * i);
        auto* const block = static_cast<int*>(seg.heap().allocate(n_bytes));
        *block = 1000 * rank + i;
        offsets(rank, i) = seg.heap().offset_of(block);
    }
    seg.fence();
    int const from = (rank + 1) % size;
    for (int i = 0; i < 100; ++i) {
        auto* const block = static_cast<int*>(seg.heap().at(offsets(from, i)));
        EXPECT_EQ(*block, 1000 * from + i);
        seg.heap().deallocate(block);
    }
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, used);
    EXPECT_GT(used, before.used);
    int local = 0;
    EXPECT_EQ(error_of([&] { seg.heap().deallocate(&local); })->code, errc::bad_pointer);
    auto* const again = seg.heap().at(offsets(from, 0));
    EXPECT_EQ(error_of([&] { seg.heap().deallocate(again); })->code, errc::bad_pointer);
    expect_sound(seg);
}

} // namespace
} // namespace shmwin
