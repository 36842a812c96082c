// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/page_bits.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <sys/stat.h>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::page_bits;
using detail::page_bytes;

// Room for so many bytes; what is populated is taken from it.
struct room {
    std::atomic<std::size_t> left{SIZE_MAX};
    [[nodiscard]] detail::page_source source() {
        return {[](void* self, std::size_t wanted) {
                    auto& all = static_cast<room*>(self)->left;
                    auto const before = all.load();
                    if (before != SIZE_MAX && before >= wanted) all -= wanted;
                    return before;
                },
                this,
                "/dev/shm",
                ""};
    }
};

struct PageBits : testing::Test {
    static constexpr std::uint64_t n_pages = 700; // more than one word and no whole number of them
    room space;
    test::shared_pages pages{{.capacity = n_pages * page_bytes, .n_ranks = 2}, space.source()};
    page_bits bits{pages.where(), pages.runs(0)};

    [[nodiscard]] std::byte* page(std::uint64_t which) const {
        return pages.where().at(pages.where().header()[detail::section_id::pages].offset)
               + which * page_bytes;
    }
    [[nodiscard]] std::size_t present_bytes() const {
        struct stat about {};
        EXPECT_EQ(::fstat(pages.file().fd(), &about), 0);
        return static_cast<std::size_t>(about.st_blocks) * 512;
    }
    [[nodiscard]] bool is_filled(std::uint64_t which, int value) const {
        std::vector<std::byte> const same(page_bytes, static_cast<std::byte>(value));
        return std::memcmp(page(which), same.data(), page_bytes) == 0;
    }
};

TEST_F(PageBits, NothingIsPresentAtFirst) {
    EXPECT_EQ(bits.count_present(0, n_pages), 0U);
}

TEST_F(PageBits, CountsWhatWasMadePresent) {
    bits.make_present(100, 200);
    EXPECT_EQ(bits.count_present(100, 200), 200U);
    EXPECT_EQ(bits.count_present(0, 100), 0U);
    EXPECT_EQ(bits.count_present(99, 2), 1U);
    EXPECT_EQ(bits.count_present(299, 1), 1U);
    EXPECT_EQ(bits.count_present(0, 0), 0U);
}

TEST_F(PageBits, PresentPagesReallyAre) {
    bits.make_present(0, 1); // and what metadata that takes
    auto const before = present_bytes();
    bits.make_present(200, 100);
    EXPECT_EQ(present_bytes(), before + 100 * page_bytes);
    bits.make_present(200, 100);
    EXPECT_EQ(present_bytes(), before + 100 * page_bytes);
}

TEST_F(PageBits, SmallRequestsPopulateALittleAheadButNotPastTheEnd) {
    bits.make_present(0, 1);
    EXPECT_EQ(bits.count_present(0, n_pages), 16U);
    bits.make_present(n_pages - 1, 1);
    EXPECT_EQ(bits.count_present(n_pages - 1, 1), 1U);
}

TEST_F(PageBits, PopulatingAheadKeepsWhatOthersWrote) {
    bits.make_present(32, 16);
    std::memset(page(33), 7, page_bytes);
    bits.make_present(31, 1);
    bits.make_present(17, 1);
    EXPECT_TRUE(is_filled(33, 7));
}

TEST_F(PageBits, FreshPagesAreZero) {
    bits.make_present(5, 600);
    for (std::uint64_t each = 5; each < 605; ++each) {
        ASSERT_TRUE(is_filled(each, 0)) << each;
    }
}

TEST_F(PageBits, WithoutRoomIsAnErrorAndMarksNothing) {
    bits.make_present(0, 1);
    space.left = 99 * page_bytes;
    EXPECT_THROW(bits.make_present(100, 100), out_of_memory);
    EXPECT_EQ(bits.count_present(100, 100), 0U);
    space.left = 100 * page_bytes;
    bits.make_present(100, 100);
    EXPECT_EQ(bits.count_present(100, 100), 100U);
}

// Going ahead is a courtesy to the next request: it must not fail this one.
TEST_F(PageBits, RoomForTheRequestAloneIsEnough) {
    bits.make_present(0, 1);
    space.left = 3 * page_bytes;
    EXPECT_NO_THROW(bits.make_present(64, 1));
    EXPECT_NO_THROW(bits.make_present(65, 2));
    EXPECT_EQ(bits.count_present(64, 3), 3U);
    EXPECT_THROW(bits.make_present(67, 1), out_of_memory);
}

TEST_F(PageBits, ClearTouchedZeroesExactlyTheTouchedPages) {
    bits.make_present(0, n_pages);
    std::memset(page(0), 9, n_pages * page_bytes);
    bits.mark_touched(10, 3);
    bits.mark_touched(64, 64); // a whole word
    bits.mark_touched(640, 60);
    bits.clear_touched(11, n_pages - 11);
    for (std::uint64_t each = 0; each < n_pages; ++each) {
        bool const cleared = (each >= 11 && each < 13) || (each >= 64 && each < 128) || each >= 640;
        ASSERT_TRUE(is_filled(each, cleared ? 0 : 9)) << each;
    }
}

TEST_F(PageBits, ClearTouchedOfNothingTouchesNothing) {
    bits.make_present(0, 64);
    std::memset(page(0), 9, 64 * page_bytes);
    bits.mark_touched(0, 64);
    bits.clear_touched(5, 0);
    EXPECT_TRUE(is_filled(5, 9));
}

// Against the simplest thing that could be right.
TEST_F(PageBits, BehaveAsAVectorOfBool) {
    std::minstd_rand random(3);
    std::vector<bool> present(n_pages);
    std::vector<bool> touched(n_pages);
    std::vector<bool> dirty(n_pages);
    for (int step = 0; step < 3000; ++step) {
        auto const first = random() % n_pages;
        auto const n = 1 + random() % std::min<std::uint64_t>(n_pages - first, 150);
        auto const fill = [&](std::vector<bool>& which, bool value) {
            std::fill_n(which.begin() + static_cast<std::ptrdiff_t>(first), n, value);
        };
        switch (random() % 4) {
        case 0: {
            bits.make_present(first, n);
            fill(present, true);
            auto const ahead = n < 16 ? std::min(n_pages, (first + n + 15) / 16 * 16) : first + n;
            for (auto each = first + n; each < ahead; ++each) {
                present[each] = true;
            }
            break;
        }
        case 1: // what is handed out is present
            for (auto each = first; each < first + n; ++each) {
                if (!present[each]) continue;
                bits.mark_touched(each, 1);
                touched[each] = true;
            }
            break;
        case 2: // written to, as an owner does
            for (auto each = first; each < first + n; ++each) {
                if (!touched[each]) continue;
                *page(each) = std::byte{5};
                dirty[each] = true;
            }
            break;
        default:
            bits.clear_touched(first, n);
            fill(dirty, false);
        }
        auto const from = static_cast<std::ptrdiff_t>(first);
        auto const to = static_cast<std::ptrdiff_t>(first + n);
        ASSERT_EQ(bits.count_present(first, n),
                  static_cast<std::uint64_t>(
                      std::count(present.begin() + from, present.begin() + to, true)))
            << "step " << step;
    }
    for (std::uint64_t each = 0; each < n_pages; ++each) {
        if (present[each]) {
            ASSERT_EQ(*page(each), dirty[each] ? std::byte{5} : std::byte{0}) << each;
        }
    }
}

TEST_F(PageBits, AreSetByManyThreadsWithoutLoss) {
    test::as_threads(8, [&](int rank) {
        for (auto each = static_cast<std::uint64_t>(rank); each < n_pages; each += 8) {
            bits.mark_touched(each, 1);
            bits.make_present(each, 1);
        }
    });
    EXPECT_EQ(bits.count_present(0, n_pages), n_pages);
    std::memset(page(0), 1, n_pages * page_bytes);
    bits.clear_touched(0, n_pages);
    for (std::uint64_t each = 0; each < n_pages; ++each) {
        ASSERT_TRUE(is_filled(each, 0)) << each;
    }
}

TEST_F(PageBits, AreSeenThroughTheOtherMapping) {
    bits.make_present(3, 50);
    bits.mark_touched(3, 50);
    std::memset(page(3), 4, 50 * page_bytes);
    page_bits const other(pages.where(test::via::second), pages.runs(0, test::via::second));
    EXPECT_EQ(other.count_present(3, 50), 50U);
    other.clear_touched(3, 50);
    EXPECT_TRUE(is_filled(3, 0));
    EXPECT_TRUE(is_filled(52, 0));
}

} // namespace
} // namespace shmwin
