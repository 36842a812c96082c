// SPDX-License-Identifier: MIT
// What gdb is shown (printers.sh): handles to an array, levels, values and a lock, an offset_ptr.
#include "shmwin/memory/offset_ptr.hpp"
#include "shmwin/segment/segment.hpp"

#include <mpi.h>

#include <cstdint>
#include <cstdio>

namespace {

struct link {
    int number = 0;
    shmwin::offset_ptr<link> next;
};

// gdb stops here.
[[gnu::noinline]] void stop_here(int which) {
    std::printf("stop %d\n", which); // NOLINT(*-vararg)
}

void work(shmwin::segment& seg) {
    auto u = seg.create_array<double>("fields/u", shmwin::shape(2, 3));
    auto left = seg.create_array<std::int32_t, shmwin::layout_left>("left", shmwin::shape(2, 3));
    auto steps = seg.create_levels<float>("steps", shmwin::shape(4));
    auto hits = seg.create_value<std::int64_t>("hits");
    for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 3; ++j) {
            u(i, j) = i + 0.25 * j;
            left(i, j) = 10 * i + j;
        }
    }
    for (int i = 0; i < 4; ++i) {
        steps.next()(i) = static_cast<float>(i) + 0.5F;
    }
    steps.flip();
    hits.store(4711);
    auto view = u.view();
    shmwin::mdspan<double, shmwin::extents<int, 2, 3>> fixed(u.data());
    shmwin::array<double, 2> nothing;
    link second{2, nullptr};
    link first{1, &second};
    auto lock = seg.create_mutex("lock");
    shmwin::mutex no_lock;
    bool const all =
        view.data_handle() == fixed.data_handle() && first.next && !nothing && !no_lock;
    stop_here(all ? 1 : 0);
    lock.lock();
    stop_here(2);
    lock.unlock();
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    {
        shmwin::node on(MPI_COMM_WORLD);
        shmwin::segment seg(on, {.capacity = std::size_t{1} << 20U});
        work(seg);
        seg.close();
        on.close();
    }
    MPI_Finalize();
}
