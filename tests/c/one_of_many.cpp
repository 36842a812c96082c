// SPDX-License-Identifier: MIT
// The C++ program of a job of several programs: what each does stands in one_of_many.c.
#include "shmwin/shmwin.hpp"

#include <mpi.h>

#include <array>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <type_traits>

namespace {

using text = std::array<char, 8>;
using table = std::array<std::array<std::int16_t, 3>, 2>;
enum class state : std::uint8_t { red, green, blue };

struct sample {
    double x = 0;
    std::array<std::int32_t, 2> id{};
    bool on = false;
    text tag{};
    std::complex<float> z;
    enum state state = state::red;

    friend bool operator==(sample const&, sample const&) = default;
};

} // namespace

SHMWIN_DESCRIBE_ENUM(state, red, green, blue);
SHMWIN_DESCRIBE(sample, x, id, on, tag, z, state);

namespace {

using namespace shmwin::literals;

constexpr std::int64_t n_rows = 3;
constexpr std::int64_t n_columns = 4;
constexpr int n_elements = 12;

template <typename T>
T real_of(int n) {
    T made = static_cast<T>(n - 5) / 8;
    if constexpr (std::same_as<T, double>) made += 0x1p-40;
    if constexpr (std::same_as<T, long double>) made += 0x1p-60L;
    return made;
}

text text_of(int n) {
    text made{};
    std::string("n" + std::to_string(n)).copy(made.data(), made.size());
    return made;
}

template <typename T>
T make(int n) {
    using limits = std::numeric_limits<T>;
    if constexpr (std::same_as<T, bool>) {
        return n % 2 != 0;
    } else if constexpr (std::same_as<T, std::byte>) {
        return static_cast<std::byte>(255 - n);
    } else if constexpr (std::same_as<T, char>) {
        return static_cast<char>('A' + n % 26);
    } else if constexpr (std::same_as<T, wchar_t>) {
        return static_cast<wchar_t>(0x1F600 + n);
    } else if constexpr (std::floating_point<T>) {
        return real_of<T>(n);
    } else if constexpr (std::signed_integral<T>) {
        return static_cast<T>(n % 2 != 0 ? limits::min() + n : limits::max() - n);
    } else if constexpr (std::integral<T>) {
        return static_cast<T>(limits::max() - static_cast<T>(n));
    } else {
        using part = typename T::value_type; // a complex number
        return {real_of<part>(n), -real_of<part>(n + 1)};
    }
}
template <>
text make<text>(int n) {
    return text_of(n);
}
template <>
state make<state>(int n) {
    return static_cast<state>(n % 3);
}
template <>
table make<table>(int n) {
    table made{};
    for (std::size_t a = 0; a < 2; ++a)
        for (std::size_t b = 0; b < 3; ++b)
            made[a][b] =
                static_cast<std::int16_t>(10 * n + 3 * static_cast<int>(a) + static_cast<int>(b));
    return made;
}
template <>
sample make<sample>(int n) {
    auto const real = static_cast<float>(n);
    return {0.5 * n, {n, -n}, n % 2 != 0, text_of(n), {real, -real}, make<state>(n)};
}

/// Calls f<T, Layout>(name) for each array, in the order of all programs.
template <typename F>
void for_each_array(F&& f) {
    auto const right = [&]<typename T>(char const* name) {
        f.template operator()<T, shmwin::layout_right>(name);
    };
    right.template operator()<bool>("bool");
    right.template operator()<std::byte>("byte");
    right.template operator()<char>("char");
    right.template operator()<wchar_t>("wchar");
    right.template operator()<char8_t>("char8");
    right.template operator()<char16_t>("char16");
    right.template operator()<char32_t>("char32");
    right.template operator()<std::int8_t>("int8");
    right.template operator()<std::int16_t>("int16");
    right.template operator()<std::int32_t>("int32");
    right.template operator()<std::int64_t>("int64");
    right.template operator()<std::uint8_t>("uint8");
    right.template operator()<std::uint16_t>("uint16");
    right.template operator()<std::uint32_t>("uint32");
    right.template operator()<std::uint64_t>("uint64");
    right.template operator()<float>("float");
    right.template operator()<double>("double");
    right.template operator()<long double>("long_double");
    right.template operator()<std::complex<float>>("complex_float");
    right.template operator()<std::complex<double>>("complex_double");
    right.template operator()<std::complex<long double>>("complex_long_double");
    right.template operator()<text>("text");
    right.template operator()<state>("state");
    right.template operator()<table>("table");
    right.template operator()<sample>("sample");
    f.template operator()<std::int32_t, shmwin::layout_left>("fortran");
}

void write_all(shmwin::segment const& seg, int stage) {
    for_each_array([&]<typename T, typename Layout>(char const* name) {
        auto const a = seg.find_array<T, 2, Layout>(name);
        for (int k = 0; k < n_elements; ++k)
            a(k / n_columns, k % n_columns) = make<T>(n_elements * stage + k);
    });
}

int compare_all(shmwin::segment const& seg, int stage) {
    int n_wrong = 0;
    for_each_array([&]<typename T, typename Layout>(char const* name) {
        auto const a = seg.find_array<T const, 2, Layout>(name);
        for (int k = 0; k < n_elements; ++k) {
            if (a(k / n_columns, k % n_columns) == make<T>(n_elements * stage + k)) continue;
            std::fprintf(stderr, "C++: %s of stage %d: element %d is wrong\n", name, stage, k);
            ++n_wrong;
        }
    });
    return n_wrong;
}

int run() {
    shmwin::node node(MPI_COMM_WORLD);
    shmwin::segment seg(node, {.capacity = 32_MiB});
    for_each_array([&]<typename T, typename Layout>(char const* name) {
        static_cast<void>(seg.create_array<T, Layout>(name, shmwin::shape(n_rows, n_columns)));
    });
    auto const visits = seg.create_value<std::int64_t>("visits", 0);
    int n_wrong = 0;
    for (int r = 0; r < seg.n_ranks(); ++r) {
        seg.fence();
        if (r != seg.rank()) continue;
        if (r > 0) n_wrong += compare_all(seg, r - 1);
        write_all(seg, r);
        visits.fetch_add(1);
    }
    seg.fence();
    n_wrong += compare_all(seg, seg.n_ranks() - 1);
    if (visits.load() != seg.n_ranks()) ++n_wrong;
    if (n_wrong == 0) std::printf("C++: %d programs see the same\n", seg.n_ranks());
    seg.fence();
    seg.close();
    node.close();
    return n_wrong == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int status = 1;
    try {
        status = run();
    } catch (std::exception const& error) {
        std::fprintf(stderr, "C++: %s\n", error.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return status;
}
