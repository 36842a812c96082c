// SPDX-License-Identifier: MIT
// Arrays: what an element may be, shapes, and handles. Where they begin, and who touches them:
// array_placement_test.
#include "shmwin/segment/array.hpp"

#include "support/array_fixture.hpp"
#include "support/element_types.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <complex>
#include <cstring>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

struct reading {
    double value;
    int sensor;
    char unit[4]; // NOLINT(*-avoid-c-arrays): a plain structure
};
SHMWIN_NAME(reading, "test.reading/1");

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::AllOf;
using testing::HasSubstr;

// --- what an element may be ----------------------------------------------------------------------

struct nameless {
    double value;
};
struct with_virtual {
    virtual void f() {}
    virtual ~with_virtual() = default;
};
static_assert(array_element<double> && array_element<double const> && array_element<reading>);
static_assert(!array_element<nameless> && !array_element<double*> && !array_element<double&>);
static_assert(!array_element<with_virtual> && !array_element<std::string>);
static_assert(array_layout<layout_right> && array_layout<layout_left>);
static_assert(!array_layout<layout_stride>);

using handle = array<double, 2>;
static_assert(std::is_nothrow_default_constructible_v<handle>);
static_assert(std::is_copy_constructible_v<handle> && std::is_nothrow_move_constructible_v<handle>);
static_assert(std::is_convertible_v<handle, array<double const, 2>>);
static_assert(!std::is_convertible_v<array<double const, 2>, handle>);
static_assert(std::is_convertible_v<handle, handle::view_type>);

// --- every element type, every number of dimensions ---------------------------------------------

template <typename T>
struct ElementType : open_segment {};

TYPED_TEST_SUITE(ElementType, test::element_types_and<reading>);

// A value that tells `i` from its neighbours, as far as T can.
template <typename T>
T value_for(std::int64_t i) {
    if constexpr (std::is_same_v<T, reading>) {
        return {static_cast<double>(i) + 0.5, static_cast<int>(i), "mm"};
    } else if constexpr (std::is_same_v<T, bool>) {
        return i % 3 == 0;
    } else if constexpr (detail::is_complex<T>) {
        using part = typename T::value_type;
        return {static_cast<part>(i), static_cast<part>(-i)};
    } else {
        return static_cast<T>(i % 100 + 1);
    }
}

template <typename T>
bool equal(T const& one, T const& other) {
    if constexpr (std::is_same_v<T, reading>) {
        return one.value == other.value && one.sensor == other.sensor
               && std::strcmp(one.unit, other.unit) == 0;
    } else {
        return one == other;
    }
}

template <std::size_t... D>
array_extents<sizeof...(D)> some_shape(std::index_sequence<D...> /*dimensions*/) {
    constexpr std::int64_t extents[] = {3, 2, 4, 1, 2, 3, 1, 2, 0}; // NOLINT(*-avoid-c-arrays)
    return shape(extents[D]...);
}

template <typename T>
bool is_zero(T const& value) {
    if constexpr (std::is_same_v<T, reading>) {
        return equal(value, T{0, 0, ""});
    } else {
        return value == T{};
    }
}

template <typename T, std::size_t N, typename Layout>
void check_array(open_segment const& with) {
    auto const extents = some_shape(std::make_index_sequence<N>());
    auto const name = "array of " + std::to_string(N);
    auto const made = with.seg.template create_array<T, Layout>(name, extents);
    ASSERT_EQ(made.extents(), extents);
    auto const n = made.size();
    ASSERT_GT(n, 0);
    T* const data = made.data();
    ASSERT_TRUE(std::all_of(data, data + n, is_zero<T>));
    MPI_Barrier(with.world);
    for (std::int64_t i = with.rank; i < n; i += with.size) {
        data[i] = value_for<T>(i);
    }
    with.seg.core()->fence();
    auto const found = with.seg.template find_array<T const, N, Layout>(name);
    EXPECT_EQ(found.data(), data);
    EXPECT_EQ(found.extents(), extents);
    for (std::int64_t i = 0; i < n; ++i) {
        ASSERT_TRUE(equal(found.data()[i], value_for<T>(i))) << "element " << i;
    }
    if constexpr (N > 0) {
        EXPECT_EQ(made.stride(std::is_same_v<Layout, layout_right> ? N - 1 : 0), 1);
    }
    with.seg.destroy(made);
}

TYPED_TEST(ElementType, IsHeldInNoneToEightDimensionsAndBothLayouts) {
    [&]<std::size_t... N>(std::index_sequence<N...>) {
        (check_array<TypeParam, N, layout_right>(*this), ...);
        (check_array<TypeParam, N, layout_left>(*this), ...);
    }
    (std::make_index_sequence<9>());
    expect_sound(this->seg);
    EXPECT_TRUE(this->seg.list().empty());
}

// --- shapes --------------------------------------------------------------------------------------

using Array = array_fixture;

TEST_F(Array, ExtentsMayBeZero) {
    auto const none = seg.create_array<double>("none", shape(0));
    auto const no_rows = seg.create_array<double>("no rows", shape(0, 5));
    auto const no_columns = seg.create_array<double, layout_left>("no columns", shape(5, 0));
    auto const huge = seg.create_array<double>("huge", shape(1'000'000'000, 0));
    EXPECT_TRUE(none.empty() && no_rows.empty() && no_columns.empty() && huge.empty());
    EXPECT_TRUE(none.rows().empty() && no_rows.rows().empty());
    EXPECT_EQ(no_columns.extent(0), 5);
    EXPECT_TRUE((seg.find_array<double, 2>("no rows").empty()));
    seg.destroy(none);
    seg.destroy(no_rows);
    seg.destroy(no_columns);
    seg.destroy(huge);
    EXPECT_EQ(seg.list().size(), 0U);
}

#ifdef NDEBUG // else shape() itself finds the broken contract
TEST_F(Array, NegativeExtentIsRefused) {
    auto const thrown = refused([&] { seg.create_array<double>("a", shape(3, -1)); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("3 x -1"), HasSubstr("\"a\"")));
}
#endif

TEST_F(Array, ProductThatOverflowsIsRefused) {
    auto const many = std::int64_t{1} << 40U;
    EXPECT_EQ(refused([&] { seg.create_array<double>("a", shape(many, many)); }).code,
              errc::invalid_argument);
    // 2^64 bytes in all: 0, if nobody looked.
    EXPECT_EQ(refused([&] { seg.create_array<double>("a", shape(many, 1 << 21)); }).code,
              errc::invalid_argument);
    auto const largest = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(refused([&] { seg.create_array<char>("a", shape(largest)); }).code,
              errc::invalid_argument);
}

TEST_F(Array, NineDimensionsAreRefused) {
    auto const thrown =
        refused([&] { seg.create_array<double>("a", shape(1, 1, 1, 1, 1, 1, 1, 1, 1)); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("9"), HasSubstr("8")));
}

TEST_F(Array, StaticExtentsAreAShapeToo) {
    auto const made = seg.create_array<int>("a", extents<std::int64_t, 3, dynamic_extent>(4));
    EXPECT_EQ(made.extent(0), 3);
    EXPECT_EQ(made.extent(1), 4);
}

TEST_F(Array, RowsOfAllRanksAreAllRowsInOrder) {
    for (std::int64_t const n : {0, 1, 2, 3, 7, 1000}) {
        auto const made = seg.create_array<int>("a", shape(n, 2));
        std::int64_t next = 0;
        for (int r = 0; r < size; ++r) {
            EXPECT_EQ(made.rows_of(r).first, next);
            next = made.rows_of(r).last;
        }
        EXPECT_EQ(next, n);
        EXPECT_EQ(made.rows(), made.rows_of(rank));
        seg.destroy(made);
    }
}

TEST_F(Array, BlockHasGlobalIndices) {
    auto const made = seg.create_array<int>("a", shape(11, 3));
    auto const mine = made.block();
    for (auto i : mine.range()) {
        mine(i, 2) = static_cast<int>(i);
    }
    seg.fence();
    for (std::int64_t i = 0; i < 11; ++i) {
        EXPECT_EQ(made(i, 2), i);
    }
}

// --- what is said of it --------------------------------------------------------------------------

TEST_F(Array, IsListedWithWhatItIs) {
    auto const line = __LINE__ + 1;
    static_cast<void>(seg.create_array<float, layout_left>("f", shape(3, 5), {.saved = false}));
    auto const info = seg.info("f");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->kind, object_kind::array);
    EXPECT_EQ(info->type, "float32");
    EXPECT_THAT(info->shape, testing::ElementsAre(3, 5));
    EXPECT_EQ(info->order, memory_order_kind::left);
    EXPECT_EQ(info->n_bytes, 60U);
    EXPECT_EQ(info->creator, -1);
    EXPECT_EQ(info->where, "array_test.cpp:" + std::to_string(line));
    EXPECT_FALSE(info->saved);
}

TEST_F(Array, OfATypeThatFilesCannotHoldIsNotSaved) {
    static_cast<void>(seg.create_array<reading>("r", shape(3)));
    EXPECT_FALSE(seg.info("r")->saved);
    EXPECT_EQ(seg.info("r")->type, "test.reading/1");
}

// --- handles -------------------------------------------------------------------------------------

TEST_F(Array, HandleOfNothingIsFalse) {
    array<int, 2> const none;
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.is_valid());
    EXPECT_EQ(none.data(), nullptr);
    EXPECT_TRUE(none.empty());
}

TEST_F(Array, HandlesAreSwappedWithoutAnyName) {
    auto one = seg.create_array<int>("one", shape(4));
    auto other = seg.create_array<int>("other", shape(9));
    auto* const first = one.data();
    std::swap(one, other);
    EXPECT_EQ(other.data(), first);
    EXPECT_EQ(one.extent(0), 9);
    EXPECT_EQ((seg.find_array<int, 1>("one").data()), first);
}

TEST_F(Array, HandleOfADestroyedArrayIsInvalid) {
    auto const made = seg.create_array<int>("a", shape(4));
    array<int const, 1> const read = made;
    EXPECT_TRUE(made.is_valid() && read.is_valid());
    seg.destroy(made);
    EXPECT_FALSE(made.is_valid());
    auto const next = seg.create_array<int>("a", shape(4)); // the same place, perhaps
    EXPECT_FALSE(made.is_valid());
    EXPECT_FALSE(read.is_valid());
    EXPECT_TRUE(next.is_valid());
}

TEST_F(Array, IsDestroyedOnce) {
    auto const made = seg.create_array<int>("a", shape(4));
    seg.destroy(made);
    auto const thrown = refused([&] { seg.destroy(made); });
    EXPECT_EQ(thrown.code, errc::not_found);
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("destroyed"), testing::Not(HasSubstr("\"\""))));
}

TEST_F(Array, OfAnotherSegmentIsNotDestroyed) {
    segment other(on, {.capacity = 1_MiB});
    auto const theirs = other.create_array<int>("theirs", shape(4));
    auto const ours = seg.create_array<int>("ours", shape(4)); // the same record, in its segment
    auto const thrown = agreed_error_of(world, [&] { seg.destroy(theirs); });
    EXPECT_EQ(thrown.code, errc::bad_pointer);
    EXPECT_TRUE(ours.is_valid());
    EXPECT_TRUE(theirs.is_valid());
    other.close();
}

TEST_F(Array, OfNothingIsNotDestroyed) {
    auto const thrown = refused([&] { seg.destroy(array<int, 1>{}); });
    EXPECT_EQ(thrown.code, errc::bad_pointer);
}

} // namespace
} // namespace shmwin
