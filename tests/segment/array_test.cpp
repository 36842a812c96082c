// SPDX-License-Identifier: MIT
#include "shmwin/segment/array.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <complex>
#include <cstring>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <sys/mman.h>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

struct reading {
    double value;
    int sensor;
    char unit[4]; // NOLINT(*-avoid-c-arrays): a plain structure
};
SHMWIN_NAME(reading, "test.reading/1");

namespace shmwin {
namespace {

using namespace testing_support;
using namespace literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t page = 4096;

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

using element_types = testing::Types<bool,
                                     std::byte,
                                     char,
                                     wchar_t,
                                     char8_t,
                                     char16_t,
                                     char32_t,
                                     signed char,
                                     short,
                                     int,
                                     long,
                                     long long,
                                     unsigned char,
                                     unsigned short,
                                     unsigned,
                                     unsigned long,
                                     unsigned long long,
                                     float,
                                     double,
                                     long double,
                                     std::complex<float>,
                                     std::complex<double>,
                                     std::complex<long double>,
                                     reading>;
TYPED_TEST_SUITE(ElementType, element_types);

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
dims<sizeof...(D)> some_shape(std::index_sequence<D...> /*dimensions*/) {
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
    EXPECT_TRUE(this->seg.verify().ok());
    EXPECT_TRUE(this->seg.list().empty());
}

// --- shapes --------------------------------------------------------------------------------------

struct Array : open_segment {
    // One error on all ranks, and nothing in the segment has changed.
    error_info refused(detail::function_ref<void()> call) {
        auto const before = seg.heap().stats();
        seg.fence();
        auto const thrown = agreed_error_of(world, call);
        auto const after = seg.heap().stats();
        EXPECT_EQ(after.used, before.used);
        EXPECT_EQ(after.n_blocks, before.n_blocks);
        EXPECT_TRUE(seg.list().empty());
        seg.fence();
        return thrown;
    }
};

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

// --- options -------------------------------------------------------------------------------------

TEST_F(Array, BeginsWhereAlignSays) {
    for (std::size_t align = 1; align <= 2_MiB; align *= 2) {
        for (auto const n : {10, 100'000}) {
            auto const made = seg.create_array<double>("a", shape(n), {.align = align});
            auto const address = reinterpret_cast<std::uintptr_t>(made.data());
            ASSERT_EQ(address % std::max(align, alignof(double)), 0U);
            ASSERT_EQ(made.offset(), seg.heap().offset_of(made.data()));
            seg.destroy(made);
        }
    }
}

TEST_F(Array, ImpossibleAlignmentIsRefused) {
    for (std::size_t const align : {std::size_t{0}, std::size_t{3}, 4_MiB, ~std::size_t{0}}) {
        auto const thrown =
            refused([&] { seg.create_array<double>("a", shape(8), {.align = align}); });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_THAT(thrown.text, HasSubstr(std::to_string(align)));
    }
}

TEST_F(Array, OfWholePagesSharesThemWithNothing) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> used;
    for (int i = 0; i < 6; ++i) {
        auto const made = seg.create_array<char>(
            "a" + std::to_string(i), shape(5000), {.whole_pages = i % 2 == 0});
        EXPECT_TRUE(i % 2 != 0 || made.offset() % page == 0);
        used.emplace_back(made.offset() / page, (made.offset() + 4999) / page);
    }
    for (std::size_t i = 0; i < used.size(); i += 2) {
        for (std::size_t k = 0; k < used.size(); ++k) {
            if (k == i) continue;
            EXPECT_TRUE(used[k].second < used[i].first || used[i].second < used[k].first);
        }
    }
}

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

// --- zeros, whoever touches ----------------------------------------------------------------------

struct TouchedArray
    : open_segment_as<testing::TestWithParam<std::tuple<touch, std::int64_t, int>>> {
    [[nodiscard]] static array_options options() { return {.touch = std::get<0>(GetParam())}; }
    [[nodiscard]] static std::int64_t n_bytes() { return std::get<1>(GetParam()); }
    [[nodiscard]] static std::int64_t n_rows() { return std::get<2>(GetParam()); }

    // Zeros; each rank writes all of its part over; zeros again in whatever stands there next.
    template <typename Layout>
    void check() {
        auto const extents = shape(n_rows(), n_bytes() / n_rows());
        for (int round = 0; round < 3; ++round) {
            auto const guard = seg.create_array<char>("guard", shape(100 + 5000 * round));
            auto const made = seg.create_array<unsigned char, Layout>("a", extents, options());
            auto* const data = made.data();
            ASSERT_EQ(std::count(data, data + made.size(), 0), made.size()) << "round " << round;
            seg.fence();
            auto const mine = block_range(made.size(), size, rank);
            std::fill(data + mine.first, data + mine.last, 0xff);
            seg.fence();
            ASSERT_EQ(std::count(data, data + made.size(), 0xff), made.size());
            ASSERT_EQ(std::ranges::count(std::span(guard.data(), 100), 0), 100);
            seg.destroy(made);
            seg.destroy(guard);
        }
        auto const n_blocks = seg.heap().stats().n_blocks;
        seg.fence(); // all have looked
        EXPECT_EQ(n_blocks, blocks_of_the_directory());
        EXPECT_TRUE(seg.verify().ok());
    }

    // The directory keeps its own blocks.
    [[nodiscard]] std::uint64_t blocks_of_the_directory() {
        static_cast<void>(seg.create_value<int>("one more"));
        auto const n = seg.heap().stats().n_blocks - 1;
        seg.fence();
        seg.destroy(seg.find_value<int>("one more"));
        return n;
    }
};

TEST_P(TouchedArray, IsZeroInRowOrder) {
    check<layout_right>();
}

TEST_P(TouchedArray, IsZeroInColumnOrder) {
    check<layout_left>();
}

TEST_P(TouchedArray, HasAllItsPagesUnlessLeftForLater) {
    auto const made = seg.create_array<char>("a", shape(n_rows(), n_bytes() / n_rows()), options());
    auto const begin = reinterpret_cast<std::uintptr_t>(made.data()) / page * page;
    auto const n_pages = (static_cast<std::size_t>(made.size()) + page - 1) / page;
    std::vector<unsigned char> there(n_pages);
    ASSERT_EQ(::mincore(reinterpret_cast<void*>(begin), n_pages * page, there.data()), 0);
    auto const n_there = std::ranges::count_if(there, [](auto each) { return (each & 1U) != 0; });
    bool const large = n_bytes() > 262'144;
    if (options().touch == touch::later && large) {
        EXPECT_EQ(n_there, 0);
    } else {
        EXPECT_EQ(static_cast<std::size_t>(n_there), n_pages);
    }
}

std::string row_name(testing::TestParamInfo<TouchedArray::ParamType> const& row) {
    auto const& [how, n_bytes, n_rows] = row.param;
    char const* const names[] = {"ByRows", "Interleave", "Later"}; // NOLINT(*-avoid-c-arrays)
    return names[static_cast<int>(how)] + std::to_string(n_bytes) + "In" + std::to_string(n_rows);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes,
    TouchedArray,
    testing::Combine(testing::Values(touch::by_rows, touch::interleave, touch::later),
                     testing::Values(1000, 256 * 1024, 256 * 1024 + 1000, 3 * 1024 * 1024),
                     testing::Values(1, 2, 250)),
    row_name);

TEST_F(Array, IsZeroWhereOtherObjectsWereFullOfBytes) {
    // Dirty blocks of several sizes, then large ones over them in another division.
    for (int i = 0; i < 40; ++i) {
        auto const made =
            seg.create_array<unsigned char>("d" + std::to_string(i), shape(10'000 * (i + 1)));
        if (rank == i % size) std::fill_n(made.data(), made.size(), 0xee);
    }
    seg.fence();
    for (int i = 0; i < 40; ++i) {
        seg.destroy(seg.find_array<unsigned char, 1>("d" + std::to_string(i)));
    }
    for (auto const how : {touch::by_rows, touch::interleave, touch::later}) {
        auto const made =
            seg.create_array<unsigned char>("all", shape(1000, 9 * 1024), {.touch = how});
        EXPECT_EQ(std::count(made.data(), made.data() + made.size(), 0), made.size());
        seg.fence();
        if (rank == 0) std::fill_n(made.data(), made.size(), 0xdd);
        seg.destroy(made);
    }
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
