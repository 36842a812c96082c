// SPDX-License-Identifier: MIT
// Numbers of another type: converted when that is asked for and every one fits, in every kind of
// object and layout; else nothing changes.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/segment/queue.hpp"
#include "shmwin/view/range.hpp"

#include "support/container_types.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

constexpr std::int64_t n_rows = 300; // more than a block, of no round size
constexpr std::int64_t n_columns = 517;

struct ConvertedRestore : open_segment_and_directory {
    checkpoint_store store{world, directory / "state"};
    restore_options const convert{.convert = true};

    template <typename A, typename F>
    void fill(A const& a, F const& value) {
        seg.fence();
        for (auto const i : block_range(n_rows, size, rank)) {
            for (std::int64_t j = 0; j < n_columns; ++j) {
                a(i, j) = value(i, j);
            }
        }
        seg.fence();
    }
    static std::int64_t number_at(std::int64_t i, std::int64_t j) { return i * n_columns - 7 * j; }

    template <typename From>
    std::filesystem::path saved_array() {
        auto const a = seg.create_array<From>("a", shape(n_rows, n_columns));
        fill(a, [](auto i, auto j) { return static_cast<From>(number_at(i, j)); });
        auto const file = store.save(seg, {.step = 1}).file;
        seg.destroy(a);
        return file;
    }
    template <typename To, typename A>
    static bool is_right(A const& a) {
        for (std::int64_t i = 0; i < n_rows; ++i) {
            for (std::int64_t j = 0; j < n_columns; ++j) {
                if (a(i, j) != static_cast<To>(number_at(i, j))) return false;
            }
        }
        return true;
    }
    template <typename From, typename To>
    void expect_converted() {
        auto const file = saved_array<From>();
        auto const a = seg.create_array<To>("a", shape(n_rows, n_columns));
        EXPECT_EQ(agreed_error_of(world, [&] { store.restore(seg, file); }).code,
                  errc::type_mismatch);
        store.restore(seg, file, convert);
        EXPECT_TRUE(is_right<To>(a)) << dtype_of<From>.signature() << dtype_of<To>.signature();
        seg.fence();
        seg.destroy(a);
    }
    // One value of `From` into `To`, among many that fit.
    template <typename To, typename From>
    void expect_misfit(From value, std::string const& why) {
        auto const from = seg.create_array<From>("a", shape(n_rows, n_columns));
        if (rank == 0) from(299, 3) = value;
        seg.fence();
        auto const file = store.save(seg, {.step = 1}).file;
        seg.destroy(from);
        auto const to = seg.create_array<To>("a", shape(n_rows, n_columns));
        fill(to, [](auto, auto) { return To{5}; });
        auto const refused = agreed_error_of(world, [&] { store.restore(seg, file, convert); });
        EXPECT_EQ(refused.code, errc::out_of_range);
        EXPECT_THAT(refused.text, AllOf(HasSubstr("\"a\" at (299, 3)"), HasSubstr(why)));
        bool untouched = true;
        for (auto const i : to.rows()) {
            for (std::int64_t j = 0; j < n_columns; ++j) {
                untouched = untouched && to(i, j) == To{5};
            }
        }
        EXPECT_TRUE(untouched);
        seg.fence();
        seg.destroy(to);
    }
};

TEST_F(ConvertedRestore, NumbersThatFit) {
    expect_converted<std::int32_t, std::int64_t>();
    expect_converted<std::int64_t, std::int32_t>();
    expect_converted<float, double>();
    expect_converted<double, float>();
    expect_converted<std::int32_t, double>();
    expect_converted<double, std::int32_t>();
    expect_converted<long double, float>();
    expect_converted<float, long double>();
}

TEST_F(ConvertedRestore, NumbersThatDoNotFitChangeNothing) {
    expect_misfit<std::int8_t>(std::int32_t{128}, "too large");
    expect_misfit<std::uint64_t>(std::int64_t{-1}, "too small");
    expect_misfit<std::int32_t>(0.5, "fraction");
    expect_misfit<std::int32_t>(std::nan(""), "not a number");
    expect_misfit<float>(1e300, "too large");
    expect_misfit<float>(std::int64_t{16'777'217}, "too many digits");
    expect_misfit<std::uint8_t>(std::uint16_t{256}, "too large");
}

TEST_F(ConvertedRestore, ComplexNumbersInfinitiesAndZeros) {
    using std::numeric_limits;
    auto const a = seg.create_array<std::complex<double>>("a", shape(3));
    auto const b = seg.create_array<double>("b", shape(4));
    seg.create_array<int>("empty", shape(0, 3));
    if (rank == 0) {
        a(1) = {1.5, -2.0};
        b(0) = numeric_limits<double>::infinity();
        b(1) = -0.0;
        b(2) = numeric_limits<double>::quiet_NaN();
        b(3) = 0.1; // rounded
    }
    seg.fence();
    auto const file = store.save(seg, {.step = 1}).file;
    segment other(on, {.capacity = 8_MiB});
    auto const c = other.create_array<std::complex<float>>("a", shape(3));
    auto const f = other.create_array<float>("b", shape(4));
    other.create_array<double>("empty", shape(0, 3));
    store.restore(other, file, convert);
    EXPECT_EQ(c(1), std::complex<float>(1.5F, -2.0F));
    EXPECT_EQ(c(2), std::complex<float>());
    EXPECT_EQ(f(0), numeric_limits<float>::infinity());
    EXPECT_TRUE(f(1) == 0 && std::signbit(f(1)));
    EXPECT_TRUE(std::isnan(f(2)));
    EXPECT_EQ(f(3), 0.1F);
    other.fence();
    other.close();
}

// What one segment has as double, the other has as float; and what is equal in both.
template <typename T>
void create_all(segment& in) {
    auto const left = in.create_array<T, layout_left>("left", shape(n_rows, n_columns));
    auto u = in.create_levels<T>("u", shape(n_rows, n_columns), {.levels = 3});
    in.create_value<T>("value", T{});
    in.create_object<T>("object", T{});
    in.create_synchronized<T>("guarded", T{});
    in.create_per_rank<vector<T>>("parts");
    in.create_queue<T>("tasks");
    in.create_array<int>("same", shape(3));
    static_cast<void>(left);
}

TEST_F(ConvertedRestore, InEveryKindOfObject) {
    create_all<double>(seg);
    auto u = seg.find_levels<double, 2>("u");
    fill(u.next(), [](auto i, auto j) { return static_cast<double>(number_at(i, j)); });
    u.flip();
    fill(seg.find_array<double, 2, layout_left>("left"),
         [](auto i, auto j) { return static_cast<double>(number_at(i, j)); });
    seg.find_per_rank<vector<double>>("parts").mine().assign(
        static_cast<std::size_t>(50'000 + rank), rank + 0.5);
    if (rank == 0) {
        seg.find_value<double>("value").store(2.5);
        *seg.find<double>("object") = 3.5;
        *seg.find_synchronized<double>("guarded").lock() = 4.5;
        seg.find_array<int, 1>("same")(2) = 5;
        for (int i = 0; i < 1000; ++i) {
            seg.find_queue<double>("tasks").push(i);
        }
    }
    seg.fence();
    auto const file = store.save(seg, {.step = 1}).file;
    segment other(on, {.capacity = 32_MiB});
    create_all<float>(other);
    auto v = other.find_levels<float, 2>("u");
    v.flip();
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(other, file); }).code,
              errc::type_mismatch);
    auto const at = store.restore(other, file, convert);
    EXPECT_THAT(at.only_in_file, IsEmpty());
    EXPECT_TRUE(is_right<float>(v.now()));
    EXPECT_TRUE(is_right<float>(other.find_array<float, 2, layout_left>("left")));
    EXPECT_EQ(other.find_value<float>("value").load(), 2.5F);
    EXPECT_EQ(*other.find<float>("object"), 3.5F);
    auto const guarded = other.find_synchronized<float>("guarded");
    other.fence();
    EXPECT_EQ(*guarded.lock(), 4.5F);
    EXPECT_EQ((other.find_array<int, 1>("same")(2)), 5);
    auto const parts = other.find_per_rank<vector<float>>("parts");
    for (int r = 0; r < size; ++r) {
        ASSERT_THAT(parts[r], SizeIs(static_cast<std::size_t>(50'000 + r)));
        EXPECT_EQ(parts[r].back(), static_cast<float>(r) + 0.5F);
    }
    auto tasks = other.find_queue<float>("tasks");
    EXPECT_EQ(tasks.size(), 1000U);
    if (rank == 0) {
        auto first = tasks.try_pop();
        ASSERT_TRUE(first);
        EXPECT_EQ(**first, 0.0F);
    }
    expect_sound(other);
    other.close();
}

TEST_F(ConvertedRestore, IntoAdoptedMemoryOfEachRankWithGaps) {
    auto const file = saved_array<std::int32_t>();
    std::vector<double> gaps(static_cast<std::size_t>(n_rows * 2 * n_columns), -1.0);
    auto const a = seg.adopt("a",
                             view_of(gaps.data(),
                                     shape(n_rows, n_columns),
                                     std::array<std::int64_t, 2>{2 * n_columns, 2}));
    store.restore(seg, file, convert);
    EXPECT_TRUE(is_right<double>(a));
    EXPECT_EQ(gaps[1], -1.0) << "between its elements";
    seg.fence();
    seg.destroy(a);
}

TEST_F(ConvertedRestore, OtherTypesStayDifferent) {
    seg.create_array<bool>("a", shape(3));
    auto const file = store.save(seg, {.step = 1}).file;
    auto const refuse = [&](auto&& create) {
        segment other(on, {.capacity = 8_MiB});
        create(other);
        auto const refused = agreed_error_of(world, [&] { store.restore(other, file, convert); });
        other.close();
        return refused.code;
    };
    EXPECT_EQ(refuse([](segment& s) { s.create_array<int>("a", shape(3)); }), errc::type_mismatch);
    EXPECT_EQ(refuse([](segment& s) { s.create_array<std::byte>("a", shape(3)); }),
              errc::type_mismatch);
    EXPECT_EQ(refuse([](segment& s) { s.create_array<std::complex<float>>("a", shape(3)); }),
              errc::type_mismatch);
    EXPECT_EQ(refuse([](segment& s) { s.create_array<bool>("a", shape(4)); }),
              errc::shape_mismatch);
    EXPECT_EQ(refuse([](segment& s) { s.create_levels<bool>("a", shape(3)); }),
              errc::type_mismatch);
}

TEST_F(ConvertedRestore, ShapesAreStillChecked) {
    auto const file = saved_array<float>();
    auto const a = seg.create_array<double>("a", shape(n_rows, n_columns + 1));
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(seg, file, convert); }).code,
              errc::shape_mismatch);
    seg.destroy(a);
}

TEST_F(ConvertedRestore, DamageIsFoundBeforeAnythingChanges) {
    auto const file = saved_array<std::int32_t>();
    auto spoiled = bytes_of(file);
    auto const value = static_cast<std::int32_t>(number_at(299, 3));
    auto const at =
        spoiled.rfind(std::string_view(reinterpret_cast<char const*>(&value), sizeof value));
    ASSERT_NE(at, std::string::npos);
    spoiled[at + 2] = static_cast<char>(spoiled[at + 2] ^ 0x40);
    replace(world, file, spoiled);
    auto const a = seg.create_array<double>("a", shape(n_rows, n_columns));
    fill(a, [](auto, auto) { return 5.0; });
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, file, convert); });
    EXPECT_EQ(refused.code, errc::damaged);
    EXPECT_THAT(refused.text, HasSubstr("a, block 2"));
    EXPECT_EQ(a(0, 0), 5.0);
    EXPECT_EQ(a(299, 516), 5.0);
    seg.fence();
}

TEST_F(ConvertedRestore, OfACompressedFile) {
    auto const from = seg.create_array<std::int32_t>("a", shape(n_rows, n_columns));
    fill(from, [](auto i, auto j) { return static_cast<std::int32_t>(number_at(i, j)); });
    checkpoint_store compressed(world, directory / "small", {.deflate = 1});
    auto const file = compressed.save(seg, {.step = 1}).file;
    seg.destroy(from);
    auto const a = seg.create_array<double>("a", shape(n_rows, n_columns));
    store.restore(seg, file, convert);
    EXPECT_TRUE(is_right<double>(a));
    seg.fence();
}

TEST_F(ConvertedRestore, OfAFileThatOthersStoredInChunks) {
    SHMWIN_NEEDS_H5PY();
    auto const file = saved_array<std::int32_t>();
    auto const chunked = directory / "chunked.h5";
    run_python(world,
               "import os\n"
               "if os.system(\"h5repack -l CHUNK=100x50 -f GZIP=1 \" + sys.argv[1] + \" \""
               " + sys.argv[2]): sys.exit(1)\n",
               file.native() + ' ' + chunked.native());
    logged_lines const log;
    auto const a = seg.create_array<std::int64_t>("a", shape(n_rows, n_columns));
    store.restore(seg, chunked, convert);
    EXPECT_TRUE(is_right<std::int64_t>(a));
    seg.fence();
    seg.destroy(a);
    std::vector<double> own(static_cast<std::size_t>(n_rows * n_columns), -1.0);
    auto const b = seg.adopt("a", view_of(own.data(), shape(n_rows, n_columns)));
    store.restore(seg, chunked, convert);
    EXPECT_TRUE(is_right<double>(b));
    seg.fence();
    seg.destroy(b);
}

} // namespace
} // namespace shmwin
