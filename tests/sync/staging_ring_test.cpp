// SPDX-License-Identifier: MIT
// The ring between those who fill it and the thread that empties it: all bytes arrive, once, in
// bounded memory, whatever the shape. By threads, so ThreadSanitizer sees it.
#include "shmwin/base/error.hpp"

#include "sync/staging_ring.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <tuple>
#include <vector>

namespace shmwin {
namespace {

using detail::staged_piece;
using detail::staging_ring;
using detail::waitable;

constexpr std::size_t unit = 4096;

struct ring_memory {
    explicit ring_memory(staging_ring::shape const& of)
        : bytes(static_cast<std::byte*>(
                    std::aligned_alloc(staging_ring::alignment, staging_ring::n_bytes(of))),
                &std::free),
          ring(bytes.get(), of) {
        std::memset(bytes.get(), 0xee, staging_ring::n_bytes(of)); // reset() is what it needs
        ring.reset();
    }
    std::unique_ptr<std::byte, void (*)(void*)> bytes;
    staging_ring ring;
};

constexpr auto sleep_until_changed = [](waitable& word, std::uint32_t old) {
    detail::wait_while(word, old, wait_policy{}, [](bool /*look*/) {});
};

std::byte byte_of(int lane, std::uint64_t piece, std::size_t i) {
    return static_cast<std::byte>(static_cast<std::size_t>(lane) * 31 + piece * 7 + i);
}

// Sizes from 0 to a slot, so that slots end full of bytes, full of pieces, and half empty.
std::uint32_t size_of(std::uint64_t piece, std::size_t slot_bytes) {
    if (piece % 5 == 0) return static_cast<std::uint32_t>(slot_bytes);
    if (piece % 7 == 0) return 0;
    return static_cast<std::uint32_t>(piece * 2654435761U % (piece % 3 == 0 ? slot_bytes : 100));
}

void fill(staging_ring const& ring, int lane, std::uint64_t n_pieces, std::size_t slot_bytes) {
    staging_ring::filler into(ring, lane, sleep_until_changed);
    for (std::uint64_t k = 0; k < n_pieces; ++k) {
        auto const n = size_of(k, slot_bytes);
        auto const room = into.add({static_cast<std::uint64_t>(lane), k, n, 0});
        ASSERT_EQ(room.size(), n);
        for (std::size_t i = 0; i < n; ++i) {
            room[i] = byte_of(lane, k, i);
        }
    }
    into.end();
}

struct RingOfShape : testing::TestWithParam<std::tuple<int, std::size_t, std::size_t>> {};

TEST_P(RingOfShape, BringsEveryByteOnceAndInOrder) {
    auto const [n_lanes, n_slots, slot_bytes] = GetParam();
    ring_memory memory({n_lanes, n_slots, slot_bytes});
    constexpr std::uint64_t n_pieces = 1500;
    std::vector<std::thread> fillers;
    for (int lane = 0; lane < n_lanes; ++lane) {
        fillers.emplace_back([&, lane, n = slot_bytes] { fill(memory.ring, lane, n_pieces, n); });
    }
    std::map<std::uint64_t, std::uint64_t> next; // piece of each lane
    std::uint64_t n_wrong = 0;
    while (auto const slot = memory.ring.next()) {
        for (auto const& each : slot->pieces) {
            auto const lane = static_cast<int>(each.object);
            EXPECT_EQ(lane, slot->lane);
            EXPECT_EQ(each.begin, next[each.object]++);
            ASSERT_LE(each.place + each.n_bytes, slot_bytes);
            EXPECT_EQ(each.place % (each.n_bytes >= staging_ring::alignment ? 4096 : 64), 0U);
            for (std::size_t i = 0; i < each.n_bytes; ++i) {
                if (slot->bytes[each.place + i] != byte_of(lane, each.begin, i)) ++n_wrong;
            }
        }
        memory.ring.release(*slot);
    }
    for (auto& each : fillers) {
        each.join();
    }
    EXPECT_EQ(n_wrong, 0U);
    EXPECT_EQ(next.size(), static_cast<std::size_t>(n_lanes));
    for (auto const& [lane, n] : next) {
        EXPECT_EQ(n, n_pieces) << "lane " << lane;
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         RingOfShape,
                         testing::Values(std::tuple{1, std::size_t{1}, unit},
                                         std::tuple{1, std::size_t{3}, unit},
                                         std::tuple{2, std::size_t{1}, 2 * unit},
                                         std::tuple{4, std::size_t{2}, unit},
                                         std::tuple{3, std::size_t{5}, 4 * unit}));

TEST(StagingRing, WithoutBytesEndsAtOnce) {
    ring_memory memory({3, 2, unit});
    for (int lane = 0; lane < 3; ++lane) {
        staging_ring::filler(memory.ring, lane, sleep_until_changed).end();
    }
    EXPECT_FALSE(memory.ring.next());
}

TEST(StagingRing, FillerWaitsUntilASlotIsEmptied) {
    ring_memory memory({1, 2, unit});
    int n_waits = 0;
    auto const wait = [&](waitable& word, std::uint32_t old) {
        EXPECT_EQ(word.word.load(), old);
        ++n_waits;
        memory.ring.release(*memory.ring.next());
    };
    staging_ring::filler into(memory.ring, 0, wait);
    for (std::uint64_t k = 0; k < 2; ++k) {
        static_cast<void>(into.add({0, k, unit, 0}));
    }
    EXPECT_EQ(n_waits, 0);
    static_cast<void>(into.add({0, 2, unit, 0}));
    EXPECT_EQ(n_waits, 1);
    into.end();
}

TEST(StagingRing, WaitThatThrowsEndsTheFilling) {
    ring_memory memory({1, 1, unit});
    auto const wait = [](waitable& /*word*/, std::uint32_t /*old*/) {
        raise(errc::peer_left, "gone");
    };
    staging_ring::filler into(memory.ring, 0, wait);
    static_cast<void>(into.add({0, 0, unit, 0}));
    EXPECT_THROW(static_cast<void>(into.add({0, 1, unit, 0})), peer_left);
}

// A rank dies before it has put all there: the thread gets what came, and then an error.
TEST(StagingRing, AbandonedEndsWithAnError) {
    ring_memory memory({2, 2, unit});
    std::thread waits([&] {
        EXPECT_TRUE(memory.ring.next()); // stays unreleased: the same again
        EXPECT_THROW(
            for (;;) { memory.ring.release(memory.ring.next().value()); }, peer_left);
    });
    staging_ring::filler into(memory.ring, 0, sleep_until_changed);
    static_cast<void>(into.add({0, 0, 8, 0}));
    into.end();
    memory.ring.abandon();
    waits.join();
}

TEST(StagingRing, AbandonedWhenAllHaveEndedIsWhole) {
    ring_memory memory({1, 2, unit});
    staging_ring::filler into(memory.ring, 0, sleep_until_changed);
    static_cast<void>(into.add({0, 0, 8, 0}));
    into.end();
    memory.ring.abandon();
    auto const slot = memory.ring.next();
    ASSERT_TRUE(slot);
    memory.ring.release(*slot);
    EXPECT_FALSE(memory.ring.next());
}

TEST(StagingRing, ShapeFitsTheBytesThatAreGiven) {
    constexpr std::size_t block = std::size_t{256} << 10U;
    for (int const n_lanes : {1, 2, 3, 4, 64}) {
        for (auto const mib : {1U, 2U, 5U, 64U, 1024U}) {
            auto const n_bytes = std::size_t{mib} << 20U;
            auto const made = staging_ring::shape_for(n_lanes, n_bytes, block);
            EXPECT_EQ(made.slot_bytes % block, 0U);
            EXPECT_GE(made.slot_bytes, block);
            EXPECT_LE(made.slot_bytes, std::size_t{1} << 20U);
            EXPECT_GE(made.n_slots, 1U);
            auto const all = static_cast<std::size_t>(n_lanes) * made.n_slots * made.slot_bytes;
            EXPECT_TRUE(all <= n_bytes || made.n_slots == 1) << n_lanes << " lanes, " << mib;
        }
    }
}

} // namespace
} // namespace shmwin
