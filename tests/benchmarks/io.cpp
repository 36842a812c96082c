// SPDX-License-Identifier: MIT
// Saving and restoring eight arrays, beside the least that any program must do (all ranks pwrite
// or pread their shares of one file) and beside collective parallel HDF5.
//
// The same durability for all: data on disk, the file under its name only then, the name on disk.
// The one before is replaced. Nothing waits to be written when a round begins, and what is read
// is in the page cache for all (restore) or for none (restore_cold).
#include "harness.hpp"

#include <hdf5.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <shmwin/shmwin.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

using bench::context;
namespace fs = std::filesystem;

constexpr int n_arrays = 8;
constexpr std::size_t block_bytes = std::size_t{16} << 20U;
constexpr std::int64_t n_columns = 1024;

[[noreturn]] void fail(char const* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// The arrays in a segment, and a folder for each side.
struct problem {
    explicit problem(context const& where)
        : on(where),
          n_rows((on.quick() ? std::int64_t{16} : std::int64_t{128}) << 20U >> 3U
                 >> 10U), // of 8 KiB: 16 or 128 MiB an array
          node(on.comm()),
          seg(node, {.capacity = n_bytes() + (std::size_t{64} << 20U)}),
          folder(fs::path(on.directory()) / "io") {
        if (on.rank() == 0) fs::create_directories(folder);
        for (int k = 0; k < n_arrays; ++k) {
            arrays.at(static_cast<std::size_t>(k)) = seg.create_array<double>(
                "field" + std::to_string(k), shmwin::shape(n_rows, n_columns));
        }
        fill(1);
    }
    problem(problem const&) = delete;
    problem& operator=(problem const&) = delete;
    problem(problem&&) = delete;
    problem& operator=(problem&&) = delete;
    ~problem() = default;

    [[nodiscard]] std::size_t array_bytes() const {
        return static_cast<std::size_t>(n_rows * n_columns) * sizeof(double);
    }
    [[nodiscard]] std::size_t n_bytes() const { return n_arrays * array_bytes(); }

    // This rank's part of an array: position in the array, bytes.
    struct part {
        std::size_t offset;
        std::size_t n_bytes;
    };
    [[nodiscard]] part mine() const {
        constexpr auto row_bytes = static_cast<std::size_t>(n_columns) * sizeof(double);
        auto const rows = shmwin::block_range(n_rows, on.n_ranks(), on.rank());
        return {static_cast<std::size_t>(rows.first) * row_bytes,
                static_cast<std::size_t>(rows.size()) * row_bytes};
    }

    // Collective. Numbers that no compression and no check for zeros makes small.
    void fill(std::uint64_t seed) {
        for (auto const& each : arrays) {
            auto const view = each.view();
            for (auto const i : each.rows()) {
                for (std::int64_t j = 0; j < n_columns; ++j) {
                    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
                    view(i, j) = static_cast<double>(seed >> 11U);
                }
            }
        }
        seg.fence();
    }

    // Collective. The first and last number of every row of this rank.
    [[nodiscard]] double checksum() const {
        double sum = 0;
        for (auto const& each : arrays) {
            for (auto const i : each.rows()) {
                sum += each(i, 0) + 2 * each(i, n_columns - 1);
            }
        }
        return sum;
    }

    void end() {
        seg.close();
        if (on.rank() == 0) fs::remove_all(folder);
        MPI_Barrier(on.comm());
    }

    context const& on;
    std::int64_t n_rows;
    shmwin::node node;
    shmwin::segment seg;
    fs::path folder;
    std::array<shmwin::array<double, 2>, n_arrays> arrays;
};

// --- files ---------------------------------------------------------------------------------------

class open_file {
  public:
    open_file(fs::path const& path, int flags) : descriptor_(::open(path.c_str(), flags, 0600)) {
        if (descriptor_ < 0) fail(path.c_str());
    }
    open_file(open_file const&) = delete;
    open_file& operator=(open_file const&) = delete;
    open_file(open_file&&) = delete;
    open_file& operator=(open_file&&) = delete;
    ~open_file() { ::close(descriptor_); }
    [[nodiscard]] int operator*() const { return descriptor_; }
    void sync() const {
        if (::fsync(descriptor_) != 0) fail("fsync");
    }

  private:
    int descriptor_;
};

// Collective. After the data is on disk: the name, in place of the one before.
void commit(context const& on, fs::path const& hidden, fs::path const& path) {
    MPI_Barrier(on.comm());
    if (on.rank() == 0) {
        fs::rename(hidden, path);
        open_file(path.parent_path(), O_RDONLY | O_DIRECTORY).sync();
    }
    MPI_Barrier(on.comm());
}

// Collective. Nothing of earlier rounds is left to be written.
void settle(context const& on) {
    if (on.rank() == 0) ::sync();
    MPI_Barrier(on.comm());
}

void evict(fs::path const& path) {
    open_file const file(path, O_RDONLY);
    file.sync();
    ::posix_fadvise(*file, 0, 0, POSIX_FADV_DONTNEED);
}

// Calls move(address, n_bytes, position in the file) for blocks of this rank's parts, until done.
template <typename Move>
void by_blocks(problem const& p, Move const& move) {
    auto const mine = p.mine();
    for (std::size_t k = 0; k < n_arrays; ++k) {
        auto* const address = reinterpret_cast<std::byte*>(p.arrays.at(k).data()) + mine.offset;
        auto const begin = k * p.array_bytes() + mine.offset;
        for (std::size_t done = 0; done < mine.n_bytes;) {
            auto const moved = move(address + done,
                                    std::min(block_bytes, mine.n_bytes - done),
                                    static_cast<off_t>(begin + done));
            if (moved <= 0) fail("a block of the file");
            done += static_cast<std::size_t>(moved);
        }
    }
}

void write_plainly(problem const& p, fs::path const& path) {
    auto const hidden = fs::path(path).concat(".tmp");
    if (p.on.rank() == 0) open_file(hidden, O_CREAT | O_TRUNC | O_WRONLY);
    MPI_Barrier(p.on.comm());
    open_file const file(hidden, O_WRONLY);
    by_blocks(
        p, [&](std::byte* from, std::size_t n, off_t at) { return ::pwrite(*file, from, n, at); });
    file.sync();
    commit(p.on, hidden, path);
}

void read_plainly(problem const& p, fs::path const& path) {
    open_file const file(path, O_RDONLY);
    by_blocks(p, [&](std::byte* to, std::size_t n, off_t at) { return ::pread(*file, to, n, at); });
    MPI_Barrier(p.on.comm());
}

// --- collective HDF5 -----------------------------------------------------------------------------

#ifdef H5_HAVE_PARALLEL

hid_t checked(hid_t id) {
    if (id < 0) throw std::runtime_error("HDF5 failed; its messages are above");
    return id;
}

void done(herr_t status) {
    checked(status);
}

// Moves this rank's rows of each array, all ranks together.
template <typename Open, typename Move>
void by_data_sets(problem const& p, hid_t file, Open const& open, Move const& move) {
    auto const rows = shmwin::block_range(p.n_rows, p.on.n_ranks(), p.on.rank());
    std::array<hsize_t, 2> const all{static_cast<hsize_t>(p.n_rows),
                                     static_cast<hsize_t>(n_columns)};
    std::array<hsize_t, 2> const first{static_cast<hsize_t>(rows.first), 0};
    std::array<hsize_t, 2> const count{static_cast<hsize_t>(rows.size()), all[1]};
    auto const space = checked(H5Screate_simple(2, all.data(), nullptr));
    auto const part = checked(H5Screate_simple(2, count.data(), nullptr));
    done(H5Sselect_hyperslab(space, H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr));
    auto const together = checked(H5Pcreate(H5P_DATASET_XFER));
    done(H5Pset_dxpl_mpio(together, H5FD_MPIO_COLLECTIVE));
    for (std::size_t k = 0; k < n_arrays; ++k) {
        auto const set = checked(open(file, "field" + std::to_string(k), space));
        done(move(set, part, space, together, &p.arrays.at(k)(rows.first, 0)));
        done(H5Dclose(set));
    }
    done(H5Pclose(together));
    done(H5Sclose(part));
    done(H5Sclose(space));
}

hid_t parallel_access(context const& on) {
    auto const access = checked(H5Pcreate(H5P_FILE_ACCESS));
    done(H5Pset_fapl_mpio(access, on.comm(), MPI_INFO_NULL));
    return access;
}

void write_by_hdf5(problem const& p, fs::path const& path) {
    auto const hidden = fs::path(path).concat(".tmp");
    auto const access = parallel_access(p.on);
    auto const file = checked(H5Fcreate(hidden.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access));
    by_data_sets(
        p,
        file,
        [](hid_t in, std::string const& name, hid_t space) {
            return H5Dcreate(
                in, name.c_str(), H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        },
        [](hid_t set, hid_t part, hid_t space, hid_t together, void const* from) {
            return H5Dwrite(set, H5T_NATIVE_DOUBLE, part, space, together, from);
        });
    done(H5Fclose(file));
    done(H5Pclose(access));
    open_file(hidden, O_WRONLY).sync(); // HDF5 itself never does
    commit(p.on, hidden, path);
}

void read_by_hdf5(problem const& p, fs::path const& path) {
    auto const access = parallel_access(p.on);
    auto const file = checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access));
    by_data_sets(
        p,
        file,
        [](hid_t in, std::string const& name, hid_t /*space*/) {
            return H5Dopen(in, name.c_str(), H5P_DEFAULT);
        },
        [](hid_t set, hid_t part, hid_t space, hid_t together, void* to) {
            return H5Dread(set, H5T_NATIVE_DOUBLE, part, space, together, to);
        });
    done(H5Fclose(file));
    done(H5Pclose(access));
    MPI_Barrier(p.on.comm());
}

constexpr bool has_parallel_hdf5 = true;
#else
void write_by_hdf5(problem const&, fs::path const&) {}
void read_by_hdf5(problem const&, fs::path const&) {}
constexpr bool has_parallel_hdf5 = false;
#endif

// --- rows ----------------------------------------------------------------------------------------

void save(context const& on) {
    problem p(on);
    auto const amount = static_cast<double>(p.n_bytes());
    shmwin::checkpoint_store store(on.comm(), p.folder / "state", {.keep = 1});
    std::int64_t step = 0;
    auto const timed = [&](char const* name, auto write) {
        return bench::side{name, amount, [&on, write] {
                               settle(on);
                               return on.time(write);
                           }};
    };
    std::vector<bench::side> sides{timed("shmwin", [&] { store.save(p.seg, {.step = ++step}); }),
                                   timed("pwrite", [&] { write_plainly(p, p.folder / "plain"); })};
    if (has_parallel_hdf5) {
        sides.push_back(
            timed("parallel_hdf5", [&] { write_by_hdf5(p, p.folder / "parallel.h5"); }));
    }
    on.compare(bench::gigabytes_per_second, sides);
    p.end();
}

void restore(context const& on, bool cold) {
    problem p(on);
    auto const amount = static_cast<double>(p.n_bytes());
    auto const plain = p.folder / "plain";
    auto const parallel = p.folder / "parallel.h5";
    shmwin::checkpoint_store store(on.comm(), p.folder / "state", {.keep = 1});
    auto const checkpoint = store.save(p.seg, {.step = 1}).file;
    write_plainly(p, plain);
    if (has_parallel_hdf5) write_by_hdf5(p, parallel);
    auto const expected = p.checksum();
    settle(on);
    // What is read must be what was written: the arrays are spoilt before each round.
    auto const timed = [&](char const* name, fs::path const& file, auto read) {
        return bench::side{name, amount, [&on, &p, cold, expected, file, read] {
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
    std::vector<bench::side> sides{
        timed("shmwin", checkpoint, [&] { store.restore(p.seg, checkpoint); }),
        timed("pread", plain, [&] { read_plainly(p, plain); })};
    if (has_parallel_hdf5) {
        sides.push_back(timed("parallel_hdf5", parallel, [&] { read_by_hdf5(p, parallel); }));
    }
    on.compare(bench::gigabytes_per_second, sides);
    p.end();
}

} // namespace

int main(int argc, char** argv) {
    // Debian's Open MPI loses data of collective writes without this.
    ::setenv("OMPI_MCA_fs_ufs_lock_algorithm", "3", 1);
    return bench::run(
        argc,
        argv,
        {{"io/save", {1, 2, 4}, save},
         {"io/restore", {1, 2, 4}, [](context const& on) { restore(on, false); }},
         {"io/restore_cold", {1, 2, 4}, [](context const& on) { restore(on, true); }}});
}
