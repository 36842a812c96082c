// SPDX-License-Identifier: MIT
// Saving 10,000 tiny arrays and values, beside h5py that makes a data set of each. Data on disk,
// then the name, then the name on disk, for both; nothing waits to be written when a round begins.
#include "io_problem.hpp"
#include "python_peer.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace {

using namespace bench;

constexpr char const* h5py_save = R"(
import h5py, numpy, os
def work(words):
    path, n = words[0], int(words[1])
    with h5py.File(path + ".tmp", "w") as file:
        for k in range(n):
            if k % 2:
                file["value%d" % k] = numpy.int64(k)
            else:
                file["array%d" % k] = numpy.full(8, k, float)
    with open(path + ".tmp", "rb+") as file:
        os.fsync(file.fileno())
    os.rename(path + ".tmp", path)
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
)";

void save_tiny(context const& on) {
    auto const python = python_with_h5py();
    if (python.empty()) {
        if (on.rank() == 0) std::printf("io/save_tiny: no Python with h5py\n");
        return;
    }
    int const n_objects = on.quick() ? 1000 : 10000;
    auto const folder = fs::path(on.directory()) / "io_tiny";
    if (on.rank() == 0) fs::create_directories(folder);
    shmwin::node node(on.comm());
    shmwin::segment seg(node, {.capacity = std::size_t{64} << 20U});
    for (int k = 0; k < n_objects; ++k) {
        if (k % 2 != 0) {
            seg.create_value<std::int64_t>("value" + std::to_string(k), k);
        } else {
            auto const a = seg.create_array<double>("array" + std::to_string(k), shmwin::shape(8));
            for (auto const i : a.rows())
                a(i) = k;
        }
    }
    seg.fence();
    std::unique_ptr<python_peer> h5py;
    if (on.rank() == 0) h5py = std::make_unique<python_peer>(python, h5py_save);
    auto const words = (folder / "python.h5").native() + ' ' + std::to_string(n_objects);
    shmwin::checkpoint_store store(on.comm(), folder / "state", {.keep = 1});
    std::int64_t step = 0;
    auto const amount = static_cast<double>(n_objects);
    on.compare(microseconds,
               {{"shmwin",
                 amount,
                 [&] {
                     settle(on);
                     return on.time([&] { store.save(seg, {.step = ++step}); });
                 }},
                {"h5py", amount, [&] {
                     settle(on);
                     auto const seconds = h5py ? h5py->ask(words) : 0.0;
                     MPI_Barrier(on.comm());
                     return seconds;
                 }}});
    seg.close();
    if (on.rank() == 0) fs::remove_all(folder);
    MPI_Barrier(on.comm());
}

} // namespace

int main(int argc, char** argv) {
    return run(argc, argv, {{"io/save_tiny", {1, 2}, save_tiny}});
}
