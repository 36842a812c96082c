// SPDX-License-Identifier: MIT
#include "shmwin/memory/offset_ptr.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <functional>
#include <gmock/gmock.h>
#include <iterator>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <sys/mman.h>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using testing::ElementsAre;

struct base {
    int i = 1;
};
struct other_base {
    int j = 2;
};
struct derived : other_base, base {
    int k = 3;
};
struct incomplete;

// --- what the standard asks for ------------------------------------------------------------------

template <typename P>
concept nullable_pointer =
    std::regular<P> && std::convertible_to<std::nullptr_t,
                                           P> && std::constructible_from<bool, P> && requires(P p) {
    { p = nullptr } -> std::same_as<P&>;
    { p != nullptr } -> std::convertible_to<bool>;
    { nullptr == p } -> std::convertible_to<bool>;
};

static_assert(
    nullable_pointer<offset_ptr<
        int>> && nullable_pointer<offset_ptr<void>> && nullable_pointer<offset_ptr<void const>> && nullable_pointer<offset_ptr<incomplete>>);
static_assert(
    std::contiguous_iterator<offset_ptr<int>> && std::contiguous_iterator<offset_ptr<int const>>);
static_assert(std::totally_ordered_with<offset_ptr<int>, int*>);
static_assert(std::three_way_comparable<offset_ptr<int>, std::strong_ordering>);
static_assert(sizeof(offset_ptr<void>) == 8);

using traits = std::pointer_traits<offset_ptr<int>>;
static_assert(std::same_as<traits::element_type, int>);
static_assert(std::same_as<traits::difference_type, std::ptrdiff_t>);
static_assert(std::same_as<traits::rebind<char const>, offset_ptr<char const>>);
static_assert(std::same_as<std::pointer_traits<offset_ptr<void>>::rebind<int>, offset_ptr<int>>);
static_assert(std::same_as<decltype(traits::pointer_to(std::declval<int&>())), offset_ptr<int>>);

template <typename From, typename To>
constexpr bool as_plain_pointers =
    std::convertible_to<offset_ptr<From>, offset_ptr<To>> == std::convertible_to<From*, To*>;
static_assert(
    as_plain_pointers<derived, base> && as_plain_pointers<base, derived> && as_plain_pointers<int, int const> && as_plain_pointers<int const, int> && as_plain_pointers<int, void> && as_plain_pointers<int const, void> && as_plain_pointers<int, void const> && as_plain_pointers<void, int> && as_plain_pointers<int, long>);
static_assert(std::constructible_from<offset_ptr<int>, offset_ptr<void>>);
static_assert(std::constructible_from<offset_ptr<derived>, offset_ptr<base>>);
static_assert(!std::constructible_from<offset_ptr<int>, offset_ptr<void const>>);
static_assert(!std::constructible_from<offset_ptr<int>, offset_ptr<long>>);

// Copied bytes point elsewhere.
static_assert(!std::is_trivially_copyable_v<offset_ptr<int>>);
static_assert(std::is_nothrow_copy_constructible_v<
                  offset_ptr<int>> && std::is_nothrow_swappable_v<offset_ptr<int>>);
// No address slips out, but of a text: libstdc++'s strings let theirs.
static_assert(!std::convertible_to<offset_ptr<int>, int*>);
static_assert(std::constructible_from<int*, offset_ptr<int>>);
static_assert(!std::convertible_to<offset_ptr<int>, bool>);

// --- null ----------------------------------------------------------------------------------------

TEST(OffsetPtr, IsNullByDefaultAndFromNullptr) {
    offset_ptr<int> const by_default;
    offset_ptr<int> const from_null = nullptr;
    int* const plain = nullptr;
    offset_ptr<int> const from_plain = plain;
    offset_ptr<void> const converted = from_null;
    for (auto const& each : {by_default, from_null, from_plain}) {
        EXPECT_FALSE(each);
        EXPECT_EQ(each.get(), nullptr);
        EXPECT_EQ(each, nullptr);
        EXPECT_EQ(std::to_address(each), nullptr);
        EXPECT_EQ(each.operator->(), nullptr); // as Boost's containers ask
    }
    EXPECT_EQ(converted.get(), nullptr);
    EXPECT_EQ(from_null + 0, nullptr);
    EXPECT_EQ(from_null - by_default, 0);
}

TEST(OffsetPtr, OfZeroedMemoryIsNull) {
    alignas(8) std::array<std::byte, 8> const bytes{};
    auto const& p = *reinterpret_cast<offset_ptr<int> const*>(bytes.data());
    EXPECT_FALSE(p);
    EXPECT_EQ(p.get(), nullptr);
}

TEST(OffsetPtr, ToItselfIsNotNull) {
    struct ring {
        offset_ptr<ring> next = this;
    };
    ring sentinel;
    EXPECT_TRUE(sentinel.next);
    EXPECT_NE(sentinel.next, nullptr);
    EXPECT_EQ(sentinel.next.get(), &sentinel);
    EXPECT_EQ(&*sentinel.next->next, &sentinel);

    offset_ptr<void> p;
    auto* const own = reinterpret_cast<char*>(&p);
    for (int i : {-8, -1, 0, 2, 7, 8}) { // not 1: that is what null looks like
        p = own + i;
        EXPECT_EQ(p.get(), own + i);
        EXPECT_TRUE(p);
    }
}

// --- copies --------------------------------------------------------------------------------------

TEST(OffsetPtr, CopiedElsewherePointsAtTheSame) {
    int target = 7;
    std::array<offset_ptr<int>, 3> pointers{&target, nullptr, nullptr};
    pointers[2] = pointers[0];
    EXPECT_EQ(pointers[2].get(), &target);
    // NOLINTNEXTLINE(performance-move-const-arg): that it is a copy is what is tested
    auto const moved = std::move(pointers[2]);
    EXPECT_EQ(moved.get(), &target);
    std::swap(pointers[0], pointers[1]);
    EXPECT_EQ(pointers[0], nullptr);
    EXPECT_EQ(pointers[1].get(), &target);
    auto const& same = pointers[1];
    pointers[1] = same;
    EXPECT_EQ(*pointers[1], 7);
    pointers[1] = nullptr;
    EXPECT_FALSE(pointers[1]);
}

TEST(OffsetPtr, SurvivesTheGrowthOfItsContainer) {
    std::vector<int> const targets(1000, 3);
    std::vector<offset_ptr<int const>> pointers;
    for (auto const& each : targets) {
        pointers.emplace_back(&each);
    }
    pointers.insert(pointers.begin(), nullptr);
    pointers.erase(pointers.begin() + 1);
    ASSERT_EQ(pointers.size(), 1000U);
    EXPECT_EQ(pointers[0], nullptr);
    for (std::size_t i = 1; i < pointers.size(); ++i) {
        ASSERT_EQ(pointers[i], &targets[i]);
    }
}

// --- conversions ---------------------------------------------------------------------------------

TEST(OffsetPtr, ConvertsBetweenBaseAndDerivedAsPlainPointersDo) {
    derived object;
    offset_ptr<derived> const d = &object;
    offset_ptr<base> const b = d; // not at the object's first byte
    EXPECT_EQ(b.get(), static_cast<base*>(&object));
    EXPECT_EQ(b->i, 1);
    EXPECT_EQ(static_cast<offset_ptr<derived>>(b), d);
    EXPECT_EQ(static_pointer_cast<derived>(b), d);
    offset_ptr<derived> const none;
    EXPECT_EQ(offset_ptr<base>(none), nullptr);
    EXPECT_EQ(offset_ptr<derived>(offset_ptr<base>()), nullptr);
}

TEST(OffsetPtr, ConvertsToAndFromVoidAndConst) {
    int target = 5;
    offset_ptr<int> const p = &target;
    offset_ptr<int const> const c = p;
    offset_ptr<void> const v = p;
    offset_ptr<void const> const cv = c;
    EXPECT_EQ(static_cast<offset_ptr<int>>(v), p);
    EXPECT_EQ(static_cast<offset_ptr<int const>>(cv), c);
    EXPECT_EQ(const_pointer_cast<int>(c), p);
    EXPECT_EQ(reinterpret_pointer_cast<std::byte>(p).get(), reinterpret_cast<std::byte*>(&target));
    EXPECT_EQ(traits::pointer_to(target), p);
    EXPECT_EQ(static_cast<int*>(p), &target);
}

TEST(OffsetPtr, OfTextConvertsToText) {
    std::array<char, 4> text{"abc"};
    offset_ptr<char> const p = text.data();
    char const* const plain = p;
    EXPECT_EQ(plain, text.data());
    EXPECT_EQ(p, text.data());
    EXPECT_EQ(p, plain);
    EXPECT_EQ(p[1], 'b');
    EXPECT_EQ(*(p + 2), 'c');
    EXPECT_TRUE(p != nullptr && p);
}

// --- order, hash ---------------------------------------------------------------------------------

TEST(OffsetPtr, ComparesByAddress) {
    std::array<int, 4> a{};
    offset_ptr<int> const p = &a[1];
    offset_ptr<int const> const q = &a[3];
    EXPECT_TRUE(p < q && q > p && p <= q && p != q && p == p);
    EXPECT_EQ(p <=> q, std::strong_ordering::less);
    EXPECT_TRUE(p == &a[1] && &a[1] == p && p != &a[2]);
    EXPECT_TRUE(p < &a[2] && &a[2] > p && a.data() < p && p >= a.data());
    EXPECT_TRUE(nullptr < p && p > nullptr && p != nullptr && nullptr != p);
    derived object;
    EXPECT_EQ(offset_ptr<base>(&object), offset_ptr<derived>(&object));
    EXPECT_EQ(offset_ptr<void>(&object), offset_ptr<derived>(&object));
}

TEST(OffsetPtr, HashesByAddress) {
    std::array<int, 2> a{};
    std::unordered_set<offset_ptr<int>> set{a.data(), &a[1], a.data(), nullptr};
    EXPECT_EQ(set.size(), 3U);
    EXPECT_TRUE(set.contains(&a[1]));
    EXPECT_EQ(std::hash<offset_ptr<int>>{}(&a[1]), std::hash<int*>{}(&a[1]));
}

// --- an iterator ---------------------------------------------------------------------------------

TEST(OffsetPtr, StepsAndJumps) {
    std::array<double, 6> a{0, 1, 2, 3, 4, 5};
    offset_ptr<double> p = a.data();
    EXPECT_EQ(*p++, 0);
    EXPECT_EQ(*p, 1);
    EXPECT_EQ(*++p, 2);
    EXPECT_EQ(*--p, 1);
    EXPECT_EQ(*p--, 1);
    EXPECT_EQ(*(p += 5), 5);
    EXPECT_EQ(*(p -= 2), 3);
    EXPECT_EQ(p[-1], 2);
    EXPECT_EQ(*(p + 1), 4);
    EXPECT_EQ(*(-3 + p), 0);
    EXPECT_EQ(*(p - 1), 2);
    EXPECT_EQ(p - a.data(), 3);
    EXPECT_EQ(offset_ptr<double>(a.data()) - p, -3);
}

TEST(OffsetPtr, IsAnIteratorForAlgorithms) {
    std::array<int, 8> a{5, 3, 8, 1, 7, 2, 6, 4};
    offset_ptr<int> const first = a.data();
    auto const last = first + 8;
    std::sort(first, last);
    EXPECT_THAT(a, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
    EXPECT_EQ(std::lower_bound(first, last, 4) - first, 3);
    std::ranges::reverse(first, last);
    EXPECT_EQ(a[0], 8);
    EXPECT_EQ(std::accumulate(std::reverse_iterator(last), std::reverse_iterator(first), 0), 36);
    EXPECT_EQ(std::span(first, last).data(), a.data());
    std::copy(first, first + 4, first + 4);
    EXPECT_THAT(a, ElementsAre(8, 7, 6, 5, 8, 7, 6, 5));
    EXPECT_EQ(std::to_address(last), a.data() + 8);
}

#ifndef NDEBUG
TEST(OffsetPtrDeathTest, ThatIsNullIsNotFollowed) {
    offset_ptr<base> const p;
    EXPECT_DEATH(static_cast<void>(*p), "precondition");
    EXPECT_DEATH(static_cast<void>(p[0]), "precondition");
}
#endif

// --- in shared memory ----------------------------------------------------------------------------

struct node {
    offset_ptr<node> next;
    int value = 0;
};

constexpr std::size_t n_bytes = 65536;

// Nodes in changing distances, the first of them `shift` bytes from the start.
void build_list(std::byte* at, std::size_t shift, int n) {
    node* previous = nullptr;
    for (int i = 0; i < n; ++i) {
        auto const where = shift + static_cast<std::size_t>((i * 17 % n) * 48);
        auto* const made = new (at + where) node{nullptr, i};
        if (previous != nullptr) previous->next = made;
        previous = made;
    }
    previous->next = reinterpret_cast<node*>(at + shift); // a ring
}

int sum_of_ring(std::byte* at, std::size_t shift) {
    auto const* const first = reinterpret_cast<node const*>(at + shift);
    int sum = first->value;
    for (auto const* p = first->next.get(); p != first; p = p->next.get()) {
        sum += p->value;
    }
    return sum;
}

// 8: the base of a window may be 8 mod 16.
struct OffsetPtrInShared : testing::TestWithParam<std::size_t> {
    test::memory_file file{n_bytes};
};
INSTANTIATE_TEST_SUITE_P(Shifts, OffsetPtrInShared, testing::Values(0U, 8U, 24U));

TEST_P(OffsetPtrInShared, IsTheSameAtTwoAddresses) {
    test::mapped_file const first(file.fd(), n_bytes);
    test::mapped_file const second(file.fd(), n_bytes);
    ASSERT_NE(first.base(), second.base());
    build_list(first.base(), GetParam(), 100);
    EXPECT_EQ(sum_of_ring(second.base(), GetParam()), 4950);
    ASSERT_EQ(::mprotect(first.base(), n_bytes, PROT_NONE), 0);
    EXPECT_EQ(sum_of_ring(second.base(), GetParam()), 4950);
}

TEST_P(OffsetPtrInShared, IsTheSameInAnotherProcess) {
    SHMWIN_NEEDS_FORK();
    test::mapped_file const mine(file.fd(), n_bytes);
    test::child maker([&] {
        test::mapped_file const here(file.fd(), n_bytes); // beside `mine`, which is inherited
        ::mprotect(mine.base(), n_bytes, PROT_NONE);
        build_list(here.base(), GetParam(), 50);
        return here.base() != mine.base();
    });
    ASSERT_EQ(maker.wait(), 0);
    EXPECT_EQ(sum_of_ring(mine.base(), GetParam()), 1225);
}

} // namespace
} // namespace shmwin
