// SPDX-License-Identifier: MIT
// Loops as they stand in codes, each written twice: over views, and over pointers as one would
// without them. Compiled with the same flags, never inlined.
#pragma once

#include "stream.hpp"

#include <cstdint>
#include <shmwin/view/mdspan.hpp>
#include <shmwin/view/range.hpp>

namespace bench {

template <std::size_t N>
using view_of_doubles = shmwin::mdspan<double, shmwin::array_extents<N>>;
template <std::size_t N>
using source_of_doubles = shmwin::mdspan<double const, shmwin::array_extents<N>>;

// --- a = b + f c (over pointers: stream.hpp) -----------------------------------------------------

[[gnu::noinline]] inline void triad(view_of_doubles<1> a,
                                    source_of_doubles<1> b,
                                    source_of_doubles<1> c,
                                    double factor,
                                    shmwin::range mine) {
    for (auto const i : mine) {
        a(i) = b(i) + factor * c(i);
    }
}

// --- 5-point stencil -----------------------------------------------------------------------------

[[gnu::noinline]] inline void
stencil5(view_of_doubles<2> next, source_of_doubles<2> now, double factor, shmwin::range mine) {
    auto const n_columns = now.extent(1);
    for (auto const i : mine) {
        for (std::int64_t j = 1; j < n_columns - 1; ++j) {
            next(i, j) = now(i, j)
                         + factor
                               * (now(i - 1, j) + now(i + 1, j) + now(i, j - 1) + now(i, j + 1)
                                  - 4 * now(i, j));
        }
    }
}

[[gnu::noinline]] inline void stencil5(
    double* next, double const* now, std::int64_t n_columns, double factor, shmwin::range mine) {
    for (auto i = mine.first; i < mine.last; ++i) {
        for (std::int64_t j = 1; j < n_columns - 1; ++j) {
            auto const at = i * n_columns + j;
            next[at] = now[at]
                       + factor
                             * (now[at - n_columns] + now[at + n_columns] + now[at - 1]
                                + now[at + 1] - 4 * now[at]);
        }
    }
}

// --- 27-point stencil: weights by the number of steps to the centre ------------------------------

struct weights27 {
    double centre;
    double face;
    double edge;
    double corner;
};

[[gnu::noinline]] inline void
stencil27(view_of_doubles<3> next, source_of_doubles<3> now, weights27 w, shmwin::range mine) {
    auto const ny = now.extent(1);
    auto const nx = now.extent(2);
    for (auto const i : mine) {
        for (std::int64_t j = 1; j < ny - 1; ++j) {
            for (std::int64_t k = 1; k < nx - 1; ++k) {
                auto const face = now(i - 1, j, k) + now(i + 1, j, k) + now(i, j - 1, k)
                                  + now(i, j + 1, k) + now(i, j, k - 1) + now(i, j, k + 1);
                auto const edge =
                    now(i - 1, j - 1, k) + now(i - 1, j + 1, k) + now(i + 1, j - 1, k)
                    + now(i + 1, j + 1, k) + now(i - 1, j, k - 1) + now(i - 1, j, k + 1)
                    + now(i + 1, j, k - 1) + now(i + 1, j, k + 1) + now(i, j - 1, k - 1)
                    + now(i, j - 1, k + 1) + now(i, j + 1, k - 1) + now(i, j + 1, k + 1);
                auto const corner = now(i - 1, j - 1, k - 1) + now(i - 1, j - 1, k + 1)
                                    + now(i - 1, j + 1, k - 1) + now(i - 1, j + 1, k + 1)
                                    + now(i + 1, j - 1, k - 1) + now(i + 1, j - 1, k + 1)
                                    + now(i + 1, j + 1, k - 1) + now(i + 1, j + 1, k + 1);
                next(i, j, k) =
                    w.centre * now(i, j, k) + w.face * face + w.edge * edge + w.corner * corner;
            }
        }
    }
}

[[gnu::noinline]] inline void stencil27(double* next,
                                        double const* now,
                                        std::int64_t ny,
                                        std::int64_t nx,
                                        weights27 w,
                                        shmwin::range mine) {
    auto const y = nx;
    auto const z = ny * nx;
    for (auto i = mine.first; i < mine.last; ++i) {
        for (std::int64_t j = 1; j < ny - 1; ++j) {
            for (std::int64_t k = 1; k < nx - 1; ++k) {
                auto const at = (i * ny + j) * nx + k;
                auto const* const p = now + at;
                auto const face = p[-z] + p[z] + p[-y] + p[y] + p[-1] + p[1];
                auto const edge = p[-z - y] + p[-z + y] + p[z - y] + p[z + y] + p[-z - 1]
                                  + p[-z + 1] + p[z - 1] + p[z + 1] + p[-y - 1] + p[-y + 1]
                                  + p[y - 1] + p[y + 1];
                auto const corner = p[-z - y - 1] + p[-z - y + 1] + p[-z + y - 1] + p[-z + y + 1]
                                    + p[z - y - 1] + p[z - y + 1] + p[z + y - 1] + p[z + y + 1];
                next[at] = w.centre * p[0] + w.face * face + w.edge * edge + w.corner * corner;
            }
        }
    }
}

// --- y = A x -------------------------------------------------------------------------------------

[[gnu::noinline]] inline void
matvec(view_of_doubles<1> y, source_of_doubles<2> a, source_of_doubles<1> x, shmwin::range mine) {
    auto const n_columns = a.extent(1);
    for (auto const i : mine) {
        double sum = 0;
        for (std::int64_t j = 0; j < n_columns; ++j) {
            sum += a(i, j) * x(j);
        }
        y(i) = sum;
    }
}

[[gnu::noinline]] inline void
matvec(double* y, double const* a, double const* x, std::int64_t n_columns, shmwin::range mine) {
    for (auto i = mine.first; i < mine.last; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < n_columns; ++j) {
            sum += a[i * n_columns + j] * x[j];
        }
        y[i] = sum;
    }
}

// --- B = A transposed ----------------------------------------------------------------------------

[[gnu::noinline]] inline void
transpose(view_of_doubles<2> b, source_of_doubles<2> a, shmwin::range mine) {
    auto const n_columns = a.extent(1);
    for (auto const i : mine) {
        for (std::int64_t j = 0; j < n_columns; ++j) {
            b(j, i) = a(i, j);
        }
    }
}

[[gnu::noinline]] inline void transpose(
    double* b, double const* a, std::int64_t n_rows, std::int64_t n_columns, shmwin::range mine) {
    for (auto i = mine.first; i < mine.last; ++i) {
        for (std::int64_t j = 0; j < n_columns; ++j) {
            b[j * n_rows + i] = a[i * n_columns + j];
        }
    }
}

// --- extents that are known at compile time ------------------------------------------------------

template <std::size_t Rows, std::size_t Columns>
using static_view = shmwin::mdspan<double, shmwin::extents<std::int64_t, Rows, Columns>>;
template <std::size_t Rows, std::size_t Columns>
using static_source = shmwin::mdspan<double const, shmwin::extents<std::int64_t, Rows, Columns>>;

template <std::size_t Rows, std::size_t Columns>
[[gnu::noinline]] void
stencil5_static(static_view<Rows, Columns> next, static_source<Rows, Columns> now, double factor) {
    for (std::int64_t i = 1; i < now.extent(0) - 1; ++i) {
        for (std::int64_t j = 1; j < now.extent(1) - 1; ++j) {
            next(i, j) = now(i, j)
                         + factor
                               * (now(i - 1, j) + now(i + 1, j) + now(i, j - 1) + now(i, j + 1)
                                  - 4 * now(i, j));
        }
    }
}

template <std::int64_t Rows, std::int64_t Columns>
[[gnu::noinline]] void stencil5_constants(double* next, double const* now, double factor) {
    for (std::int64_t i = 1; i < Rows - 1; ++i) {
        for (std::int64_t j = 1; j < Columns - 1; ++j) {
            auto const at = i * Columns + j;
            next[at] = now[at]
                       + factor
                             * (now[at - Columns] + now[at + Columns] + now[at - 1] + now[at + 1]
                                - 4 * now[at]);
        }
    }
}

// Small products, one after the other: everything unrolls.
template <std::size_t N>
[[gnu::noinline]] void small_matvec_static(
    shmwin::mdspan<double, shmwin::extents<std::int64_t, shmwin::dynamic_extent, N>> y,
    static_source<N, N> a,
    shmwin::mdspan<double const, shmwin::extents<std::int64_t, shmwin::dynamic_extent, N>> x) {
    for (std::int64_t p = 0; p < y.extent(0); ++p) {
        for (std::int64_t i = 0; i < a.extent(0); ++i) {
            double sum = 0;
            for (std::int64_t j = 0; j < a.extent(1); ++j) {
                sum += a(i, j) * x(p, j);
            }
            y(p, i) = sum;
        }
    }
}

template <std::int64_t N>
[[gnu::noinline]] void
small_matvec_constants(double* y, double const* a, double const* x, std::int64_t n_points) {
    for (std::int64_t p = 0; p < n_points; ++p) {
        for (std::int64_t i = 0; i < N; ++i) {
            double sum = 0;
            for (std::int64_t j = 0; j < N; ++j) {
                sum += a[i * N + j] * x[p * N + j];
            }
            y[p * N + i] = sum;
        }
    }
}

} // namespace bench
