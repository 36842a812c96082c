// SPDX-License-Identifier: MIT
// How many instructions a loop over views takes, beside the same loop over pointers; and with
// extents that are known at compile time, beside constants in the code.
//
// The program calls itself under callgrind, once for each side. Counting is on inside
// counted_call() alone. The inner loops are the same to the instruction; but each view has a row
// length of its own, where one number serves both pointers, so that a row of stencil5 takes some 25
// instructions more.
#include "callgrind.hpp"
#include "view_kernels.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <shmwin/view/mdspan.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using bench::context;
using shmwin::range;

template <typename Work>
[[gnu::noinline]] void counted_call(Work const& work) {
    work();
}

// Sizes and factors as if they came from a file: a compiler that knew them would make a copy of the
// kernel over pointers for just these, but not of the one over views.
constexpr std::int64_t fixed_side = 601;
std::int64_t const volatile line_read = 100'003;
std::int64_t const volatile side_read = fixed_side;
std::int64_t const volatile cube_read = 51;
std::int64_t const volatile n_points_read = 10'007;
double const volatile factor_read = 0.1;
std::int64_t const line = line_read;
std::int64_t const side = side_read;
std::int64_t const cube = cube_read;
std::int64_t const n_points = n_points_read;
double const factor = factor_read;
bench::weights27 const weights{5 * factor, factor / 2, factor / 10, factor / 20};

// Arrays as they come from memory: the compiler knows neither contents nor sizes.
struct arrays {
    explicit arrays(std::int64_t n) : a(memory(n, 1.5)), b(memory(n, 2.5)), c(memory(n, 3.5)) {}

    static std::vector<double> memory(std::int64_t n, double value) {
        std::vector<double> all;
        all.assign(static_cast<std::size_t>(n), value);
        return all;
    }
    std::vector<double> a;
    std::vector<double> b;
    std::vector<double> c;
};

// One kernel: elements that it visits, and its two sides.
struct kernel {
    char const* name;
    double amount;
    char const* peer;
    void (*ours)();
    void (*theirs)();
};

void triad_of_views() {
    arrays m(line);
    bench::view_of_doubles<1> const a(m.a.data(), line);
    bench::source_of_doubles<1> const b(m.b.data(), line);
    bench::source_of_doubles<1> const c(m.c.data(), line);
    counted_call([&] { bench::triad(a, b, c, factor, range{0, line}); });
}
void triad_of_pointers() {
    arrays m(line);
    counted_call([&] { bench::triad(m.a.data(), m.b.data(), m.c.data(), factor, range{0, line}); });
}

void stencil5_of_views() {
    arrays m(side * side);
    bench::view_of_doubles<2> const next(m.a.data(), side, side);
    bench::source_of_doubles<2> const now(m.b.data(), side, side);
    counted_call([&] { bench::stencil5(next, now, factor, range{1, side - 1}); });
}
void stencil5_of_pointers() {
    arrays m(side * side);
    counted_call([&] {
        bench::stencil5(m.a.data(), m.b.data(), side, factor, range{1, side - 1});
    });
}

void stencil27_of_views() {
    arrays m(cube * cube * cube);
    bench::view_of_doubles<3> const next(m.a.data(), cube, cube, cube);
    bench::source_of_doubles<3> const now(m.b.data(), cube, cube, cube);
    counted_call([&] { bench::stencil27(next, now, weights, range{1, cube - 1}); });
}
void stencil27_of_pointers() {
    arrays m(cube * cube * cube);
    counted_call([&] {
        bench::stencil27(m.a.data(), m.b.data(), cube, cube, weights, range{1, cube - 1});
    });
}

void matvec_of_views() {
    arrays m(side * side);
    bench::view_of_doubles<1> const y(m.a.data(), side);
    bench::source_of_doubles<2> const a(m.b.data(), side, side);
    bench::source_of_doubles<1> const x(m.c.data(), side);
    counted_call([&] { bench::matvec(y, a, x, range{0, side}); });
}
void matvec_of_pointers() {
    arrays m(side * side);
    counted_call([&] { bench::matvec(m.a.data(), m.b.data(), m.c.data(), side, range{0, side}); });
}

void transpose_of_views() {
    arrays m(side * side);
    bench::view_of_doubles<2> const b(m.a.data(), side, side);
    bench::source_of_doubles<2> const a(m.b.data(), side, side);
    counted_call([&] { bench::transpose(b, a, range{0, side}); });
}
void transpose_of_pointers() {
    arrays m(side * side);
    counted_call([&] { bench::transpose(m.a.data(), m.b.data(), side, side, range{0, side}); });
}

void static_stencil5_of_views() {
    arrays m(side * side);
    bench::static_view<fixed_side, fixed_side> const next(m.a.data());
    bench::static_source<fixed_side, fixed_side> const now(m.b.data());
    counted_call([&] { bench::stencil5_static<fixed_side, fixed_side>(next, now, factor); });
}
void static_stencil5_of_constants() {
    arrays m(side * side);
    counted_call(
        [&] { bench::stencil5_constants<fixed_side, fixed_side>(m.a.data(), m.b.data(), factor); });
}

void small_matvec_of_views() {
    arrays m(n_points * 4);
    using points = shmwin::extents<std::int64_t, shmwin::dynamic_extent, 4>;
    shmwin::mdspan<double, points> const y(m.a.data(), n_points);
    bench::static_source<4, 4> const a(m.b.data());
    shmwin::mdspan<double const, points> const x(m.c.data(), n_points);
    counted_call([&] { bench::small_matvec_static<4>(y, a, x); });
}
void small_matvec_of_constants() {
    arrays m(n_points * 4);
    counted_call(
        [&] { bench::small_matvec_constants<4>(m.a.data(), m.b.data(), m.c.data(), n_points); });
}

constexpr double grid = double{fixed_side} * fixed_side;
constexpr std::array kernels{
    kernel{"triad", 100'003, "raw_pointer", triad_of_views, triad_of_pointers},
    kernel{"stencil5", grid, "raw_pointer", stencil5_of_views, stencil5_of_pointers},
    kernel{"stencil27", 51.0 * 51 * 51, "raw_pointer", stencil27_of_views, stencil27_of_pointers},
    kernel{"matvec", grid, "raw_pointer", matvec_of_views, matvec_of_pointers},
    kernel{"transpose", grid, "raw_pointer", transpose_of_views, transpose_of_pointers},
    kernel{"static_stencil5",
           grid,
           "raw_constants",
           static_stencil5_of_views,
           static_stencil5_of_constants},
    kernel{"static_matvec4",
           10'007,
           "raw_constants",
           small_matvec_of_views,
           small_matvec_of_constants},
};

// What runs under callgrind.
int run_one(std::string_view name, std::string_view which) {
    for (auto const& each : kernels) {
        if (name != each.name) continue;
        (which == "shmwin" ? each.ours : each.theirs)();
        return 0;
    }
    return 2;
}

void instructions(context const& on, std::string const& program, kernel const& which) {
    auto const name = std::string(which.name);
    if (!bench::has_valgrind("view/" + name + "_instructions")) return;
    auto const count = [=](char const* of) {
        return bench::side{of, which.amount, [=] {
                               return bench::count_instructions(
                                   program, "counted_call", "--count " + name + ' ' + of);
                           }};
    };
    on.compare(bench::instructions, {count("shmwin"), count(which.peer)});
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 4 && std::string_view(argv[1]) == "--count") return run_one(argv[2], argv[3]);
        auto const program = bench::path_of_this_program();
        std::vector<bench::row> rows;
        for (auto const& each : kernels) {
            rows.push_back({std::string("view/") + each.name + "_instructions",
                            {1},
                            [&](context const& on) { instructions(on, program, each); }});
        }
        return bench::run(argc, argv, rows);
    } catch (std::exception const& failed) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failed.what());
        return 1;
    }
}
