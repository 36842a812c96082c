// SPDX-License-Identifier: MIT
// What the benchmarks of files save and restore: eight arrays, 1 GiB together; and the least that
// any program must do for it.
#pragma once

#include "harness.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <shmwin/shmwin.hpp>
#include <string>
#include <system_error>
#include <unistd.h>

namespace bench {

namespace fs = std::filesystem;

inline constexpr int n_arrays = 8;
inline constexpr std::size_t block_bytes = std::size_t{16} << 20U;
inline constexpr std::int64_t n_columns = 1024;

[[noreturn]] inline void fail(char const* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// The arrays in a segment, and a folder for each side.
struct problem {
    explicit problem(context const& where, std::string const& directory)
        : on(where),
          n_rows((on.quick() ? std::int64_t{16} : std::int64_t{128}) << 20U >> 3U
                 >> 10U), // of 8 KiB: 16 or 128 MiB an array
          node(on.comm()),
          seg(node, {.capacity = n_bytes() + (std::size_t{64} << 20U)}),
          folder(fs::path(directory) / "io") {
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

/// What is written when.
enum class durability { none, at_end };

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

/// Collective. After the data is there: the name, in place of the one before.
inline void
commit(context const& on, fs::path const& hidden, fs::path const& path, durability wanted) {
    MPI_Barrier(on.comm());
    if (on.rank() == 0) {
        fs::rename(hidden, path);
        if (wanted == durability::at_end) {
            open_file(path.parent_path(), O_RDONLY | O_DIRECTORY).sync();
        }
    }
    MPI_Barrier(on.comm());
}

/// Collective. Nothing of earlier rounds is left to be written.
inline void settle(context const& on) {
    if (on.rank() == 0) ::sync();
    MPI_Barrier(on.comm());
}

/// Local. Nothing of the file stays in the page cache.
inline void evict(fs::path const& path) {
    open_file const file(path, O_RDONLY);
    file.sync();
    ::posix_fadvise(*file, 0, 0, POSIX_FADV_DONTNEED);
}

/// Calls move(address, n_bytes, position in the file) for blocks of this rank's parts, until done.
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

/// Collective. The least that any program must do: all ranks pwrite their shares of one file. To be
/// durable, writing back is begun on the way, as sync_file_range(2) can.
inline void write_plainly(problem const& p, fs::path const& path, durability wanted) {
    auto const hidden = fs::path(path).concat(".tmp");
    if (p.on.rank() == 0) open_file(hidden, O_CREAT | O_TRUNC | O_WRONLY);
    MPI_Barrier(p.on.comm());
    open_file const file(hidden, O_WRONLY);
    by_blocks(p, [&](std::byte* from, std::size_t n, off_t at) {
        auto const written = ::pwrite(*file, from, n, at);
        if (wanted == durability::at_end && written > 0) {
            ::sync_file_range(*file, at, written, SYNC_FILE_RANGE_WRITE);
        }
        return written;
    });
    if (wanted == durability::at_end) file.sync();
    commit(p.on, hidden, path, wanted);
}

/// Collective.
inline void read_plainly(problem const& p, fs::path const& path) {
    open_file const file(path, O_RDONLY);
    by_blocks(p, [&](std::byte* to, std::size_t n, off_t at) { return ::pread(*file, to, n, at); });
    MPI_Barrier(p.on.comm());
}

} // namespace bench
