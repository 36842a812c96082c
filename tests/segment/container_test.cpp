// SPDX-License-Identifier: MIT
// Containers as objects of the segment: made by one rank, grown by all of them, each at an
// address of its own.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/shmwin.hpp"
#include "shmwin/sync/robust_mutex.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <gmock/gmock.h>
#include <map>
#include <memory>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {
// A user's type with containers in it, and a lock that survives its holder.
struct inventory {
    using allocator_type = shmwin::allocator<>;

    inventory(std::string_view title, allocator_type const& from)
        : name(title, from), particles(from), notes(from) {}

    shmwin::detail::robust_mutex lock;
    shmwin::string name;
    shmwin::vector<particle> particles;
    shmwin::vector<shmwin::string> notes;
};
struct named_vector : std::vector<int> {};
// A tree: nodes found by self-relative pointers.
struct node {
    int value = 0;
    shmwin::offset_ptr<node> left;
    shmwin::offset_ptr<node> right;
};
} // namespace app
SHMWIN_NAME(app::inventory, "app.inventory/1");
SHMWIN_NAME(app::named_vector, "app.named_vector/1");
SHMWIN_NAME(app::node, "app.node/1");
SHMWIN_NAME(std::pmr::vector<int>, "std.pmr.vector<int>");
SHMWIN_NAME(std::string, "std.string");

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

// --- what may stand in a segment -----------------------------------------------------------------

static_assert(shareable<vector<double>> && shareable<string> && shareable<deque<int>>);
static_assert(shareable<vector<string>> && shareable<vector<app::particle>>);
static_assert(shareable<app::inventory> && shareable<offset_ptr<app::node>>);
static_assert(!shareable<std::vector<int>> && !shareable<std::vector<app::particle>>);
// A name alone does not help.
static_assert(!shareable<std::pmr::vector<int>> && !shareable<std::string>);
static_assert(!shareable<vector<std::string>> && !shareable<app::named_vector>);
static_assert(!shareable<vector<bool>> && !shareable<vector<int*>>);
static_assert(!shareable<std::map<int, int, std::less<>, allocator<std::pair<int const, int>>>>);
static_assert(!shareable<memory_resource> && !shareable<std::unique_ptr<int>>);

// -------------------------------------------------------------------------------------------------

struct Container : open_segment {
    void TearDown() override {
        expect_sound(seg);
        open_segment::TearDown();
    }

    // Calls `change` on each rank, one rank at a time, in no order.
    template <typename Change>
    void under_lock(app::inventory& what, Change const& change) const {
        auto const& core = *seg.core();
        ASSERT_EQ(what.lock.lock(core.who(), core.policy()), detail::lock_outcome::locked);
        change();
        what.lock.unlock();
    }
};

TEST_F(Container, MadeByOneRankIsReadByAll) {
    if (rank == last) {
        auto* const made = seg.construct<vector<double>>(transient, "numbers");
        for (int i = 0; i < 10'000; ++i) {
            made->push_back(i);
        }
        seg.construct<string>(transient, "title", "a title that is longer than the object itself");
    }
    seg.fence();
    auto const* const numbers = seg.find<vector<double>>("numbers");
    EXPECT_EQ(numbers->size(), 10'000U);
    EXPECT_EQ(std::accumulate(numbers->begin(), numbers->end(), 0.0), 49'995'000.0);
    EXPECT_EQ(std::span(*numbers).back(), 9999.0);
    EXPECT_TRUE(seg.heap().owns(numbers->data()));
    EXPECT_EQ(*seg.find<string>("title"), "a title that is longer than the object itself");
    EXPECT_THAT(seg.info("numbers")->type, HasSubstr("vector<float64>"));
    EXPECT_FALSE(seg.info("numbers")->saved);
    auto const other = error_of([&] { static_cast<void>(seg.find<vector<float>>("numbers")); });
    EXPECT_EQ(other->code, errc::type_mismatch);
}

TEST_F(Container, IsGrownByAllRanksInTurn) {
    auto* const v = seg.create_object<vector<int>>("v");
    for (int turn = 0; turn < 4 * size; ++turn) {
        if (turn % size == rank) v->insert(v->end(), 1000, turn);
        seg.fence();
        ASSERT_EQ(v->size(), static_cast<std::size_t>(1000 * (turn + 1)));
        ASSERT_EQ(v->back(), turn);
        seg.fence();
    }
    EXPECT_TRUE(std::ranges::is_sorted(*v));
}

TEST_F(Container, OfAUsersTypeIsGrownByAllRanksUnderALock) {
    auto* const what = seg.create_object<app::inventory>("stock", "the name of this inventory");
    for (int i = 0; i < 500; ++i) {
        under_lock(*what, [&] {
            what->particles.push_back({i * 0.5, rank});
            what->notes.emplace_back("a note that needs a block: rank " + std::to_string(rank));
            if (i % 2 == 1) what->notes.erase(what->notes.begin()); // any rank's
        });
    }
    seg.fence();
    EXPECT_EQ(what->name, "the name of this inventory");
    EXPECT_EQ(what->notes.size(), static_cast<std::size_t>(250 * size));
    for (int r = 0; r < size; ++r) {
        std::vector<double> of_rank;
        for (auto const& each : what->particles) {
            if (each.owner == r) of_rank.push_back(each.x);
        }
        EXPECT_EQ(of_rank.size(), 500U);
        EXPECT_TRUE(std::ranges::is_sorted(of_rank));
    }
    seg.fence();
    if (rank == 0) {
        what->particles.clear();
        what->particles.shrink_to_fit();
    }
}

TEST_F(Container, GivesAllItsMemoryBackWhenAnotherRankDestroysIt) {
    static_cast<void>(seg.create_value<int>("warm"));
    seg.fence();
    auto const before = seg.heap().stats().used;
    seg.fence();
    if (rank == 0) {
        auto* const v = seg.construct<vector<string>>(transient, "v");
        for (std::size_t i = 0; i < 300; ++i) {
            v->emplace_back(i, 'x');
        }
    }
    seg.fence();
    EXPECT_GT(seg.heap().stats().used, before);
    seg.fence();
    if (rank == last) seg.destroy<vector<string>>("v");
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, before);
}

TEST_F(Container, IsMadeFromArgumentsOrFromAnother) {
    vector<int> const local({1, 2, 3}, seg.heap()); // the object is private, its elements are not
    if (rank == 0) {
        seg.construct<vector<int>>(transient, "sized", 5U, 7);
        seg.construct<vector<int>>(transient, "copied", local);
        seg.construct<vector<int>>(transient, "told", seg.heap());
        seg.construct<vector<int>>(transient, "ranged", local.begin(), local.end() - 1);
    }
    seg.fence();
    EXPECT_THAT(*seg.find<vector<int>>("sized"), testing::ElementsAre(7, 7, 7, 7, 7));
    EXPECT_THAT(*seg.find<vector<int>>("copied"), testing::ElementsAre(1, 2, 3));
    EXPECT_THAT(*seg.find<vector<int>>("ranged"), testing::ElementsAre(1, 2));
    EXPECT_TRUE(seg.find<vector<int>>("told")->empty());
    EXPECT_EQ(seg.find<vector<int>>("told")->get_allocator(), allocator<int>(seg.heap()));
}

TEST_F(Container, OfPointersIsATreeForAllRanks) {
    auto* const root = seg.create_object<offset_ptr<app::node>>("root");
    allocator<app::node> const nodes(seg.heap());
    for (int i = 0; i < 50 * size; ++i) {
        if (i % size == rank) { // a search tree, built by all in turn
            auto* const made = std::construct_at(nodes.allocate(1).get());
            made->value = i * 7919 % 1009;
            auto* at = root;
            while (*at != nullptr) {
                at = made->value < (*at)->value ? &(*at)->left : &(*at)->right;
            }
            *at = made;
        }
        seg.fence();
    }
    for (int i = 0; i < 50 * size; ++i) {
        int const value = i * 7919 % 1009;
        auto const* at = root->get();
        while (at != nullptr && at->value != value) {
            at = value < at->value ? at->left.get() : at->right.get();
        }
        ASSERT_NE(at, nullptr) << value;
    }
}

TEST_F(Container, OfContainersIsReadByAll) {
    auto const name = "table/" + std::to_string(rank);
    auto* const mine = seg.construct<vector<vector<int>>>(transient, name);
    auto* const texts = seg.construct<deque<string>>(transient, name + "/texts");
    for (int i = 0; i < 100; ++i) {
        mine->emplace_back(static_cast<std::size_t>(i), rank); // takes the outer one's allocator
        texts->push_front(string(static_cast<std::size_t>(i), 'a', seg.heap()));
    }
    seg.fence();
    for (int r = 0; r < size; ++r) {
        auto const of = "table/" + std::to_string(r);
        auto const& table = *seg.find<vector<vector<int>>>(of);
        auto const& lines = *seg.find<deque<string>>(of + "/texts");
        ASSERT_EQ(table.size(), 100U);
        ASSERT_EQ(lines.size(), 100U);
        for (std::size_t i = 0; i < 100; ++i) {
            ASSERT_EQ(std::ranges::count(table[i], r), static_cast<std::ptrdiff_t>(i));
            ASSERT_EQ(std::string_view(lines[99 - i]), std::string(i, 'a'));
            ASSERT_TRUE(seg.heap().owns(table[i].data()) || i == 0);
        }
    }
    seg.fence();
    auto const next = "table/" + std::to_string((rank + 1) % size);
    seg.destroy<vector<vector<int>>>(next); // another rank's, with all that is in it
    seg.destroy<deque<string>>(next + "/texts");
}

template <typename Char>
struct StringOf : Container {};
using characters = testing::Types<char, wchar_t, char8_t, char16_t, char32_t>;
TYPED_TEST_SUITE(StringOf, characters);

TYPED_TEST(StringOf, AnyCharactersIsReadByAll) {
    using text = basic_string<TypeParam>;
    static_assert(shareable<text> && shareable<vector<text>>);
    auto& in = this->seg;
    if (this->rank == this->last) {
        auto* const made = in.template construct<text>(transient, "text");
        for (int i = 0; i < 1000; ++i) {
            made->push_back(static_cast<TypeParam>('a' + i % 26));
        }
        in.template construct<vector<text>>(transient, "texts")->assign(3, *made);
    }
    in.fence();
    auto const& found = *in.template find<text>("text");
    ASSERT_EQ(found.size(), 1000U);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(found[static_cast<std::size_t>(i)], static_cast<TypeParam>('a' + i % 26));
    }
    EXPECT_EQ(in.template find<vector<text>>("texts")->back(), found);
    auto const other =
        error_of([&] { static_cast<void>(in.template find<vector<TypeParam>>("text")); });
    EXPECT_EQ(other->code, errc::type_mismatch);
    in.fence();
}

// --- of two segments -----------------------------------------------------------------------------

TEST_F(Container, OfAnotherSegmentsAllocatorIsRefused) {
    segment other(on, {.capacity = std::size_t{1} << 20U});
    static_cast<void>(seg.create_value<int>("warm"));
    seg.fence();
    auto const before = seg.heap().stats().used;
    auto const before_other = other.heap().stats().used;
    seg.fence();
    if (rank == 0) {
        vector<int> const foreign(100, 1, other.heap());
        auto const told = [&] { seg.construct<vector<int>>(transient, "told", other.heap()); };
        auto const thrown = error_of(told);
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, errc::invalid_argument);
        EXPECT_THAT(thrown->text, HasSubstr("of another segment"));
        seg.construct<vector<int>>(transient, "copied", foreign); // elements of its own
    }
    seg.fence();
    EXPECT_FALSE(seg.contains("told"));
    EXPECT_TRUE(seg.heap().owns(seg.find<vector<int>>("copied")->data()));
    seg.fence();
    if (rank == last) seg.destroy<vector<int>>("copied");
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, before);
    EXPECT_EQ(other.heap().stats().used, before_other);
    other.close();
}

TEST_F(Container, OnTheStackSaysThatItsSegmentIsGone) {
    std::optional<segment> other(
        std::in_place, on, segment_options{.capacity = std::size_t{1} << 20U});
    allocator<int> const of_other(other->heap());
    auto const block = of_other.allocate(1);
    other->close();
    EXPECT_FALSE(error_of([&] { of_other.deallocate(block, 1); })); // still mapped
    other.reset();
    auto const thrown = error_of([&] { static_cast<void>(of_other.allocate(1)); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
}

// --- memory_resource -----------------------------------------------------------------------------

TEST_F(Container, PrivateOneHasItsBytesInTheSegmentAndOthersReadThem) {
    auto bytes = seg.memory_resource();
    auto const offsets = seg.create_array<std::uint64_t>("offsets", shape(size));
    {
        std::pmr::vector<int> mine(100, rank, &bytes);
        offsets(rank) = seg.heap().offset_of(mine.data());
        seg.fence();
        auto const of_next = (rank + 1) % size;
        auto const* const there = static_cast<int const*>(seg.heap().at(offsets(of_next)));
        EXPECT_TRUE(
            std::ranges::all_of(std::span(there, 100), [&](int each) { return each == of_next; }));
        seg.fence();
    }
    EXPECT_EQ(bytes, seg.memory_resource());
}

TEST_F(Container, MemoryResourceKeepsTheSegmentMapped) {
    std::optional<segment> other(
        std::in_place, on, segment_options{.capacity = std::size_t{1} << 20U});
    auto bytes = other->memory_resource();
    std::pmr::vector<int> v(1000, 3, &bytes);
    other->close();
    other.reset();
    EXPECT_EQ(std::accumulate(v.begin(), v.end(), 0), 3000);
    v.resize(2000);
    EXPECT_NE(bytes, seg.memory_resource());
}

} // namespace
} // namespace shmwin
