// SPDX-License-Identifier: MIT
// Saving and restoring eight arrays, beside the least that any program must do (all ranks pwrite
// or pread their shares of one file), collective parallel HDF5 and h5py.
//
// The same durability for all: none (io/save), or data on disk, the file under its name only then,
// the name on disk (io/save_durable). The one before is replaced. Nothing waits to be written when
// a round begins, and what is read is in the page cache for all (restore) or for none
// (restore_cold). Rows with _tmpfs have their files in /dev/shm.
#include "io/checksum.hpp"
#include "io_parallel_hdf5.hpp"
#include "io_problem.hpp"
#include "python_peer.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace bench;

constexpr char const* tmpfs = "/dev/shm";

// A folder of this row, on the file system or in memory.
std::string folder_of(context const& on, bool in_memory) {
    if (!in_memory) return on.directory();
    return std::string(tmpfs) + "/shmwin-benchmark-" + std::to_string(::geteuid());
}

// --- h5py: one process, arrays of its own ------------------------------------------------------

constexpr char const* h5py_save = R"(
import h5py, numpy, os
arrays = []
def work(words):
    global arrays
    path, rows, columns, durable = words[0], int(words[1]), int(words[2]), words[3] == "1"
    if not arrays:
        arrays = [numpy.random.default_rng(k).random((rows, columns)) for k in range(8)]
    with h5py.File(path + ".tmp", "w") as file:
        for k, each in enumerate(arrays):
            file["field%d" % k] = each
    if durable:
        with open(path + ".tmp", "rb+") as file:
            os.fsync(file.fileno())
    os.rename(path + ".tmp", path)
)";

// --- rows --------------------------------------------------------------------------------------

void save(context const& on, durability wanted, bool in_memory) {
    problem p(on, folder_of(on, in_memory));
    auto const amount = static_cast<double>(p.n_bytes());
    bool const durable = wanted == durability::at_end;
    shmwin::checkpoint_store store(on.comm(), p.folder / "state", {.keep = 1, .durable = durable});
    std::int64_t step = 0;
    auto const timed = [&](char const* name, auto write) {
        return side{name, amount, [&on, write] {
                        settle(on);
                        return on.time(write);
                    }};
    };
    std::vector<side> sides{timed("shmwin", [&] { store.save(p.seg, {.step = ++step}); }),
                            timed(durable ? "pwrite_fsync" : "pwrite",
                                  [&] { write_plainly(p, p.folder / "plain", wanted); })};
    if (has_parallel_hdf5) {
        sides.push_back(
            timed("parallel_hdf5", [&] { write_by_hdf5(p, p.folder / "parallel.h5", wanted); }));
    }
    std::unique_ptr<python_peer> h5py;
    auto const python = python_with_h5py();
    if (!python.empty()) {
        if (on.rank() == 0) h5py = std::make_unique<python_peer>(python, h5py_save);
        auto const words = (p.folder / "python.h5").native() + ' ' + std::to_string(p.n_rows) + ' '
                           + std::to_string(n_columns) + (durable ? " 1" : " 0");
        if (h5py) h5py->ask(words); // it makes its arrays
        sides.push_back({"h5py", amount, [&on, &h5py, words] {
                             settle(on);
                             auto const seconds = h5py ? h5py->ask(words) : 0.0;
                             MPI_Barrier(on.comm());
                             return seconds;
                         }});
    }
    on.compare(gigabytes_per_second, sides);
    p.end();
}

// The same bytes by the same blocks, and the checksum that ours compares, of each 256 KiB.
void read_with_checksums(problem const& p, fs::path const& path) {
    open_file const file(path, O_RDONLY);
    constexpr std::size_t n_summed = std::size_t{256} << 10U;
    std::uint64_t all = 0;
    by_blocks(p, [&](std::byte* to, std::size_t n, off_t at) {
        auto const n_read = ::pread(*file, to, std::min(n, n_summed), at);
        if (n_read > 0) {
            all ^= shmwin::detail::checksum_of({to, static_cast<std::size_t>(n_read)}).low;
        }
        return n_read;
    });
    if (all == 0) throw std::runtime_error("checksums cancel out: nothing was read");
    MPI_Barrier(p.on.comm());
}

void restore(context const& on, bool cold, bool in_memory) {
    problem p(on, folder_of(on, in_memory));
    auto const amount = static_cast<double>(p.n_bytes());
    auto const plain = p.folder / "plain";
    auto const parallel = p.folder / "parallel.h5";
    shmwin::checkpoint_store store(on.comm(), p.folder / "state", {.keep = 1});
    auto const checkpoint = store.save(p.seg, {.step = 1}).file;
    write_plainly(p, plain, durability::at_end);
    if (has_parallel_hdf5) write_by_hdf5(p, parallel, durability::at_end);
    auto const expected = p.checksum();
    settle(on);
    // What is read must be what was written: the arrays are spoilt before each round.
    auto const timed = [&](char const* name, fs::path const& file, auto read) {
        return side{name, amount, [&on, &p, cold, expected, file, read] {
                        p.fill(7);
                        if (cold && on.rank() == 0) evict(file);
                        auto const seconds = on.time(read);
                        if (p.checksum() != expected) {
                            throw std::runtime_error("other numbers than were written: "
                                                     + file.string());
                        }
                        return seconds;
                    }};
    };
    std::vector<side> sides{timed("shmwin", checkpoint, [&] { store.restore(p.seg, checkpoint); }),
                            timed("pread", plain, [&] { read_plainly(p, plain); }),
                            timed("pread_xxh3", plain, [&] { read_with_checksums(p, plain); })};
    if (has_parallel_hdf5) {
        sides.push_back(timed("parallel_hdf5", parallel, [&] { read_by_hdf5(p, parallel); }));
    }
    on.compare(gigabytes_per_second, sides);
    p.end();
}

} // namespace

int main(int argc, char** argv) {
    // Debian's Open MPI loses data of collective writes without this.
    ::setenv("OMPI_MCA_fs_ufs_lock_algorithm", "3", 1);
    using d = durability;
    std::vector<int> const ranks{1, 2, 4};
    return run(argc,
               argv,
               {{"io/save", ranks, [](auto const& on) { save(on, d::none, false); }},
                {"io/save_tmpfs", ranks, [](auto const& on) { save(on, d::none, true); }},
                {"io/save_durable", ranks, [](auto const& on) { save(on, d::at_end, false); }},
                {"io/save_durable_tmpfs", ranks, [](auto const& on) { save(on, d::at_end, true); }},
                {"io/restore", ranks, [](auto const& on) { restore(on, false, false); }},
                {"io/restore_tmpfs", ranks, [](auto const& on) { restore(on, false, true); }},
                {"io/restore_cold", ranks, [](auto const& on) { restore(on, true, false); }}});
}
