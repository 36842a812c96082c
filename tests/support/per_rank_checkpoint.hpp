// SPDX-License-Identifier: MIT
// Containers of each rank whose elements are numbered through all ranks, and a store for them.
#pragma once

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace shmwin::test {

// Odd, so that no block of checksums begins where a rank's part does; more than one block.
inline std::int64_t many(int r) {
    return 20'001 * (r + 1) + r;
}

inline std::int64_t first_of(int r, std::function<std::int64_t(int)> const& n_of) {
    std::int64_t n = 0;
    for (int i = 0; i < r; ++i)
        n += n_of(i);
    return n;
}

struct per_rank_checkpoint : open_segment_and_directory {
    // Elements are numbered through all ranks.
    void fill(per_rank<vector<std::int64_t>> const& to,
              std::function<std::int64_t(int)> const& n_of,
              std::int64_t salt = 0) {
        seg.fence();
        to.mine().assign(static_cast<std::size_t>(n_of(rank)), 0);
        std::iota(to.mine().begin(), to.mine().end(), salt + first_of(rank, n_of));
        seg.fence();
    }
    [[nodiscard]] static bool is_filled(per_rank<vector<std::int64_t>> const& what,
                                        std::function<std::int64_t(int)> const& n_of,
                                        std::int64_t salt = 0) {
        std::int64_t next = salt;
        for (int r = 0; r < what.size(); ++r) {
            if (std::ssize(what[r]) != n_of(r)) return false;
            for (auto const each : what[r]) {
                if (each != next++) return false;
            }
        }
        return true;
    }
    void edit(std::filesystem::path const& file, std::string const& line) {
        run_python(world, "with h5py.File(sys.argv[1], \"r+\") as f:\n    " + line, file);
    }

    checkpoint_store store{world, directory / "state"};
};

} // namespace shmwin::test
