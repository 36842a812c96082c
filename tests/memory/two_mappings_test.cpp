// SPDX-License-Identifier: MIT
// The segment is mapped at another address in each process: nothing in it may be an address.
// All is done through one mapping, which is then made inaccessible, and gone on with through
// another: a stored address faults.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <gmock/gmock.h>
#include <random>
#include <string>
#include <sys/mman.h>
#include <thread>
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

// --- without the mapping that it was made through ------------------------------------------------

// The segment is made through the first mapping, which no process can touch from then on.
struct OneMappingOnly : testing::Test {
    test::shared_pages pages{{.capacity = 8_MiB, .n_ranks = 3}};

    // What was there before: blocks of all kinds, and freed ones.
    std::vector<std::uint64_t> blocks = [this] {
        std::vector<std::uint64_t> all;
        auto const memory = pages.memory(0, via::first);
        for (std::size_t n_bytes = 1; n_bytes < 500'000; n_bytes *= 3) {
            memory.deallocate(memory.allocate(n_bytes));
            all.push_back(memory.offset_of(memory.allocate(n_bytes)));
        }
        pages.memory(1, via::first).deallocate(memory.at(all.back())); // remotely, where small
        all.pop_back();
        return all;
    }();

    void SetUp() override {
        auto* const base = pages.where(via::first).base();
        ASSERT_EQ(::mprotect(base, pages.n_bytes(), PROT_NONE), 0);
    }
    void expect_well() const {
        EXPECT_THAT(pages.memory(0, via::second).verify().violations, IsEmpty());
        std::vector<std::string> violations;
        pages.names(0, via::second).verify(violations, 10);
        EXPECT_THAT(violations, IsEmpty());
    }
};

TEST_F(OneMappingOnly, ServesEveryCallOfTheHeap) {
    auto const memory = pages.memory(0, via::second);
    auto const other = pages.memory(1, via::second);
    for (auto const each : blocks) {
        EXPECT_GT(memory.usable_size(memory.at(each)), 0U);
        EXPECT_THROW(memory.deallocate(static_cast<char*>(memory.at(each)) + 1), argument_error);
    }
    std::vector<void*> all;
    for (std::size_t n_bytes = 1; n_bytes < 500'000; n_bytes *= 2) {
        all.push_back(memory.allocate(n_bytes));
        all.push_back(other.allocate_zeroed(n_bytes, 64));
        std::memset(all.back(), 1, n_bytes);
    }
    all.push_back(memory.allocate(10'000, 1_MiB));
    auto const parts = memory.reserve(100'000, 4096);
    memory.prepare(parts, 100'000);
    memory.make_present(parts, 100'000);
    all.push_back(memory.at(parts));
    EXPECT_THROW(static_cast<void>(memory.allocate(1_GiB)), out_of_memory);
    std::thread([&] { all.push_back(memory.allocate(100)); }).join();
    expect_well();
    for (auto* const each : all) {
        memory.deallocate(each); // half of them remotely
    }
    for (auto const each : blocks) {
        memory.deallocate(memory.at(each));
    }
    EXPECT_TRUE(test::eventually([&] { // until the kernel knows no such thread any more
        other.collect();
        memory.collect();
        return memory.stats().in_pages == 0;
    }));
    EXPECT_EQ(memory.stats().n_blocks, 0U);
    expect_well();
}

TEST_F(OneMappingOnly, ServesEveryCallOfTheDirectory) {
    auto const names = pages.names(0, via::second);
    for (int i = 0; i < 1000; ++i) { // the table grows
        names.insert(record_of(detail::text("u", i), blocks.at(0), 1));
    }
    for (int i = 0; i < 1000; i += 2) {
        auto const found = names.find(detail::text("u", i));
        ASSERT_TRUE(found && names.contains(found->index, found->record.generation));
        EXPECT_TRUE(names.erase(found->index, found->record.generation));
        EXPECT_FALSE(names.contains(found->index, found->record.generation));
    }
    EXPECT_THROW(names.insert(record_of("u1", 0, 0)), argument_error);
    EXPECT_EQ(names.list().size(), 500U);
    EXPECT_EQ(names.size(), 500U);
    expect_well();
}

// All that is rebuilt when a process died inside, and what is adopted.
TEST_F(OneMappingOnly, ServesTheRepairAfterADeath) {
    SHMWIN_NEEDS_FORK();
    pages.names(0, via::second).insert(record_of("u", blocks.at(0), 1));
    test::child holder([&] {
        auto const me = pages.who(1, via::second);
        me.attach();
        auto const memory = pages.memory(1, via::second);
        for (std::size_t n_bytes = 8; n_bytes < 30'000; n_bytes *= 2) {
            memory.deallocate(memory.allocate(n_bytes));
            static_cast<void>(memory.allocate(n_bytes));
        }
        auto const here = pages.where(via::second);
        auto& runs = here.as<detail::run_control>(detail::section_id::run_control)[0];
        auto& names = here.as<detail::directory_state>(detail::section_id::directory)[0];
        static_cast<void>(runs.mutex.lock(me, test::shared_pages::policy()));
        static_cast<void>(names.mutex.lock(me, test::shared_pages::policy()));
        return true;
    });
    EXPECT_EQ(holder.wait(), 0);
    auto const memory = pages.memory(0, via::second);
    memory.collect();
    EXPECT_EQ(memory.stats().n_lock_takeovers, 1U);
    EXPECT_EQ(memory.stats().n_blocks, blocks.size() + 1 + 1 + 12); // a table, a chunk, the dead's
    pages.names(0, via::second).insert(record_of("v", blocks.at(0), 1));
    EXPECT_EQ(pages.names(0, via::second).size(), 2U);
    expect_well();
}

// --- several mappings ----------------------------------------------------------------------------

// A window begins at a multiple of 2 MiB. Alignments up to a page need no more than a base at a
// page, another one in each process.
TEST(Mappings, AtAnyPagesGiveAddressesThatAreAligned) {
    SHMWIN_NEEDS_FORK();
    auto const header = detail::plan_layout({.capacity = 4_MiB, .n_ranks = 4});
    test::memory_file const file(header.total_bytes);
    auto const map = [&](std::size_t rank) {
        auto const pad = (3 + 7 * rank) * detail::page_bytes;
        auto* const range = static_cast<std::byte*>(::mmap(
            nullptr, header.total_bytes + pad, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        return static_cast<std::byte*>(::mmap(range + pad,
                                              header.total_bytes,
                                              PROT_READ | PROT_WRITE,
                                              MAP_SHARED | MAP_FIXED,
                                              file.fd(),
                                              0));
    };
    auto const memory_of = [&](std::byte* base, int rank) {
        detail::region const where(base, {});
        participants const who(where.as<participant_slot>(detail::section_id::participants), rank);
        return std::pair(heap(where, who, test::shared_pages::policy()), who);
    };
    auto* const mine = map(0);
    detail::region(mine, {}).create(header);
    auto const [memory, me] = memory_of(mine, 0);
    detail::page_runs(memory.where(), me, test::shared_pages::policy()).create();
    me.attach();
    test::shared_object<std::array<std::atomic<std::uint64_t>, 16>> places;
    auto const swap = [&](heap const& by, unsigned seed) {
        std::minstd_rand random(seed);
        for (int i = 0; i < 3000; ++i) {
            auto const alignment = std::size_t{1} << random() % 13;
            auto* const block = static_cast<char*>(by.allocate(8 + random() % 9000, alignment));
            if (reinterpret_cast<std::uintptr_t>(block) % alignment != 0) return false;
            std::memset(block, 0x40, 8);
            auto const offset = places->at(random() % places->size()).exchange(by.offset_of(block));
            auto* const other = static_cast<char*>(by.at(offset));
            if (other == nullptr) continue;
            if (other[0] != 0x40 || other[7] != 0x40) return false;
            std::memset(other, 0, 8);
            by.deallocate(other);
        }
        return true;
    };
    std::vector<test::child> others;
    for (int rank = 1; rank < 4; ++rank) {
        others.emplace_back([&, rank] {
            auto* const base = map(static_cast<std::size_t>(rank));
            ::munmap(mine, header.total_bytes);
            auto const [theirs, who] = memory_of(base, rank);
            who.attach();
            return base != mine && swap(theirs, static_cast<unsigned>(rank));
        });
    }
    EXPECT_TRUE(swap(memory, 0));
    for (auto& each : others) {
        EXPECT_EQ(each.wait(), 0);
    }
    for (auto& each : *places) {
        memory.deallocate(memory.at(each));
    }
    memory.collect();
    EXPECT_EQ(memory.stats().in_pages, 0U);
    EXPECT_THAT(memory.verify().violations, IsEmpty());
    ::munmap(mine, header.total_bytes);
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
