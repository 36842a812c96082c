// SPDX-License-Identifier: MIT
// aligned_accessor and is_sufficiently_aligned, section by section of the C++26 working draft:
// [mdspan.accessor.aligned] (P2897R7), [ptr.align].
#include "shmwin/view/aligned_accessor.hpp"
#include "shmwin/view/mdspan.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace shmwin {
namespace {

using namespace test;

struct base {
    int value = 0;
};
struct derived : base {};

template <typename T>
class AlignedAccessor : public testing::Test {
  protected:
    static constexpr std::size_t alignment = 64;
    using accessor = aligned_accessor<T, alignment>;
    static constexpr i64 n = 24;
    alignas(alignment) std::array<T, static_cast<std::size_t>(n)> memory{};
};

using elements = testing::Types<char, std::int16_t, float, double, long double, std::byte, base>;
TYPED_TEST_SUITE(AlignedAccessor, elements);

// --- [mdspan.accessor.aligned.overview] ----------------------------------------------------------

TYPED_TEST(AlignedAccessor, HasTheMembersOfTheStandard) {
    using A = aligned_accessor<TypeParam, 64>;
    static_assert(std::is_same_v<typename A::offset_policy, default_accessor<TypeParam>>);
    static_assert(std::is_same_v<typename A::element_type, TypeParam>);
    static_assert(std::is_same_v<typename A::reference, TypeParam&>);
    static_assert(std::is_same_v<typename A::data_handle_type, TypeParam*>);
    static_assert(A::byte_alignment == 64);
    static_assert(std::is_same_v<decltype(A::byte_alignment), std::size_t const>);
    static_assert(std::is_trivially_copyable_v<A> && std::semiregular<A> && std::is_empty_v<A>);
    static_assert(
        std::is_nothrow_default_constructible_v<
            A> && std::is_nothrow_move_constructible_v<A> && std::is_nothrow_swappable_v<A>);
    SUCCEED();
}

// --- [mdspan.accessor.aligned.members] -----------------------------------------------------------

TYPED_TEST(AlignedAccessor, ConvertsToLessAlignmentAndMoreConst) {
    using T = TypeParam;
    using A = aligned_accessor<T, 64>;
    static_assert(std::is_convertible_v<aligned_accessor<T, 128>, A>);
    static_assert(std::is_convertible_v<A, aligned_accessor<T const, 64>>);
    static_assert(std::is_convertible_v<A, aligned_accessor<T const, 32>>);
    static_assert(!std::is_constructible_v<A, aligned_accessor<T, 32>>);
    static_assert(!std::is_constructible_v<A, aligned_accessor<T const, 64>>);
    static_assert(
        !std::is_constructible_v<aligned_accessor<base, 64>, aligned_accessor<derived, 64>>);
    static_assert(explicit_only<default_accessor<T>, A>);
    static_assert(explicit_only<default_accessor<T>, aligned_accessor<T const, 64>>);
    static_assert(!std::is_constructible_v<A, default_accessor<T const>>);
    static_assert(std::is_convertible_v<A, default_accessor<T>>);
    static_assert(std::is_convertible_v<A, default_accessor<T const>>);
    static_assert(!std::is_convertible_v<aligned_accessor<T const, 64>, default_accessor<T>>);
    static_assert(!std::is_convertible_v<aligned_accessor<derived, 64>, default_accessor<base>>);
    static_assert(
        std::is_nothrow_constructible_v<
            A,
            aligned_accessor<
                T,
                128>> && std::is_nothrow_constructible_v<A, default_accessor<T>> && std::is_nothrow_constructible_v<default_accessor<T>, A>);
    SUCCEED();
}

TYPED_TEST(AlignedAccessor, ReachesTheElementsOfThePointer) {
    typename TestFixture::accessor const a;
    auto* const p = this->memory.data();
    for (std::size_t i = 0; i < this->memory.size(); ++i) {
        EXPECT_EQ(&a.access(p, i), p + i);
        EXPECT_EQ(a.offset(p, i), p + i);
    }
    static_assert(noexcept(a.access(p, 0))&& noexcept(a.offset(p, 0)));
}

TYPED_TEST(AlignedAccessor, MakesAnMdspan) {
    using T = TypeParam;
    using view_type = mdspan<T, array_extents<2>, layout_right, aligned_accessor<T, 64>>;
    mdspan const v(this->memory.data(),
                   layout_right::mapping<array_extents<2>>(shape(4, 6)),
                   aligned_accessor<T, 64>());
    static_assert(std::is_same_v<decltype(v), view_type const>);
    EXPECT_EQ(&v(3, 5), this->memory.data() + 23);
    mdspan<T const, array_extents<2>> const plain = v;
    EXPECT_EQ(&plain(1, 0), this->memory.data() + 6);
    static_assert(explicit_only<mdspan<T, array_extents<2>>, view_type>);
    EXPECT_EQ(&view_type(mdspan<T, array_extents<2>>(this->memory.data(), shape(4, 6)))(0, 1),
              this->memory.data() + 1);
}

[[nodiscard]] constexpr int sum() {
    std::array<int, 6> numbers{1, 2, 3, 4, 5, 6};
    aligned_accessor<int, alignof(int)> const a;
    int sum = 0;
    for (std::size_t i = 0; i < 4; ++i)
        sum += a.access(numbers.data(), i) + *a.offset(numbers.data(), i + 1);
    return sum;
}

TEST(AlignedAccessorTypes, WorkInConstantExpressions) {
    static_assert(sum() == 1 + 2 + 3 + 4 + 2 + 3 + 4 + 5);
    SUCCEED();
}

// --- [ptr.align] ---------------------------------------------------------------------------------

TEST(IsSufficientlyAligned, TellsTheAlignmentOfAPointer) {
    alignas(64) std::array<char, 128> memory{};
    char* const p = memory.data();
    EXPECT_TRUE(is_sufficiently_aligned<1>(p + 1));
    EXPECT_TRUE(is_sufficiently_aligned<64>(p));
    EXPECT_TRUE(is_sufficiently_aligned<64>(p + 64));
    for (std::size_t alignment = 2, at = 1; alignment <= 64; alignment *= 2, at *= 2) {
        bool const two = is_sufficiently_aligned<2>(p + at);
        bool const sixteen = is_sufficiently_aligned<16>(p + at);
        bool const sixty_four = is_sufficiently_aligned<64>(p + at);
        EXPECT_EQ(two, at >= 2) << at;
        EXPECT_EQ(sixteen, at >= 16) << at;
        EXPECT_FALSE(sixty_four) << at;
    }
    char const* const constant = p + 8;
    EXPECT_TRUE(is_sufficiently_aligned<8>(constant));
    EXPECT_FALSE(is_sufficiently_aligned<16>(constant));
}

#ifndef NDEBUG
TEST(AlignedAccessorDeathTest, RefusesAMisalignedPointer) {
    alignas(64) std::array<double, 16> memory{};
    aligned_accessor<double, 64> const a;
    EXPECT_DEATH((void)a.access(memory.data() + 1, 0), "precondition.*is_sufficiently_aligned");
    EXPECT_DEATH((void)a.offset(memory.data() + 4, 4), "precondition.*is_sufficiently_aligned");
}
#endif

} // namespace
} // namespace shmwin
