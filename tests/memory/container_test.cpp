// SPDX-License-Identifier: MIT
// Containers in the segment, through two mappings of it: they grow through either, and their
// elements stand in the segment wherever they do themselves.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/base/literals.hpp"

#include "support/allocator_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <initializer_list>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using testing::ElementsAre;

using Allocator = test::allocator_fixture;

TEST_F(Allocator, VectorIsGrownThroughOneMappingAndReadThroughAnother) {
    auto* const made = make<vector<int>>();
    for (int i = 0; i < 1000; ++i) {
        made->push_back(i);
    }
    auto* const seen = through_second(made);
    hide_first();
    EXPECT_EQ(seen->size(), 1000U);
    EXPECT_EQ(std::accumulate(seen->begin(), seen->end(), 0), 499'500);
    EXPECT_TRUE(second.owns(seen->data()));
    for (int i = 1000; i < 50'000; ++i) { // moves to other blocks, frees what the first took
        seen->push_back(i);
    }
    EXPECT_TRUE(std::ranges::is_sorted(*seen));
    EXPECT_EQ(seen->back(), 49'999);
    EXPECT_THAT(std::span<int const>(*seen).first(3), ElementsAre(0, 1, 2));
    end(seen);
}

TEST_F(Allocator, StringIsShortOrLongThroughEitherMapping) {
    auto* const shorter = make<string>("short");
    auto* const longer = make<string>(std::string(500, 'x').c_str());
    auto* const here = through_second(shorter);
    auto* const there = through_second(longer);
    hide_first();
    EXPECT_EQ(*here, "short");
    EXPECT_EQ(*there, std::string(500, 'x').c_str());
    *here += " and then long enough for a block of its own";
    there->assign("y");
    there->shrink_to_fit();
    EXPECT_EQ(*here, "short and then long enough for a block of its own");
    here->swap(*there);
    EXPECT_EQ(*here, "y");
    EXPECT_EQ(there->find("long"), 15U);
    EXPECT_EQ(*here + "!", "y!");
    EXPECT_LT(*there, *here);
    end(here);
    end(there);
}

TEST_F(Allocator, DequeGrowsAtBothEndsThroughEitherMapping) {
    auto* const made = make<deque<std::int64_t>>();
    for (int i = 0; i < 2000; ++i) {
        made->push_back(i);
        made->push_front(-i);
    }
    auto* const seen = through_second(made);
    hide_first();
    EXPECT_EQ(seen->front(), -1999);
    EXPECT_EQ(seen->back(), 1999);
    EXPECT_EQ(std::accumulate(seen->begin(), seen->end(), std::int64_t{0}), 0);
    while (seen->size() > 2) {
        seen->pop_back();
        seen->pop_front();
    }
    EXPECT_THAT(*seen, ElementsAre(0, 0));
    end(seen);
}

TEST_F(Allocator, IsPassedOnToElementsThatTakeOne) {
    auto* const teams = make<vector<app::team>>();
    auto* const pairs = make<vector<std::pair<string, int>>>();
    std::string const long_name(100, 'n');
    for (int i = 0; i < 100; ++i) {
        teams->emplace_back(long_name).members.assign(20, i);
        pairs->emplace_back(long_name, i);
    }
    auto* const seen = through_second(teams);
    auto* const seen_pairs = through_second(pairs);
    hide_first();
    for (int i = 0; i < 100; ++i) {
        auto const at = static_cast<std::size_t>(i);
        ASSERT_EQ((*seen)[at].name, long_name.c_str());
        ASSERT_EQ((*seen)[at].members.back(), i);
        ASSERT_TRUE(second.owns((*seen)[at].members.data()));
        ASSERT_TRUE(second.owns((*seen_pairs)[at].first.data()));
        ASSERT_EQ((*seen_pairs)[at].second, i);
    }
    end(seen);
    end(seen_pairs);
}

// --- which segment a container is of -------------------------------------------------------------

TEST_F(Allocator, ContainerOnTheStackHasItsElementsInTheSegment) {
    auto* const made = make<vector<int>>(std::initializer_list<int>{1, 2, 3});
    {
        vector<int> const copy = *made;
        vector<int> const moved = std::move(*made);
        EXPECT_THAT(copy, ElementsAre(1, 2, 3));
        EXPECT_THAT(moved, ElementsAre(1, 2, 3));
        EXPECT_TRUE(first.owns(copy.data()) && first.owns(moved.data()));
        EXPECT_EQ(copy.get_allocator(), made->get_allocator());
        *made = copy;
    }
    EXPECT_THAT(*through_second(made), ElementsAre(1, 2, 3));
    end(through_second(made));
}

TEST_F(Allocator, AssignmentMovesNoContainerToAnotherSegment) {
    test::shared_pages const others({.capacity = 1_MiB, .n_ranks = 1});
    heap const elsewhere = others.memory(0);
    detail::heap_attachment const attached(elsewhere);
    vector<string> here({{"a", first}, {std::string(99, 'b').c_str(), first}}, first);
    vector<string> there(elsewhere);
    there = here;
    EXPECT_EQ(there[1].size(), 99U);
    EXPECT_TRUE(elsewhere.owns(there.data()) && elsewhere.owns(there[1].data()));
    there.clear();
    there = std::move(here);
    EXPECT_EQ(there[1].size(), 99U);
    EXPECT_TRUE(elsewhere.owns(there.data()) && elsewhere.owns(there[1].data()));
    EXPECT_EQ(there.get_allocator(), allocator<string>(elsewhere));
}

// --- against std::vector -------------------------------------------------------------------------

TEST_F(Allocator, VectorOfStringsDoesWhatStdsDoes) {
    auto* const made = make<vector<string>>();
    std::vector<std::string> model;
    std::mt19937 random(7);
    for (int step = 0; step < 20'000; ++step) {
        auto& v = step % 2 == 0 ? *made : *through_second(made);
        auto const at = model.empty() ? 0 : random() % model.size();
        std::string const text(random() % 40, static_cast<char>('a' + random() % 26));
        switch (random() % 6) {
        case 0:
        case 1:
            v.emplace_back(text);
            model.push_back(text);
            break;
        case 2:
            v.emplace(v.begin() + static_cast<std::ptrdiff_t>(at), text);
            model.insert(model.begin() + static_cast<std::ptrdiff_t>(at), text);
            break;
        case 3:
            if (model.empty()) break;
            v.erase(v.begin() + static_cast<std::ptrdiff_t>(at));
            model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 4:
            if (model.empty()) break;
            v[at] += text;
            model[at] += text;
            break;
        default:
            if (model.size() < 100) break;
            std::ranges::sort(v);
            std::ranges::sort(model);
            v.resize(50);
            v.shrink_to_fit();
            model.resize(50);
        }
        ASSERT_EQ(v.size(), model.size());
    }
    EXPECT_TRUE(std::ranges::equal(*through_second(made), model, [](auto const& a, auto const& b) {
        return std::string_view(a) == b;
    }));
    end(through_second(made));
}

} // namespace
} // namespace shmwin
