// SPDX-License-Identifier: MIT
// The segment is mapped at another address in each process: nothing in it may be an address.
// All is done through one mapping, which is then made inaccessible, and gone on with through
// another: a stored address faults.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <gmock/gmock.h>
#include <string>
#include <sys/mman.h>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using test::via;
using testing::IsEmpty;

detail::object_record record_of(std::string const& name, std::uint64_t offset, std::size_t n) {
    detail::object_record record{};
    record.name_hash = detail::hash(name);
    record.offset = offset;
    record.n_bytes = n;
    std::copy_n(name.data(), name.size(), record.name.data());
    return record;
}

TEST(TwoMappings, NothingInTheSegmentIsAnAddress) {
    test::shared_pages const pages({.capacity = 16_MiB, .n_ranks = 2});
    ASSERT_NE(pages.where(via::first).base(), pages.where(via::second).base());
    // Through the first: blocks, holes between them, names, erased names, a full meeting.
    auto const heap_1 = pages.memory(0, via::first);
    auto const names_1 = pages.names(0, via::first);
    for (int i = 0; i < 600; ++i) {
        auto const name = detail::text("u", i);
        auto* const block = heap_1.allocate_zeroed(100);
        std::memcpy(block, name.c_str(), name.size() + 1);
        names_1.insert(record_of(name, heap_1.offset_of(block), 100));
    }
    for (int i = 0; i < 600; i += 3) {
        auto const found = names_1.find(detail::text("u", i));
        names_1.erase(found->index, found->record.generation);
        heap_1.deallocate(heap_1.at(found->record.offset));
    }
    test::as_threads(2, [&](int rank) {
        pages.meeting(rank, test::shared_pages::policy(), via::first).meet({operation::fence});
    });

    ASSERT_EQ(::mprotect(pages.where(via::first).base(), pages.n_bytes(), PROT_NONE), 0);

    auto const heap_2 = pages.memory(1, via::second);
    auto const names_2 = pages.names(1, via::second);
    EXPECT_EQ(names_2.size(), 400U);
    EXPECT_EQ(names_2.list().size(), 400U);
    std::vector<std::string> violations;
    names_2.verify(violations, 10);
    EXPECT_THAT(violations, IsEmpty());
    EXPECT_THAT(heap_2.verify().violations, IsEmpty());
    EXPECT_GT(heap_2.stats().present, 0U);
    for (int i = 0; i < 600; ++i) {
        auto const name = detail::text("u", i);
        auto const found = names_2.find(name);
        ASSERT_EQ(found.has_value(), i % 3 != 0);
        if (!found) {
            names_2.insert(record_of(name, 0, 0));
            continue;
        }
        EXPECT_EQ(static_cast<char const*>(heap_2.at(found->record.offset)), name);
        EXPECT_TRUE(names_2.erase(found->index, found->record.generation));
        heap_2.deallocate(heap_2.at(found->record.offset));
    }
    heap_2.deallocate(heap_2.allocate_zeroed(5_MiB));
    EXPECT_THAT(heap_2.verify().violations, IsEmpty());
    test::as_threads(2, [&](int rank) {
        pages.meeting(rank, test::shared_pages::policy(), via::second).meet({operation::fence});
    });
    pages.meeting(1, test::shared_pages::policy(), via::second).leave("fence", "the end");
    EXPECT_EQ(pages.who(0, via::second).missing(true)->text, "the end");
}

// Handles made through either mapping work side by side.
TEST(TwoMappings, MayBeUsedAtTheSameTime) {
    test::shared_pages const pages({.capacity = 4_MiB, .n_ranks = 4});
    test::as_threads(4, [&](int rank) {
        auto const which = rank % 2 == 0 ? via::first : via::second;
        auto const mine = pages.memory(rank, which);
        auto const other = pages.memory(rank, which == via::first ? via::second : via::first);
        for (int i = 0; i < 1000; ++i) {
            auto* const block = mine.allocate(static_cast<std::size_t>(1 + i * 37 % 20'000));
            std::memset(block, rank + 1, 64);
            auto const offset = mine.offset_of(block);
            auto* const there = static_cast<char*>(other.at(offset));
            ASSERT_TRUE(there != nullptr && *there == rank + 1);
            other.deallocate(there);
        }
        auto const meeting = pages.meeting(rank, wait_policy::for_ranks(4), which);
        for (int i = 0; i < 100; ++i) {
            meeting.meet({operation::fence});
        }
    });
    EXPECT_EQ(pages.memory(0).stats().n_blocks, 0U);
    EXPECT_THAT(pages.memory(0).verify().violations, IsEmpty());
}

} // namespace
} // namespace shmwin
