// SPDX-License-Identifier: MIT
// Who wrote and who read, by words: what is a race and what is none, whoever comes first, and over
// numbers of meetings that wrap around.
#include "shmwin/sync/race_shadow.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using detail::checked_array;
using detail::race_checker;
using detail::race_list;
using detail::race_shadow;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A shadow in private memory, and views of ranks.
struct RaceShadow : testing::Test {
    static constexpr int n_ranks = 4;

    struct free_aligned {
        void operator()(std::byte* block) const { ::operator delete (block, std::align_val_t{64}); }
    };

    void make(checked_array const& what, int ranks = n_ranks) {
        auto const n = race_shadow::bytes_for(what, ranks);
        memory.reset(static_cast<std::byte*>(::operator new (n, std::align_val_t{64})));
        race_shadow::create(memory.get(), what, ranks);
    }
    [[nodiscard]] race_shadow& shadow() const {
        return *reinterpret_cast<race_shadow*>(memory.get());
    }
    [[nodiscard]] race_checker view(int rank, unsigned line, char const* file = "src/a.cpp") {
        return {shadow(), list, generation, rank, {file, line}};
    }
    void read(int rank, std::size_t k, unsigned line = 1) {
        view(rank, line).read(shadow().words()[k]);
    }
    void write(int rank, std::size_t k, unsigned line = 1) {
        view(rank, line).write(shadow().words()[k]);
    }
    void meet() { ++generation; }
    [[nodiscard]] std::vector<std::string> found() { return take_races(list).lines; }

    void SetUp() override { make({"u", extents}); }

    std::array<std::int64_t, 2> const extents{3, 5};
    std::unique_ptr<std::byte, free_aligned> memory;
    race_list list{};
    // Its upper half is not the number's.
    std::atomic<std::uint64_t> generation{0xabcd'ef01'0000'0007};
    [[nodiscard]] std::uint32_t number_now() const {
        return static_cast<std::uint32_t>(generation);
    }
};

TEST_F(RaceShadow, TwoWritersOfAnElementAreARace) {
    write(0, 8, 20);
    write(2, 8, 30);
    EXPECT_THAT(found(),
                ElementsAre("\"u\"(1, 3): rank 0 wrote (view of a.cpp:20), rank 2 wrote (view of "
                            "a.cpp:30)"));
}

TEST_F(RaceShadow, AReaderBehindAWriterIsARace) {
    write(1, 0, 20);
    read(3, 0, 30);
    EXPECT_THAT(found(),
                ElementsAre("\"u\"(0, 0): rank 1 wrote (view of a.cpp:20), rank 3 read (view of "
                            "a.cpp:30)"));
}

TEST_F(RaceShadow, AWriterBehindAReaderIsARace) {
    read(3, 14, 30);
    write(1, 14, 20);
    EXPECT_THAT(found(),
                ElementsAre("\"u\"(2, 4): rank 3 read (view of a.cpp:30), rank 1 wrote (view of "
                            "a.cpp:20)"));
}

// Whichever two of all readers a word has kept.
TEST_F(RaceShadow, AWriterIsFoundBehindAnyNumberOfReadersThatItIsOneOf) {
    for (int writer = 0; writer < n_ranks; ++writer) {
        meet();
        for (int rank = 0; rank < n_ranks; ++rank) {
            read(rank, 2);
        }
        EXPECT_THAT(found(), IsEmpty());
        write(writer, 2);
        EXPECT_EQ(found().size(), 1U) << writer;
    }
}

TEST_F(RaceShadow, ReadersAloneAreNone) {
    for (int rank = 0; rank < n_ranks; ++rank) {
        for (unsigned line = 1; line < 5; ++line) {
            read(rank, 2, line);
        }
    }
    EXPECT_EQ(take_races(list).n_elements, 0U);
}

TEST_F(RaceShadow, OneRankIsNoneThroughAnyOfItsViews) {
    for (unsigned line = 1; line < 5; ++line) {
        read(1, 2, line);
        write(1, 2, line);
        read(1, 2, line);
    }
    EXPECT_EQ(take_races(list).n_elements, 0U);
}

TEST_F(RaceShadow, OtherElementsAreNone) {
    for (int rank = 0; rank < n_ranks; ++rank) {
        write(rank, static_cast<std::size_t>(rank));
        read(rank, static_cast<std::size_t>(rank));
    }
    EXPECT_EQ(take_races(list).n_elements, 0U);
}

TEST_F(RaceShadow, AMeetingBetweenMakesItNone) {
    write(0, 2);
    meet();
    read(1, 2);
    read(2, 2);
    meet();
    write(1, 2);
    meet();
    write(2, 2);
    EXPECT_EQ(take_races(list).n_elements, 0U);
}

TEST_F(RaceShadow, AnElementIsToldOnceAMeeting) {
    write(0, 2);
    for (int i = 0; i < 10; ++i) {
        write(1, 2);
        read(2, 2);
    }
    EXPECT_EQ(take_races(list).n_elements, 1U);
    EXPECT_EQ(take_races(list).n_elements, 0U);
    meet();
    write(0, 2);
    write(1, 2);
    EXPECT_EQ(take_races(list).n_elements, 1U);
}

TEST_F(RaceShadow, AllAreCountedAndTheFirstAreTold) {
    std::array<std::int64_t, 1> const many{1000};
    make({"long", many});
    for (std::size_t k = 0; k < 1000; ++k) {
        write(0, k);
        write(1, k);
    }
    auto const all = take_races(list);
    EXPECT_EQ(all.n_elements, 1000U);
    ASSERT_EQ(all.lines.size(), race_list::max_lines);
    EXPECT_THAT(all.lines.front(), HasSubstr("\"long\"(0)"));
    EXPECT_THAT(all.lines.back(), HasSubstr("\"long\"(14)"));
}

TEST_F(RaceShadow, IndicesAreThoseOfTheLayoutAndTheLevel) {
    make({"f", extents, true});
    write(0, 4);
    write(1, 4);
    EXPECT_THAT(found(), ElementsAre(HasSubstr("\"f\"(1, 1): ")));
    make({"l", extents, false, 3});
    write(0, 15 + 8);
    write(1, 15 + 8);
    EXPECT_THAT(found(), ElementsAre(HasSubstr("\"l\" level 1 (1, 3): ")));
    make({"", {}});
    write(0, 0);
    write(1, 0);
    EXPECT_THAT(found(), ElementsAre(HasSubstr("scratch array(): ")));
}

TEST_F(RaceShadow, LinesForWhichThereIsNoRoomAreNamedWithoutOne) {
    for (unsigned line = 1; line < 100; ++line) {
        static_cast<void>(view(0, line));
        static_cast<void>(view(0, line)); // again: the same place
    }
    write(0, 1, 31);
    write(1, 1, 7);
    EXPECT_THAT(found(), ElementsAre(HasSubstr("rank 0 wrote (view of a.cpp:31), rank 1")));
    write(0, 2, 99);
    write(1, 2, 7);
    EXPECT_THAT(
        found(),
        ElementsAre(HasSubstr("rank 0 wrote (view of one of many lines), rank 1 wrote (view of "
                              "a.cpp:7)")));
}

TEST_F(RaceShadow, NumbersOfAllSitesFitAWord) {
    constexpr int many = 20'000;
    std::array<std::int64_t, 1> const one{1};
    make({"u", one}, many);
    write(many - 1, 0);
    write(many - 2, 0);
    EXPECT_THAT(found(), ElementsAre(HasSubstr("rank 19999 wrote")));
}

// --- numbers of meetings that wrap around
// ----------------------------------------------------------

TEST_F(RaceShadow, WordsOfThisMeetingStayWhenItSweeps) {
    write(0, 2);
    sweep(shadow(), number_now());
    read(1, 2);
    EXPECT_EQ(take_races(list).n_elements, 1U);
}

// Without the sweep the last meeting would be taken for the first.
TEST_F(RaceShadow, NoMeetingIsTakenForOneOf65536Before) {
    for (std::uint32_t const start :
         {0U, 7U, 0x7fffU, 0x8000U, 0xffffU, 0x1234'5678U, 0xffff'fffeU}) {
        generation = start;
        auto swept = detail::sweep_number(start);
        write(0, 2);
        for (std::uint32_t n = 0; n < 0x10000; ++n) {
            auto const number = detail::sweep_number(number_now());
            if (number != swept) sweep(shadow(), number_now());
            swept = number;
            meet();
        }
        write(1, 2);
        EXPECT_EQ(take_races(list).n_elements, 0U) << start;
        memory.reset();
        make({"u", extents});
    }
}

// --- at the same time
// -----------------------------------------------------------------------------

// Of two that touch an element at once, the second finds the first; and each element counts once.
TEST_F(RaceShadow, RacesOfThreadsAreAllFoundOnce) {
    constexpr std::size_t n = 2000;
    std::array<std::int64_t, 1> const many{n};
    make({"u", many});
    for (int round = 0; round < 10; ++round) {
        test::as_threads(n_ranks, [&](int rank) {
            auto const mine = view(rank, static_cast<unsigned>(rank + 1));
            for (auto& word : shadow().words()) {
                if (rank % 2 == 0) {
                    mine.read(word);
                } else {
                    mine.write(word);
                }
            }
        });
        auto const all = take_races(list);
        EXPECT_EQ(all.n_elements, n);
        EXPECT_EQ(all.lines.size(), race_list::max_lines);
        for (auto const& line : all.lines) {
            EXPECT_THAT(line,
                        testing::ContainsRegex("rank [0-3] (read|wrote) .view of a.cpp:[1-4].,"
                                               " rank [0-3] (read|wrote)"));
        }
        meet();
    }
}

TEST_F(RaceShadow, ThreadsOfOneRankAreOneRankAndMayEnterLinesTogether) {
    test::as_threads(4, [&](int thread) {
        for (unsigned line = 1; line < 20; ++line) {
            auto const mine = view(1, line + static_cast<unsigned>(thread));
            for (auto& word : shadow().words()) {
                mine.write(word);
                mine.read(word);
            }
        }
    });
    EXPECT_EQ(take_races(list).n_elements, 0U);
}

TEST_F(RaceShadow, ASweepTakesNothingAwayFromThoseWhoAreAtWork) {
    constexpr std::size_t n = 2000;
    std::array<std::int64_t, 1> const many{n};
    make({"u", many});
    for (int round = 0; round < 20; ++round) {
        test::as_threads(3, [&](int rank) {
            if (rank == 2) {
                sweep(shadow(), number_now());
                return;
            }
            auto const mine = view(rank, 1);
            for (auto& word : shadow().words()) {
                mine.write(word);
            }
        });
        EXPECT_EQ(take_races(list).n_elements, n);
        meet();
    }
}

} // namespace
} // namespace shmwin
