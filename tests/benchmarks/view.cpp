// SPDX-License-Identifier: MIT
// What it costs to work through views of shared arrays, beside plain pointers: into the same
// memory, into one MPI window for each array, and into memory of the process alone.
//
// All arrays together are larger than the last-level cache, so memory is what is measured.
#include "view_kernels.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <shmwin/shmwin.hpp>
#include <unistd.h>
#include <vector>

namespace {

using bench::context;
using bench::matvec;
using bench::passes;
using bench::stencil27;
using bench::stencil5;
using bench::transpose;
using bench::triad;

// --- memory --------------------------------------------------------------------------------------

// Bytes of all arrays of a row together: a quarter more than the last-level cache.
std::size_t total_bytes(context const& on) {
    constexpr std::size_t mib = std::size_t{1} << 20U;
    if (on.quick()) return 48 * mib;
    auto const cache = ::sysconf(_SC_LEVEL3_CACHE_SIZE);
    auto const wanted = cache > 0 ? static_cast<std::size_t>(cache) / 4 * 5 : 0;
    auto const memory = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES))
                        * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return std::clamp(wanted, 256 * mib, std::max(256 * mib, memory / 16));
}

// Some arrays of one kind of memory, `n` elements each, of which this rank touches `mine` first.
struct memory_of_arrays {
    std::vector<double*> arrays;
    std::vector<MPI_Win> windows;
    std::vector<std::unique_ptr<double[]>> owned;

    void free() {
        for (auto& each : windows) {
            MPI_Win_free(&each);
        }
        owned.clear();
    }
};

memory_of_arrays in_windows(context const& on, int count, std::int64_t n) {
    memory_of_arrays made;
    for (int k = 0; k < count; ++k) {
        MPI_Win window = MPI_WIN_NULL;
        void* base = nullptr;
        auto const n_bytes =
            static_cast<MPI_Aint>(on.rank() == 0 ? n : 0) * static_cast<MPI_Aint>(sizeof(double));
        MPI_Win_allocate_shared(
            n_bytes, 1, MPI_INFO_NULL, on.comm(), static_cast<void*>(&base), &window);
        MPI_Aint size = 0;
        int unit = 0;
        MPI_Win_shared_query(window, 0, &size, &unit, static_cast<void*>(&base));
        made.windows.push_back(window);
        made.arrays.push_back(static_cast<double*>(base));
    }
    return made;
}

// Whole arrays on each rank, of which it uses its part alone: untouched pages cost nothing.
memory_of_arrays in_private_memory(int count, std::int64_t n) {
    memory_of_arrays made;
    for (int k = 0; k < count; ++k) {
        made.owned.emplace_back(new double[static_cast<std::size_t>(n)]);
        made.arrays.push_back(made.owned.back().get());
    }
    return made;
}

// --- rows ----------------------------------------------------------------------------------------

constexpr shmwin::array_options untouched{.touch = shmwin::touch::later};

void triad_row(context const& on) {
    auto const n = static_cast<std::int64_t>(total_bytes(on) / 3 / sizeof(double));
    auto const n_bytes = 3.0 * sizeof(double) * static_cast<double>(n);
    auto const mine = shmwin::block_range(n, on.n_ranks(), on.rank());
    constexpr double factor = 3.0;
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = total_bytes(on) + (std::size_t{16} << 20U)});
    auto const a = seg.create_array<double>("a", shmwin::shape(n), untouched).view();
    auto const b = seg.create_array<double>("b", shmwin::shape(n), untouched).view();
    auto const c = seg.create_array<double>("c", shmwin::shape(n), untouched).view();
    std::vector const ours{a.data_handle(), b.data_handle(), c.data_handle()};
    auto window = in_windows(on, 3, n);
    auto own = in_private_memory(3, n);
    bench::touch_in_turn({ours, window.arrays, own.arrays}, mine);
    seg.fence();
    auto const with_pointers = [&](char const* name, double* x, double const* y, double const* z) {
        return passes(on, name, n_bytes, [=] { triad(x, y, z, factor, mine); });
    };
    on.compare(bench::gigabytes_per_second,
               {passes(on, "shmwin", n_bytes, [=] { triad(a, b, c, factor, mine); }),
                with_pointers("raw_pointer", a.data_handle(), b.data_handle(), c.data_handle()),
                with_pointers("raw_window", window.arrays[0], window.arrays[1], window.arrays[2]),
                with_pointers("private", own.arrays[0], own.arrays[1], own.arrays[2])});
    window.free();
    seg.close();
}

void stencil_row(context const& on) {
    constexpr std::int64_t n_columns = 4000;
    auto const n_rows = static_cast<std::int64_t>(total_bytes(on) / 2 / sizeof(double)) / n_columns;
    auto const n = n_rows * n_columns;
    auto const n_bytes = 2.0 * sizeof(double) * static_cast<double>(n);
    constexpr double factor = 0.1;
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = total_bytes(on) + (std::size_t{16} << 20U)});
    auto const shape = shmwin::shape(n_rows, n_columns);
    auto const now = seg.create_array<double>("now", shape, untouched);
    auto const next = seg.create_array<double>("next", shape, untouched);
    auto const rows = now.rows();
    auto const inner = rows.clip(1, n_rows - 1);
    shmwin::range const mine{rows.first * n_columns, rows.last * n_columns};
    std::vector const shared{now.data(), next.data()};
    auto window = in_windows(on, 2, n);
    auto own = in_private_memory(2, n);
    bench::touch_in_turn({shared, window.arrays, own.arrays}, mine);
    seg.fence();
    auto const with_pointers = [&](char const* name, double* to, double const* from) {
        return passes(on, name, n_bytes, [=] { stencil5(to, from, n_columns, factor, inner); });
    };
    auto const ours = [to = next.view(), from = now.view(), inner] {
        stencil5(to, from, factor, inner);
    };
    on.compare(bench::gigabytes_per_second,
               {passes(on, "shmwin", n_bytes, ours),
                with_pointers("raw_pointer", next.data(), now.data()),
                with_pointers("raw_window", window.arrays[1], window.arrays[0]),
                with_pointers("private", own.arrays[1], own.arrays[0])});
    window.free();
    seg.close();
}

// Two arrays of one segment, worked on from the first to the second: through views, and through
// pointers to the same memory.
template <typename From, typename To>
struct two_arrays {
    two_arrays(context const& on, From const& from_shape, To const& to_shape)
        : node(on.comm()),
          seg(node, {.capacity = total_bytes(on) + (std::size_t{32} << 20U)}),
          from(seg.create_array<double>("from", from_shape, untouched)),
          to(seg.create_array<double>("to", to_shape, untouched)),
          rows(from.rows()) {
        bench::touch_in_turn({{from.data()}},
                             shmwin::block_range(from.size(), on.n_ranks(), on.rank()));
        bench::touch_in_turn({{to.data()}},
                             shmwin::block_range(to.size(), on.n_ranks(), on.rank()));
        seg.fence();
    }

    template <typename Ours, typename Raw>
    void compare(context const& on, Ours const& ours, Raw const& raw) {
        auto const n_bytes =
            static_cast<double>(sizeof(double)) * static_cast<double>(from.size() + to.size());
        on.compare(bench::gigabytes_per_second,
                   {passes(on, "shmwin", n_bytes, ours), passes(on, "raw_pointer", n_bytes, raw)});
        seg.close();
    }

    shmwin::node node;
    shmwin::segment seg;
    shmwin::array<double, From::rank()> from;
    shmwin::array<double, To::rank()> to;
    shmwin::range rows;
};

void stencil27_row(context const& on) {
    constexpr std::int64_t ny = 300;
    constexpr std::int64_t nx = 300;
    constexpr bench::weights27 w{0.5, 0.05, 0.01, 0.005};
    auto const nz = static_cast<std::int64_t>(total_bytes(on) / 2 / sizeof(double)) / (ny * nx);
    auto const shape = shmwin::shape(nz, ny, nx);
    two_arrays all(on, shape, shape);
    auto const inner = all.rows.clip(1, nz - 1);
    all.compare(
        on,
        [=, to = all.to.view(), from = all.from.view()] { stencil27(to, from, w, inner); },
        [=, to = all.to.data(), from = all.from.data()] { stencil27(to, from, ny, nx, w, inner); });
}

// The matrix is what takes time; y and x stay in the caches.
void matvec_row(context const& on) {
    constexpr std::int64_t n_columns = 4000;
    auto const n_rows = static_cast<std::int64_t>(total_bytes(on) / sizeof(double)) / n_columns;
    two_arrays all(on, shmwin::shape(n_rows, n_columns), shmwin::shape(n_rows));
    auto const x = all.seg.create_array<double>("x", shmwin::shape(n_columns));
    all.compare(
        on,
        [to = all.to.view(), from = all.from.view(), x = x.view(), mine = all.rows] {
            matvec(to, from, x, mine);
        },
        [to = all.to.data(), from = all.from.data(), x = x.data(), mine = all.rows] {
            matvec(to, from, x, n_columns, mine);
        });
}

void transpose_row(context const& on) {
    constexpr std::int64_t n_columns = 4000;
    auto const n_rows = static_cast<std::int64_t>(total_bytes(on) / 2 / sizeof(double)) / n_columns;
    two_arrays all(on, shmwin::shape(n_rows, n_columns), shmwin::shape(n_columns, n_rows));
    all.compare(
        on,
        [to = all.to.view(), from = all.from.view(), mine = all.rows] {
            transpose(to, from, mine);
        },
        [to = all.to.data(), from = all.from.data(), n_rows, mine = all.rows] {
            transpose(to, from, n_rows, n_columns, mine);
        });
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc,
                      argv,
                      {{"view/triad", {1, 2}, triad_row},
                       {"view/stencil5", {1, 2}, stencil_row},
                       {"view/stencil27", {1, 2}, stencil27_row},
                       {"view/matvec", {1, 2}, matvec_row},
                       {"view/transpose", {1, 2}, transpose_row}});
}
