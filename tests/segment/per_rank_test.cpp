// SPDX-License-Identifier: MIT
// A container for each rank: each grows its own, all read all, and what growth replaces stays
// readable until the next fence.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/base/log.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <gmock/gmock.h>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using particles = per_rank<vector<app::particle>>;
static_assert(std::is_same_v<particles::view_type, std::span<app::particle const>>);
static_assert(std::is_same_v<per_rank<string>::view_type, std::string_view>);

// The errors that are logged on this rank while it lives.
class logged_errors {
  public:
    logged_errors() : before_(set_log_sink(take)) { lines().clear(); }
    logged_errors(logged_errors const&) = delete;
    logged_errors(logged_errors&&) = delete;
    logged_errors& operator=(logged_errors const&) = delete;
    logged_errors& operator=(logged_errors&&) = delete;
    ~logged_errors() { set_log_sink(before_); }

    [[nodiscard]] static std::vector<std::string>& lines() {
        static std::vector<std::string> all;
        return all;
    }

  private:
    static void take(log_level level, std::string_view line) {
        if (level == log_level::error) lines().emplace_back(line);
    }
    log_sink before_;
};

struct PerRank : open_segment {
    void TearDown() override {
        expect_sound(seg);
        EXPECT_THAT(logged_errors::lines(), IsEmpty());
        open_segment::TearDown();
    }
    [[nodiscard]] std::size_t used() {
        seg.fence(); // frees what is retired
        seg.fence(); // on all ranks
        auto const n = seg.heap().stats().used;
        seg.fence();
        return n;
    }

    logged_errors errors;
};

TEST_F(PerRank, EachGrowsItsOwnAndAllReadAll) {
    auto const parts = seg.create_per_rank<vector<app::particle>>("parts");
    EXPECT_EQ(parts.size(), size);
    for (int step = 1; step <= 5; ++step) {
        for (int i = 0; i < 100 * (rank + 1); ++i) {
            parts.mine().push_back({i * 0.5, rank});
        }
        seg.fence();
        for (int r = 0; r < size; ++r) {
            auto const of_r = parts[r];
            ASSERT_EQ(of_r.size(), static_cast<std::size_t>(step * 100 * (r + 1)));
            ASSERT_TRUE(std::ranges::all_of(of_r, [&](auto const& p) { return p.owner == r; }));
            ASSERT_EQ(of_r.back().x, (100 * (r + 1) - 1) * 0.5);
        }
        seg.fence();
    }
}

TEST_F(PerRank, StartsEmptyOnACacheLineOfItsOwn) {
    auto const v = seg.create_per_rank<vector<double>>("v");
    auto const s = seg.create_per_rank<string>("s");
    EXPECT_TRUE(v.mine().empty());
    EXPECT_TRUE(s[size - 1].empty());
    EXPECT_TRUE(v[0].empty());
    auto const line = [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) / 64; };
    auto const mine = gather(world, std::to_string(seg.heap().offset_of(&v.mine()) / 64));
    EXPECT_EQ(line(&v.mine()), line(reinterpret_cast<std::byte const*>(&v.mine() + 1) - 1));
    EXPECT_EQ(std::ranges::count(mine, mine[static_cast<std::size_t>(rank)]), 1);
    seg.fence();
}

TEST_F(PerRank, IsFoundByName) {
    auto const made = seg.group("sim").create_per_rank<vector<std::int64_t>>("counts");
    made.mine().assign(3, rank);
    seg.fence();
    auto const found = seg.find_per_rank<vector<std::int64_t>>("sim/counts");
    EXPECT_THAT(found[last], ElementsAre(last, last, last));
    EXPECT_EQ(seg.info("sim/counts")->kind, object_kind::per_rank);
    EXPECT_THAT(seg.info("sim/counts")->shape, ElementsAre(size));
    EXPECT_THAT(seg.info("sim/counts")->type, HasSubstr("vector<int64>"));
    EXPECT_THAT(seg.memory_map().json(), HasSubstr("\"kind\": \"per_rank\""));
    auto const other = [&] { static_cast<void>(seg.find_per_rank<vector<double>>("sim/counts")); };
    EXPECT_EQ(error_of(other)->code, errc::type_mismatch);
    auto const as_object = [&] { static_cast<void>(seg.find<vector<std::int64_t>>("sim/counts")); };
    EXPECT_EQ(error_of(as_object)->code, errc::type_mismatch);
    auto const as_view = [&] { static_cast<void>(seg.find_any("sim/counts")); };
    ASSERT_TRUE(error_of(as_view));
    EXPECT_EQ(error_of(as_view)->code, errc::type_mismatch);
    EXPECT_TRUE(seg.info("sim/counts")->saved);
    auto const none = [&] { static_cast<void>(seg.find_per_rank<string>("none")); };
    EXPECT_EQ(error_of(none)->code, errc::not_found);
    EXPECT_EQ(agreed_error_of(world, [&] { seg.create_per_rank<string>("sim/counts"); }).code,
              errc::already_exists);
}

TEST_F(PerRank, StringsAreReadAsViews) {
    auto const words = seg.create_per_rank<string>("words");
    words.mine() = "rank";
    words.mine() += std::to_string(rank);
    auto const wide = seg.create_per_rank<basic_string<char16_t>>("wide");
    wide.mine().assign(1000, static_cast<char16_t>(0x3b1 + rank));
    seg.fence();
    for (int r = 0; r < size; ++r) {
        EXPECT_EQ(words[r], "rank" + std::to_string(r));
        EXPECT_EQ(wide[r], std::u16string(1000, static_cast<char16_t>(0x3b1 + r)));
    }
    seg.fence();
}

// --- spans of others -----------------------------------------------------------------------------

// In the phase in which others hold spans, which debug builds report: the bytes stay all the same.
TEST_F(PerRank, SpansStayReadableWhileTheOwnerGrowsUntilTheNextFence) {
    for (std::size_t const n : {std::size_t{1}, std::size_t{20}, std::size_t{100'000}}) {
        auto const parts = seg.create_per_rank<vector<std::int64_t>>("parts");
        auto const text = seg.create_per_rank<string>("text");
        parts.mine().assign(n, rank);
        text.mine().assign(5, static_cast<char>('a' + rank)); // would stand in the object itself
        seg.fence();
        auto& mine = parts.mine();
        auto& my_text = text.mine();
        auto const of_next = parts[(rank + 1) % size];
        auto const text_of_next = text[(rank + 1) % size];
        MPI_Barrier(world); // all have spans
        for (int i = 0; i < 10; ++i) {
            mine.insert(mine.end(), mine.size() + 1, -1); // moves each time
            mine.shrink_to_fit();
            std::vector<void*> blocks; // whatever takes the memory, if it were free
            for (int k = 0; k < 8; ++k) {
                blocks.push_back(seg.heap().allocate(n * sizeof(std::int64_t)));
                std::fill_n(static_cast<std::int64_t*>(blocks.back()), n, -2);
            }
            for (auto* const block : blocks) {
                seg.heap().deallocate(block);
            }
            if (mine.size() > 200'000) break;
        }
        my_text.assign(5000, 'z');
        MPI_Barrier(world); // all have grown
        auto const next = (rank + 1) % size;
        if (size > 1) {
            EXPECT_THAT(of_next, SizeIs(n));
            EXPECT_TRUE(
                std::ranges::all_of(of_next, [&](std::int64_t each) { return each == next; }));
            EXPECT_EQ(text_of_next, std::string(5, static_cast<char>('a' + next)));
        }
        MPI_Barrier(world);
        seg.fence();
        EXPECT_EQ(parts[next].back(), -1);
        EXPECT_EQ(text[next], std::string(5000, 'z'));
        errors.lines().clear();
        seg.destroy(parts);
        seg.destroy(text);
    }
}

TEST_F(PerRank, WhatGrowthReplacesIsFreeAfterTheNextFence) {
    auto const parts = seg.create_per_rank<vector<double>>("parts");
    auto const before = used();
    for (int step = 0; step < 50; ++step) {
        auto& mine = parts.mine();
        mine.assign(10'000, step);
        mine.shrink_to_fit();
        mine.clear();
        mine.shrink_to_fit(); // 80 kB a step that are not needed any more
        auto const retired = seg.heap().stats().used;
        EXPECT_GT(retired, before);
        switch (step % 3) { // any call that orders memory
        case 0:
            seg.fence();
            break;
        case 1:
            seg.destroy(seg.create_value<int>("v"));
            break;
        default:
            seg.trim();
        }
    }
    EXPECT_EQ(used(), before);
}

TEST_F(PerRank, GivesAllItsMemoryBackWhenItIsDestroyed) {
    static_cast<void>(seg.create_value<int>("warm"));
    auto const before = used();
    for (int i = 0; i < 3; ++i) {
        auto const parts = seg.create_per_rank<vector<double>>("parts");
        auto const text = seg.create_per_rank<string>("text");
        parts.mine().assign(1000, rank);
        text.mine().assign(1000, 'a');
        seg.fence();
        seg.destroy(parts);
        EXPECT_FALSE(parts.is_valid());
        seg.destroy(text);
        seg.fence();
        EXPECT_FALSE(seg.contains("parts"));
    }
    EXPECT_EQ(used(), before);
    auto const gone = seg.create_per_rank<string>("gone");
    seg.destroy(gone);
    EXPECT_EQ(agreed_error_of(world, [&] { seg.destroy(gone); }).code, errc::not_found);
}

TEST_F(PerRank, FailsTogetherAndLeavesNothing) {
    static_cast<void>(seg.create_value<int>("taken"));
    auto const before = used();
    for (int i = 0; i < 10; ++i) {
        auto const thrown = agreed_error_of(world, [&] { seg.create_per_rank<string>("taken"); });
        EXPECT_EQ(thrown.code, errc::already_exists);
    }
    EXPECT_EQ(used(), before);
    if (size == 1) return;
    auto const thrown = agreed_error_of(world, [&] {
        if (rank == 0) {
            seg.create_per_rank<vector<int>>("a");
        } else {
            seg.create_per_rank<vector<double>>("a");
        }
    });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(used(), before);
}

TEST_F(PerRank, GrowthThatFailsChangesNothing) {
    auto const parts = seg.create_per_rank<vector<double>>("parts");
    parts.mine().assign(10, rank);
    seg.fence();
    auto const thrown = error_of([&] { parts.mine().reserve(std::size_t{1} << 30U); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::out_of_memory);
    seg.fence();
    EXPECT_THAT(parts[last], SizeIs(10));
    EXPECT_EQ(parts[last][9], last);
    seg.fence();
}

TEST_F(PerRank, OutlivesTheSegmentWhileAHandleIsHeld) {
    std::optional<segment> other(
        std::in_place, on, segment_options{.capacity = std::size_t{1} << 20U});
    auto const parts = other->create_per_rank<vector<int>>("parts");
    parts.mine().assign(100, rank);
    other->fence();
    parts.mine().assign(1000, rank); // retired: freed by close
    other->close();
    other.reset();
    auto const of_first = parts[0];
    EXPECT_EQ(std::accumulate(of_first.begin(), of_first.end(), 1), 1);
    EXPECT_THAT(of_first, SizeIs(1000));
    MPI_Barrier(world);
    parts.mine().assign(2000, 7); // and what is retired now ends with the mapping
}

TEST_F(PerRank, OfARankThatLeftStaysReadable) {
    {
        segment other(on, {.capacity = std::size_t{4} << 20U});
        auto const parts = other.create_per_rank<vector<int>>("parts");
        parts.mine().assign(1000, rank);
        other.fence();
        auto const of_last = parts[last];
        EXPECT_THAT(of_last, SizeIs(1000));
        MPI_Barrier(world);
        if (rank == last) {
            parts.mine().reserve(5000); // what it replaces is never free again
            other.leave("it had enough");
        }
        MPI_Barrier(world);
        if (rank != last) {
            auto const thrown = error_of([&] { other.fence(); });
            ASSERT_TRUE(thrown);
            EXPECT_EQ(thrown->code, errc::peer_left);
            EXPECT_EQ(std::ranges::count(of_last, last), 1000);
        }
        errors.lines().clear(); // of the one that grew while others could read
        MPI_Barrier(world);
        EXPECT_THAT(other.verify().violations, IsEmpty());
        MPI_Barrier(world);
    }
    seg.fence();
}

// --- misuse --------------------------------------------------------------------------------------

#ifndef NDEBUG
struct PerRankMisuse : PerRank {
    // Each rank takes a view of the next one; then `change` is called with this rank's container.
    void change_while_read(char const* name,
                           detail::function_ref<void(per_rank<vector<int>>::container_type&)> f) {
        auto const parts = seg.create_per_rank<vector<int>>(name);
        auto& mine = parts.mine();
        mine.reserve(100);
        mine.assign(10, rank);
        seg.fence();
        static_cast<void>(parts.mine()); // as a correct program takes it
        static_cast<void>(parts[(rank + 1) % size]);
        MPI_Barrier(world);
        f(mine);
        MPI_Barrier(world);
        seg.fence();
        said = errors.lines();
        errors.lines().clear();
        seg.destroy(parts);
    }
    [[nodiscard]] int reader() const { return (rank + size - 1) % size; }

    std::vector<std::string> said;
};

TEST_F(PerRankMisuse, ChangeOfTheSizeInAReadPhaseIsReported) {
    change_while_read("sim/parts", [](auto& mine) { mine.push_back(1); });
    if (size == 1) {
        EXPECT_THAT(said, IsEmpty()); // of its own a rank may read and change what it likes
        return;
    }
    EXPECT_THAT(said,
                ElementsAre(AllOf(HasSubstr("\"sim/parts\" of rank " + std::to_string(rank)),
                                  HasSubstr("10 elements when rank " + std::to_string(reader())),
                                  HasSubstr("11 now"))));
}

TEST_F(PerRankMisuse, ChangeOfTheStorageInAReadPhaseIsReported) {
    change_while_read("parts", [](auto& mine) { mine.shrink_to_fit(); });
    if (size == 1) {
        EXPECT_THAT(said, IsEmpty());
        return;
    }
    EXPECT_THAT(said, ElementsAre(HasSubstr("10 elsewhere now")));
}

TEST_F(PerRankMisuse, NoChangeIsNoError) {
    change_while_read("parts", [](auto& mine) { mine[0] = 4; });
    EXPECT_THAT(said, IsEmpty());
}

TEST_F(PerRankMisuse, IsSeenByWhoeverLooksAgain) {
    if (size == 1) return;
    auto const parts = seg.create_per_rank<vector<int>>("parts");
    auto& mine = parts.mine();
    seg.fence(); // and mine() is not called again in this phase
    if (rank == 1) static_cast<void>(parts[0]);
    MPI_Barrier(world);
    if (rank == 0) mine.assign(3, 3);
    MPI_Barrier(world);
    if (rank == 1) static_cast<void>(parts[0]);
    MPI_Barrier(world);
    EXPECT_THAT(errors.lines(), SizeIs(rank == 1 ? 1 : 0));
    errors.lines().clear();
    seg.fence();
}
#endif

} // namespace
} // namespace shmwin
