// SPDX-License-Identifier: MIT
// What is no block is not freed: it is named, and nothing changes.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <gmock/gmock.h>
#include <memory>
#include <stdexcept>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::page_bytes;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

struct HeapBadPointer : test::heap_fixture {
    char* block = static_cast<char*>(memory.allocate(10 * page_bytes));
    char* other = static_cast<char*>(memory.allocate(100));

    void expect_refused(void* what, char const* why) const {
        auto const before = memory.stats();
        auto const failed = error_of([&] { memory.deallocate(what); });
        EXPECT_EQ(failed.code, errc::bad_pointer);
        EXPECT_THAT(failed.text, AllOf(HasSubstr("no such block"), HasSubstr(why)));
        EXPECT_EQ(memory.stats().used, before.used);
        EXPECT_EQ(memory.stats().n_blocks, before.n_blocks);
        EXPECT_THAT(memory.verify().violations, IsEmpty());
    }
};

TEST_F(HeapBadPointer, FreedTwice) {
    memory.deallocate(block);
    expect_refused(block, "freed before");
    memory.deallocate(other);
    expect_refused(block, "freed before");
    expect_refused(other, "freed before");
}

// A run of frees in one slab takes a shorter way, which looks as closely.
TEST_F(HeapBadPointer, AfterManyOfTheSameSlab) {
    std::vector<char*> many;
    for (int i = 0; i < 2000; ++i) {
        many.push_back(static_cast<char*>(memory.allocate(64)));
    }
    for (std::size_t i = 1000; i < 1010; ++i) {
        memory.deallocate(many[i]);
    }
    expect_refused(many[1009], "freed before");
    expect_refused(many[1011] + 8, "inside a block");
    memory.deallocate(other); // of another slab
    expect_refused(other, "freed before");
    many.erase(many.begin() + 1000, many.begin() + 1010);
    for (auto* const each : many) {
        memory.deallocate(each);
    }
    memory.collect(); // the slab has ended
    expect_refused(many[1005], "freed before");
    auto* const larger = memory.allocate(96); // its descriptor may be another's now
    expect_refused(many[1006], "freed before");
    memory.deallocate(larger);
}

TEST_F(HeapBadPointer, InsideABlock) {
    std::memset(block, 0x33, 10 * page_bytes); // bytes of the user's that might look like a head
    for (auto const into : {1UL, 64UL, page_bytes, 5 * page_bytes, 9 * page_bytes}) {
        expect_refused(block + into, "inside a block");
    }
    EXPECT_EQ(memory.usable_size(block), 10 * page_bytes);
}

TEST_F(HeapBadPointer, NeverHandedOut) {
    expect_refused(static_cast<char*>(memory.at(memory.offset_of(block))) + 1_MiB,
                   "no block in use");
    expect_refused(block + 4_MiB - page_bytes, "no block in use"); // the last page
}

TEST_F(HeapBadPointer, OfAnotherSegmentOrOfNone) {
    int on_stack = 0;
    auto const on_heap = std::make_unique<int>(0);
    expect_refused(&on_stack, "not in this segment");
    expect_refused(on_heap.get(), "not in this segment");
    expect_refused(block + 4_MiB, "not in this segment");        // one past the end
    expect_refused(pages.where().base(), "not in this segment"); // the header
    expect_refused(reinterpret_cast<void*>(1), "not in this segment");
    expect_refused(pages.memory(0, test::via::second).at(memory.offset_of(block)),
                   "not in this segment"); // of this one, mapped elsewhere
    test::shared_pages const another({.capacity = 1_MiB, .n_ranks = 1});
    auto* const foreign = another.memory(0).allocate(10);
    expect_refused(foreign, "not in this segment");
    another.memory(0).deallocate(foreign);
}

TEST_F(HeapBadPointer, OfBadPointersIsAnInvalidArgument) {
    EXPECT_THROW(memory.deallocate(block + 1), std::invalid_argument);
}
} // namespace
} // namespace shmwin
