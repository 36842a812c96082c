// SPDX-License-Identifier: MIT
// Sections of an array: one rank fills, all read.
#include "shmwin/segment/section.hpp"

#include "support/open_segment.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;
using namespace std::chrono_literals;

template <typename Array>
concept can_write = requires(Array const& a) {
    a.write_section();
};
static_assert(can_write<array<int, 1>> && !can_write<array<int const, 1>>);
static_assert(std::is_same_v<decltype(std::declval<array<int, 2>>().read_section().view()),
                             mdspan<int const, array_extents<2>> const&>);

struct Section : open_segment {
    static constexpr std::int64_t n = 1000;
    array<std::int64_t, 1> a = seg.create_array<std::int64_t>("a", shape(n));

    void fill(std::int64_t value) const {
        auto const section = a.write_section();
        for (std::int64_t i = 0; i < n; ++i) {
            section.view()(i) = value;
        }
    }
    [[nodiscard]] static bool
    holds(read_section_guard<mdspan<std::int64_t const, array_extents<1>>> const& section,
          std::int64_t value) {
        for (std::int64_t i = 0; i < n; ++i) {
            if (section.view()(i) != value) return false;
        }
        return true;
    }
};

TEST_F(Section, OneFillsAndAllRead) {
    // No fence: whoever reads waits until it was filled.
    if (rank == last) fill(7);
    {
        auto const section = a.read_section();
        EXPECT_EQ(section.version(), 1U);
        EXPECT_TRUE(holds(section, 7));
    }
    seg.fence();
}

TEST_F(Section, RanksTakeTurnsToFill) {
    for (std::int64_t round = 1; round <= 50; ++round) {
        auto const version = static_cast<std::uint64_t>(round);
        if (round % size == rank) {
            static_cast<void>(a.read_section(version - 1)); // the one before has filled
            fill(round);
        }
        auto const section = seg.find_array<std::int64_t const, 1>("a").read_section(version);
        EXPECT_GE(section.version(), version);
        EXPECT_TRUE(holds(section, static_cast<std::int64_t>(section.version())));
    }
    seg.fence();
    EXPECT_EQ(a.read_section(0).version(), 50U);
    seg.fence();
}

TEST_F(Section, HoldsOthersOutToItsEnd) {
    std::optional<write_section_guard<array<std::int64_t, 1>::view_type>> mine;
    if (rank == 0) {
        auto begun = a.write_section_for(60s);
        ASSERT_TRUE(begun);
        mine.emplace(std::move(*begun));
        EXPECT_EQ(mine->version(), 1U);
        EXPECT_FALSE(mine->is_repair());
    }
    seg.fence();
    EXPECT_EQ(seg.who_holds("a")->rank, 0);
    if (rank != 0) {
        EXPECT_FALSE(a.read_section_for(5ms));
        EXPECT_FALSE(a.read_section_until(std::chrono::system_clock::now() + 5ms, 0));
        EXPECT_FALSE(a.write_section_until(std::chrono::steady_clock::now() + 5ms));
    }
    seg.fence();
    if (mine) {
        auto const moved = std::move(*mine);
        EXPECT_EQ(error_of([&] { static_cast<void>(a.write_section()); })->code,
                  errc::would_deadlock);
    }
    seg.fence();
    EXPECT_FALSE(seg.who_holds("a"));
    auto const read = a.read_section();
    EXPECT_EQ(read.version(), 1U);
    EXPECT_FALSE(seg.who_holds("a")) << "who reads has no name";
    seg.fence();
}

TEST_F(Section, OfAnArrayThatHasNoneIsHeldByNobody) {
    EXPECT_FALSE(seg.who_holds("a"));
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.who_holds("b")); })->code, errc::not_found);
    seg.fence();
}

TEST_F(Section, LeftByAnExceptionMustBeRepaired) {
    if (rank == last) {
        try {
            auto const section = a.write_section();
            section.view()(0) = 1;
            throw std::runtime_error("an error of the host's");
        } catch (std::runtime_error const&) {
        }
    }
    seg.fence();
    for (auto const& begin :
         {+[](array<std::int64_t, 1> const& of) { static_cast<void>(of.read_section()); },
          +[](array<std::int64_t, 1> const& of) { static_cast<void>(of.write_section()); }}) {
        auto const thrown = error_of([&] { begin(a); });
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, errc::owner_died);
        EXPECT_EQ(thrown->rank, last);
        EXPECT_THAT(thrown->text, HasSubstr("repair_section"));
    }
    seg.fence();
    if (rank == 0) {
        auto const section = a.repair_section();
        EXPECT_TRUE(section.is_repair());
        EXPECT_EQ(section.version(), 1U);
        for (std::int64_t i = 0; i < n; ++i) {
            section.view()(i) = 3;
        }
    }
    seg.fence();
    EXPECT_TRUE(holds(a.read_section(), 3));
    seg.fence();
}

TEST_F(Section, BegunWhileAnExceptionUnwindsEndsAsUsual) {
    struct fills_at_its_end {
        Section const& test;
        explicit fills_at_its_end(Section const& of) : test(of) {}
        fills_at_its_end(fills_at_its_end const&) = delete;
        fills_at_its_end(fills_at_its_end&&) = delete;
        fills_at_its_end& operator=(fills_at_its_end const&) = delete;
        fills_at_its_end& operator=(fills_at_its_end&&) = delete;
        ~fills_at_its_end() { test.fill(4); }
    };
    if (rank == 0) {
        try {
            fills_at_its_end const last_words(*this);
            throw std::runtime_error("an error of the host's");
        } catch (std::runtime_error const&) {
        }
    }
    EXPECT_TRUE(holds(a.read_section(), 4));
    seg.fence();
}

TEST_F(Section, AfterCloseIsRefused) {
    segment other(on, {.capacity = 8_MiB});
    auto const b = other.create_array<int>("b", shape(10));
    auto const filled = other.create_array<int>("filled", shape(10));
    static_cast<void>(filled.write_section_for(60s));
    other.close();
    for (auto const& begin :
         {+[](array<int, 1> const& of) { static_cast<void>(of.read_section(0)); },
          +[](array<int, 1> const& of) { static_cast<void>(of.read_section_for(10s)); },
          +[](array<int, 1> const& of) { static_cast<void>(of.write_section()); },
          +[](array<int, 1> const& of) { static_cast<void>(of.repair_section()); }}) {
        for (auto const& each : {b, filled}) {
            auto const thrown = error_of([&] { begin(each); });
            ASSERT_TRUE(thrown);
            EXPECT_EQ(thrown->code, errc::closed);
            EXPECT_THAT(thrown->text, HasSubstr("_section"));
        }
    }
}

TEST_F(Section, BelongsToItsArrayAndEndsWithIt) {
    auto const b = seg.create_array<int>("b", shape(10));
    if (rank == 0) fill(1);
    seg.fence();
    EXPECT_FALSE(b.read_section_for(0s)); // another array, another version
    EXPECT_EQ(seg.list().size(), 2U);     // its lock is hidden
    seg.fence();
    auto const before = seg.heap().stats().used;
    for (int i = 0; i < 50; ++i) {
        auto const c = seg.create_array<int>("c", shape(10));
        EXPECT_FALSE(c.read_section_for(0s)); // a new array was never filled
        seg.fence();
        static_cast<void>(c.write_section());
        seg.destroy(c);
    }
    seg.fence();
    EXPECT_LT(seg.heap().stats().used, before + 50 * 100); // freed with their arrays
    expect_sound(seg);
}

} // namespace
} // namespace shmwin
