// SPDX-License-Identifier: MIT
// The allocator itself: what the standard asks of it, whose it is, and what goes wrong.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"

#include "support/allocator_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gmock/gmock.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <type_traits>

namespace app {
struct alignas(64) wide {
    int i;
};
struct alignas(8192) wider_than_a_page {
    int i;
};
} // namespace app

namespace shmwin {
namespace {

using namespace literals;
using test::via;
using testing::ElementsAre;
using testing::HasSubstr;

using Allocator = test::allocator_fixture;

// --- what the standard asks for ------------------------------------------------------------------

using traits = std::allocator_traits<allocator<int>>;
static_assert(std::same_as<traits::pointer, offset_ptr<int>>);
static_assert(std::same_as<traits::const_pointer, offset_ptr<int const>>);
static_assert(std::same_as<traits::void_pointer, offset_ptr<void>>);
static_assert(std::same_as<traits::const_void_pointer, offset_ptr<void const>>);
static_assert(std::same_as<traits::rebind_alloc<double>, allocator<double>>);
static_assert(!traits::is_always_equal());
static_assert(!traits::propagate_on_container_swap());
static_assert(!traits::propagate_on_container_copy_assignment());
static_assert(!traits::propagate_on_container_move_assignment());
static_assert(std::is_nothrow_copy_constructible_v<allocator<int>>);
static_assert(std::is_nothrow_constructible_v<allocator<int>, allocator<char>>);
static_assert(!std::default_initializable<allocator<int>>, "it is of a segment, or it is nothing");
static_assert(std::uses_allocator_v<vector<int>, allocator<>>);
static_assert(sizeof(vector<int>) == 32);

template <typename T>
bool is_aligned(vector<T> const& v) {
    return reinterpret_cast<std::uintptr_t>(v.data()) % alignof(T) == 0;
}

TEST_F(Allocator, AlignsElementsAsTheirTypeAsks) {
    vector<char> const odd(3, first);
    for (std::size_t n = 1; n < 40; ++n) {
        EXPECT_TRUE(is_aligned(vector<app::wide>(n, first)));
        EXPECT_TRUE(is_aligned(vector<long double>(n, first)));
        vector<app::wider_than_a_page> const one(1, first);
        EXPECT_TRUE(is_aligned(one));
        EXPECT_TRUE(is_aligned(vector<app::wider_than_a_page>(n, first)));
        vector<std::byte> const page(4096 * n, first); // ends at an odd page, often
        EXPECT_TRUE(is_aligned(vector<app::wider_than_a_page>(1, first)));
    }
}

TEST_F(Allocator, OfOneSegmentIsEqualAndOfAnotherIsNot) {
    test::shared_pages const others({.capacity = 1_MiB, .n_ranks = 1});
    heap const elsewhere = others.memory(0);
    EXPECT_EQ(allocator<int>(first), allocator<int>(first));
    EXPECT_EQ(allocator<int>(first), allocator<char>(allocator<int>(first)));
    EXPECT_EQ(allocator<int>(first), allocator<int>(pages.memory(3, via::first)));
    EXPECT_NE(allocator<int>(first), allocator<int>(elsewhere));
    EXPECT_EQ(&allocator<int>(first).memory(), &first);
    EXPECT_EQ(&allocator<int>(second).memory(), &second);
    EXPECT_EQ(traits::select_on_container_copy_construction(allocator<int>(first)),
              allocator<int>(first));
}

// --- what goes wrong -----------------------------------------------------------------------------

TEST_F(Allocator, FullSegmentIsABadAllocAndChangesNothing) {
    vector<int> v({1, 2, 3}, first);
    EXPECT_THROW(v.resize(100'000'000), std::bad_alloc);
    auto const failed = error_of([&] { v.reserve(100'000'000); });
    EXPECT_EQ(failed.code, errc::out_of_memory);
    EXPECT_THAT(failed.text, HasSubstr("400000000 bytes"));
    EXPECT_THAT(v, ElementsAre(1, 2, 3));
}

TEST_F(Allocator, CountsThatOverflowAreRefused) {
    allocator<int> const a(first);
    constexpr auto most = allocator<int>::max_size();
    for (auto const n :
         {most, most + 1, SIZE_MAX / 4, SIZE_MAX / 4 + 1, SIZE_MAX / 4 + 2, SIZE_MAX}) {
        EXPECT_THROW(static_cast<void>(a.allocate(n)), std::bad_alloc) << n;
    }
    EXPECT_EQ(error_of([&] { static_cast<void>(a.allocate(SIZE_MAX)); }).code, errc::out_of_memory);
    vector<int> v(first);
    EXPECT_EQ(v.max_size(), most);
    EXPECT_THROW(v.reserve(most + 1), std::length_error);
    EXPECT_THROW(v.resize(SIZE_MAX), std::length_error);
}

TEST_F(Allocator, BytesOfAContainerThatWereCopiedHaveNoHeap) {
    auto* const made = make<vector<int>>(std::initializer_list<int>{1, 2, 3});
    alignas(vector<int>) std::array<std::byte, sizeof(vector<int>)> bytes{};
    std::memcpy(bytes.data(), static_cast<void const*>(made), bytes.size());
    auto const& torn = *std::launder(reinterpret_cast<vector<int> const*>(bytes.data()));
    auto const failed = error_of([&] { static_cast<void>(torn.get_allocator().allocate(1)); });
    EXPECT_EQ(failed.code, errc::closed);
    EXPECT_THAT(failed.text, HasSubstr("bytes of a container were copied"));
    end(through_second(made));
}

TEST_F(Allocator, WithoutItsSegmentIsAnError) {
    vector<int> v({1, 2, 3}, first);
    auto const block = v.get_allocator().allocate(1);
    at_first.reset();
    auto const failed = error_of([&] { v.push_back(4); });
    EXPECT_EQ(failed.code, errc::closed);
    EXPECT_THAT(failed.text, HasSubstr("no segment at"));
    EXPECT_EQ(error_of([&] { v.get_allocator().deallocate(block, 1); }).code, errc::closed);
    EXPECT_THAT(v, ElementsAre(1, 2, 3));
    at_first.emplace(first);
    v.push_back(4);
    v.get_allocator().deallocate(block, 1);
}

TEST_F(Allocator, ForeignBlocksAreNotFreed) {
    allocator<int> const a(first);
    auto const block = a.allocate(4);
    a.deallocate(block, 4);
#ifdef NDEBUG
    EXPECT_EQ(error_of([&] { a.deallocate(block, 4); }).code, errc::bad_pointer);
    int local = 0;
    EXPECT_EQ(error_of([&] { a.deallocate(&local, 1); }).code, errc::bad_pointer);
#else
    EXPECT_DEATH(a.deallocate(block, 4), "precondition");
#endif
}

} // namespace
} // namespace shmwin
