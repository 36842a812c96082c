// SPDX-License-Identifier: MIT
// The handles of mutex and recursive_mutex; death and misuse are tested in tests/sync/.
#include "shmwin/base/log.hpp"
#include "shmwin/segment/mutex.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct MutexHandle : test::open_segment {};

static_assert(std::is_copy_constructible_v<mutex> && std::is_copy_assignable_v<mutex>);
static_assert(std::is_nothrow_move_constructible_v<mutex>);

TEST_F(MutexHandle, RanksLoseNoUpdate) {
    auto const lock = seg.create_mutex("lock");
    auto* const count = seg.create_object<std::int64_t>("count", 0); // plain
    for (int i = 0; i < 1000; ++i) {
        std::lock_guard const held(lock);
        *count += 1;
    }
    seg.fence();
    EXPECT_EQ(*count, 1000 * size);
}

TEST_F(MutexHandle, IsFoundByName) {
    auto const made = seg.create_mutex("a/lock");
    auto const found = seg.group("a").find_mutex("lock");
    EXPECT_EQ(found.where().index, made.where().index);
    EXPECT_TRUE(found.is_valid());
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_mutex("none")); })->code, errc::not_found);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_recursive_mutex("a/lock")); })->code,
              errc::type_mismatch);
    EXPECT_EQ(seg.info("a/lock")->n_bytes, 8U);
    EXPECT_FALSE(seg.info("a/lock")->saved);
    seg.fence();
    seg.destroy(made);
    EXPECT_FALSE(found.is_valid());
}

TEST_F(MutexHandle, IsAStandardLockableWithDeadlines) {
    auto const lock = seg.create_mutex("lock");
    if (rank == 0) {
        std::unique_lock held(lock, std::defer_lock);
        EXPECT_TRUE(held.try_lock_for(std::chrono::minutes(1)));
    }
    seg.fence();
    if (rank == 0) lock.lock();
    seg.fence();
    if (rank == last && size > 1) {
        std::unique_lock held(lock, std::defer_lock);
        EXPECT_FALSE(held.try_lock());
        EXPECT_FALSE(held.try_lock_for(milliseconds(5)));
        EXPECT_FALSE(held.try_lock_until(std::chrono::system_clock::now() + milliseconds(5)));
    }
    seg.fence();
    if (rank == 0) lock.unlock();
    seg.fence();
}

TEST_F(MutexHandle, TwoAreLockedTogetherInAnyOrder) {
    auto const first = seg.create_mutex("first");
    auto const second = seg.create_mutex("second");
    auto* const count = seg.create_object<std::int64_t>("count", 0); // plain
    for (int i = 0; i < 200; ++i) {
        if (rank % 2 == 0) {
            std::scoped_lock const both(first, second);
            *count += 1;
        } else {
            std::scoped_lock const both(second, first);
            *count += 1;
        }
    }
    seg.fence();
    EXPECT_EQ(*count, 200 * size);
}

TEST_F(MutexHandle, ARankIsToldThatItLocksTwice) {
    auto const lock = seg.create_mutex("lock");
    {
        std::lock_guard const held(lock);
        auto const twice = error_of([&] { lock.lock(); });
        ASSERT_TRUE(twice);
        EXPECT_EQ(twice->code, errc::would_deadlock);
        EXPECT_THAT(twice->text, HasSubstr("mutex::lock"));
    }
    seg.fence();
}

TEST_F(MutexHandle, ARecursiveOneIsLockedAgainByItsThread) {
    auto const lock = seg.create_recursive_mutex("lock");
    auto* const count = seg.create_object<std::int64_t>("count", 0); // plain
    for (int i = 0; i < 200; ++i) {
        std::scoped_lock const outer(lock);
        std::scoped_lock const inner(lock);
        EXPECT_EQ(lock.holder().rank, rank);
        *count += 1;
    }
    seg.fence();
    EXPECT_EQ(*count, 200 * size);
    EXPECT_FALSE(lock.holder());
    EXPECT_EQ(seg.info("lock")->n_bytes, 16U);
    seg.fence();
}

TEST_F(MutexHandle, WhoHoldsIt) {
    auto const plain = seg.create_mutex("plain");
    auto const recursive = seg.create_recursive_mutex("recursive");
    auto const shared = seg.create_shared_mutex("shared");
    static_cast<void>(seg.create_value<int>("value"));
    EXPECT_FALSE(seg.who_holds("plain"));
    seg.fence();
    if (rank == last) {
        plain.lock();
        recursive.lock();
        shared.lock();
    }
    seg.fence();
    EXPECT_EQ(seg.who_holds("plain")->rank, last);
    EXPECT_EQ(seg.who_holds("recursive")->rank, last);
    EXPECT_EQ(seg.who_holds("shared")->rank, last);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.who_holds("none")); })->code, errc::not_found);
    auto const no_lock = error_of([&] { static_cast<void>(seg.who_holds("value")); });
    EXPECT_EQ(no_lock->code, errc::type_mismatch);
    EXPECT_THAT(no_lock->text, HasSubstr("kind value"));
    seg.fence();
    if (rank == last) {
        plain.unlock();
        recursive.unlock();
        shared.unlock();
    }
    seg.fence();
}

// --- a lock that is held at the end
// ---------------------------------------------------------------

std::vector<std::string> said; // NOLINT(*-avoid-non-const-global-variables): a sink has no state

struct HeldLock : testing::Test {
    void SetUp() override {
        said.clear();
        before = set_log_sink([](log_level, std::string_view line) { said.emplace_back(line); });
    }
    void TearDown() override { set_log_sink(before); }
    log_sink before = nullptr;
};

TEST_F(HeldLock, IsReportedByItsHolderAtClose) {
    node on(MPI_COMM_WORLD);
    segment seg(on, {.capacity = std::size_t{64} << 20U});
    auto const held = seg.create_mutex("solver/held");
    auto const free = seg.create_mutex("free");
    auto const read = seg.create_shared_mutex("read");
    auto const filled = seg.create_array<int>("filled", shape(2));
    auto const shown = seg.create_array<int>("shown", shape(2));
    std::optional<write_section_guard<array<int, 1>::view_type>> writing;
    std::optional<read_section_guard<array<int, 1>::const_view_type>> reading;
    if (on.rank() == 0) {
        held.lock();
        read.lock_shared();
        writing.emplace(*filled.write_section_for(std::chrono::seconds(60)));
        reading.emplace(shown.read_section(0));
    }
    free.lock();
    free.unlock();
    seg.close();
    on.close();
    if (on.rank() == 0) {
        EXPECT_THAT(
            said,
            UnorderedElementsAre(HasSubstr("lock is held at close() (\"read\", by a reader"),
                                 HasSubstr("lock is held at close() (\"solver/held\""),
                                 HasSubstr("at close() (a section of \"filled\", by thread"),
                                 HasSubstr("at close() (a section of \"shown\", by a reader")));
    } else {
        EXPECT_THAT(said, IsEmpty());
    }
}

} // namespace
} // namespace shmwin
