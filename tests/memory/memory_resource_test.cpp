// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/memory_resource.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <gmock/gmock.h>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using test::via;
using testing::IsEmpty;

static_assert(!std::is_copy_constructible_v<memory_resource>, "containers hold its address");
static_assert(std::is_base_of_v<std::pmr::memory_resource, memory_resource>);

struct MemoryResource : testing::Test {
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 2}};
    heap memory = pages.memory(0);
    memory_resource bytes{memory};

    void TearDown() override {
        memory.collect();
        EXPECT_EQ(memory.stats().n_blocks, 0U);
        EXPECT_THAT(memory.verify().violations, IsEmpty());
    }
};

TEST_F(MemoryResource, PrivateContainersHaveTheirBytesInTheSegment) {
    std::pmr::vector<std::pmr::string> v(&bytes);
    std::pmr::map<int, std::pmr::string> map(&bytes);
    std::pmr::unordered_map<int, int> table(&bytes);
    std::pmr::list<int> list(&bytes);
    for (int i = 0; i < 500; ++i) {
        v.emplace_back(100, 'x');
        map.emplace(i, "a text that is too long for the string itself");
        table[i] = i;
        list.push_back(i);
    }
    EXPECT_TRUE(memory.owns(v.data()) && memory.owns(v.back().data()));
    EXPECT_TRUE(memory.owns(&map.at(7)) && memory.owns(map.at(7).data()));
    EXPECT_TRUE(memory.owns(&table[7]) && memory.owns(&list.back()));
    EXPECT_GT(memory.stats().n_blocks, 2000U);
}

TEST_F(MemoryResource, BytesAreReadInPlaceByAnotherRank) {
    std::pmr::vector<int> const v({1, 2, 3}, &bytes);
    auto const other = pages.memory(1, via::second);
    auto const* const seen = static_cast<int const*>(other.at(memory.offset_of(v.data())));
    EXPECT_NE(seen, v.data());
    EXPECT_EQ(seen[2], 3);
}

TEST_F(MemoryResource, AlignsAsAsked) {
    for (std::size_t alignment = 1; alignment <= 2_MiB; alignment *= 2) {
        auto* const block = bytes.allocate(24, alignment);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0U);
        bytes.deallocate(block, 24, alignment);
    }
}

TEST_F(MemoryResource, IsEqualToThoseOfItsSegment) {
    memory_resource const same(pages.memory(1));
    test::shared_pages const others({.capacity = 1_MiB, .n_ranks = 1});
    memory_resource const other(others.memory(0));
    EXPECT_EQ(bytes, bytes);
    EXPECT_EQ(bytes, same);
    EXPECT_NE(bytes, other);
    EXPECT_NE(bytes, *std::pmr::new_delete_resource());
    EXPECT_NE(*std::pmr::new_delete_resource(), bytes);
    // So a container may take another's blocks, and give them back here.
    memory_resource second(pages.memory(1));
    std::pmr::vector<int> from(100, 7, &bytes);
    auto const* const block = from.data();
    std::pmr::vector<int> to(&second);
    to = std::move(from);
    EXPECT_EQ(to.data(), block);
}

TEST_F(MemoryResource, FullSegmentIsABadAlloc) {
    std::pmr::vector<char> v(10, 'x', &bytes);
    EXPECT_THROW(v.resize(64_MiB), std::bad_alloc);
    EXPECT_THROW(v.resize(64_MiB), out_of_memory);
    EXPECT_EQ(v.size(), 10U);
}

TEST_F(MemoryResource, KeepsItsOwner) {
    auto owner = std::make_shared<int>(1);
    std::weak_ptr<int> const watch = owner;
    {
        memory_resource const keeper(memory, std::move(owner));
        EXPECT_FALSE(watch.expired());
    }
    EXPECT_TRUE(watch.expired());
}

TEST_F(MemoryResource, ServesSeveralThreads) {
    test::as_threads(4, [&](int thread) {
        std::pmr::vector<std::pmr::string> v(&bytes);
        for (int i = 0; i < 300; ++i) {
            v.emplace_back(static_cast<std::size_t>(i), static_cast<char>('a' + thread));
        }
        ASSERT_EQ(v.back().back(), 'a' + thread);
    });
}

} // namespace
} // namespace shmwin
