// SPDX-License-Identifier: MIT
// Where the heap puts large arrays: arrays whose distance is a power of two share cache sets and
// banks of memory, and slow each other down. Beside ours: three arrays directly behind each other,
// as in a raw MPI window.
#include "stream.hpp"

#include <shmwin/shmwin.hpp>
#include <string>

namespace {

using bench::context;
using namespace shmwin::literals;

constexpr std::size_t array_bytes = 128_MiB;
constexpr auto n_elements = static_cast<std::int64_t>(array_bytes / sizeof(double));

// One window of three arrays, which begin at a page.
class back_to_back {
  public:
    explicit back_to_back(context const& on) {
        auto const n_bytes = on.rank() == 0 ? MPI_Aint{3 * array_bytes + 4096} : 0;
        void* base = nullptr;
        MPI_Win_allocate_shared(
            n_bytes, 1, MPI_INFO_NULL, on.comm(), static_cast<void*>(&base), &window_);
        MPI_Aint size = 0;
        int unit = 0;
        MPI_Win_shared_query(window_, 0, &size, &unit, static_cast<void*>(&base));
        auto const past = reinterpret_cast<std::uintptr_t>(base) % 4096;
        first_ = reinterpret_cast<double*>(static_cast<std::byte*>(base) + (4096 - past));
    }
    [[nodiscard]] double* operator[](int k) const { return first_ + k * n_elements; }
    void free() { MPI_Win_free(&window_); }

  private:
    MPI_Win window_ = MPI_WIN_NULL;
    double* first_ = nullptr;
};

void placement_triad(context const& on) {
    auto const mine = shmwin::block_range(n_elements, on.n_ranks(), on.rank());
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 3 * array_bytes + 16_MiB});
    std::vector<double*> ours;
    for (auto const* const name : {"a", "b", "c"}) {
        ours.push_back(seg.create_array<double>(
                              name, shmwin::shape(n_elements), {.touch = shmwin::touch::later})
                           .data());
    }
    back_to_back window(on);
    std::vector const theirs{window[0], window[1], window[2]};
    bench::touch_in_turn({ours, theirs}, mine);
    seg.fence();
    auto const side_of = [&](char const* name, std::vector<double*> const& arrays) {
        return bench::passes(on, name, 3.0 * array_bytes, [arrays, mine] {
            bench::triad(arrays[0], arrays[1], arrays[2], 3.0, mine);
        });
    };
    on.compare(bench::gigabytes_per_second,
               {side_of("shmwin", ours), side_of("back_to_back", theirs)});
    window.free();
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, {{"heap/placement_triad", {1, 2}, placement_triad}});
}
