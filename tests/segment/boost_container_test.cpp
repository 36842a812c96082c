// SPDX-License-Identifier: MIT
// Containers of Boost.Container as objects of the segment: made by one rank, read and changed by
// others, each at an address of its own.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/memory/boost_container.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <boost/container/list.hpp>
#include <boost/container/map.hpp>
#include <boost/container/set.hpp>
#include <boost/container/string.hpp>
#include <boost/container/vector.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <string>
#include <string_view>
#include <utility>

namespace shmwin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
namespace bc = boost::container;

template <typename T>
using list = bc::list<T, allocator<T>>;
template <typename T>
using row = bc::vector<T, allocator<T>>;
template <typename T, typename Compare = std::less<>>
using set = bc::set<T, Compare, allocator<T>>;
template <typename T>
using flat_set = bc::flat_set<T, std::less<>, allocator<T>>;
template <typename K, typename V, typename Compare = std::less<>>
using map = bc::map<K, V, Compare, allocator<std::pair<K const, V>>>;
template <typename K, typename V>
using flat_map = bc::flat_map<K, V, std::less<>, allocator<std::pair<K, V>>>;
using text = bc::basic_string<char, std::char_traits<char>, allocator<char>>;

static_assert(shareable<row<double>> && shareable<text> && shareable<list<int>>);
static_assert(shareable<map<int, text>> && shareable<flat_map<int, double>>);
static_assert(shareable<set<int>> && shareable<flat_set<int>> && shareable<row<text>>);
static_assert(shareable<map<int, map<int, row<app::particle>>>>);
static_assert(!shareable<map<int, int*>> && !shareable<row<std::string>>);
static_assert(!shareable<bc::vector<int>> && !shareable<bc::map<int, int>>);

struct BoostContainer : open_segment {
    void TearDown() override {
        expect_sound(seg);
        open_segment::TearDown();
    }
};

TEST_F(BoostContainer, VectorMadeByOneRankIsReadByAllAndGrownInTurn) {
    if (rank == last) seg.construct<row<int>>(transient, "v", 3U, 7);
    seg.fence();
    auto* const v = seg.find<row<int>>("v");
    for (int turn = 0; turn < 4 * size; ++turn) {
        if (turn % size == rank) v->insert(v->end(), 1000, turn);
        seg.fence();
        ASSERT_EQ(v->size(), static_cast<std::size_t>(3 + 1000 * (turn + 1)));
        ASSERT_EQ(v->back(), turn);
        seg.fence();
    }
    EXPECT_TRUE(seg.heap().owns(v->data()));
    EXPECT_TRUE(std::is_sorted(v->begin() + 3, v->end()));
    EXPECT_THAT(seg.info("v")->type, HasSubstr("vector<int32>"));
    auto const other = error_of([&] { static_cast<void>(seg.find<vector<int>>("v")); });
    EXPECT_EQ(other->code, errc::type_mismatch); // the standard library's is another
}

TEST_F(BoostContainer, StringMadeByOneRankIsReadByAll) {
    std::string_view const whole = "a text that is longer than the object itself";
    if (rank == last) {
        seg.construct<text>(transient, "long", whole.data());
        seg.construct<text>(transient, "short", "a text");
    }
    seg.fence();
    auto const& found = *seg.find<text>("long");
    EXPECT_EQ(std::string_view(found.data(), found.size()), whole);
    EXPECT_STREQ(seg.find<text>("short")->c_str(), "a text");
    seg.fence();
}

TEST_F(BoostContainer, MapIsChangedByAllRanksInTurn) {
    using notes = map<int, text>;
    auto* const m = seg.create_object<notes>("m");
    auto* const flat = seg.create_object<flat_map<int, double>>("flat");
    for (int turn = 0; turn < 3 * size; ++turn) {
        if (turn % size == rank) {
            for (int i = 0; i < 200; ++i) {
                int const key = (i * 7919 + turn) % 1009;
                m->emplace(key, text("a note that needs a block", seg.heap()));
                flat->emplace(key, key * 0.5);
            }
            for (int i = 0; i < 50; ++i) {
                m->erase(m->begin()); // any rank's
            }
        }
        seg.fence();
        ASSERT_TRUE(std::is_sorted(flat->begin(), flat->end()));
        auto const keys_ascend = [](auto const& a, auto const& b) { return a.first < b.first; };
        ASSERT_TRUE(std::is_sorted(m->begin(), m->end(), keys_ascend));
        for (auto const& [key, note] : *m) {
            ASSERT_STREQ(note.c_str(), "a note that needs a block");
            ASSERT_EQ(flat->at(key), key * 0.5);
        }
        seg.fence();
    }
    EXPECT_GT(m->size(), 100U);
    seg.fence();
    if (rank == 0) m->clear();
}

TEST_F(BoostContainer, SetAndListAreReadByAll) {
    if (rank == last) {
        auto* const falling = seg.construct<set<int, std::greater<>>>(transient, "falling");
        auto* const rising = seg.construct<flat_set<int>>(transient, "rising");
        auto* const all = seg.construct<list<int>>(transient, "all");
        for (int const i : {3, 1, 2, 3}) {
            falling->insert(i);
            rising->insert(i);
            all->push_front(i);
        }
    }
    seg.fence();
    EXPECT_THAT((*seg.find<set<int, std::greater<>>>("falling")), ElementsAre(3, 2, 1));
    EXPECT_THAT(*seg.find<flat_set<int>>("rising"), ElementsAre(1, 2, 3));
    EXPECT_THAT(*seg.find<list<int>>("all"), ElementsAre(3, 2, 1, 3));
    auto const other = error_of([&] { static_cast<void>(seg.find<set<int>>("falling")); });
    EXPECT_EQ(other->code, errc::type_mismatch);
    seg.fence();
}

TEST_F(BoostContainer, GivesAllItsMemoryBackWhenAnotherRankDestroysIt) {
    using table = map<int, map<int, row<app::particle>>>;
    if (rank == 0) {
        seg.construct<table>(transient, "table"); // the signature of its long type stays
        seg.destroy<table>("table");
    }
    seg.fence();
    auto const before = seg.heap().stats().used;
    seg.fence();
    if (rank == 0) {
        auto* const made = seg.construct<table>(transient, "table");
        for (int i = 0; i < 20; ++i) {
            auto& inner = made->emplace(i, map<int, row<app::particle>>(seg.heap())).first->second;
            for (int k = 0; k < 20; ++k) {
                inner.emplace(k, row<app::particle>(static_cast<std::size_t>(i + k), seg.heap()));
            }
        }
    }
    seg.fence();
    EXPECT_EQ(seg.find<table>("table")->at(19).at(7).size(), 26U);
    EXPECT_GT(seg.heap().stats().used, before);
    seg.fence();
    if (rank == last) seg.destroy<table>("table");
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, before);
}

} // namespace
} // namespace shmwin
