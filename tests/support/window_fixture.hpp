// SPDX-License-Identifier: MIT
// Windows of either backing over all ranks.
#pragma once

#include "shmwin/mpi/window.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <cstddef>
#include <span>
#include <string>

namespace shmwin::test {

struct window_fixture : testing::TestWithParam<backing_kind> {
    window_fixture() = default;
    window_fixture(window_fixture const&) = delete;
    window_fixture(window_fixture&&) = delete;
    window_fixture& operator=(window_fixture const&) = delete;
    window_fixture& operator=(window_fixture&&) = delete;
    ~window_fixture() override { on.close(); }

    [[nodiscard]] window make(std::size_t n_bytes) const {
        return {on, n_bytes, {GetParam(), false}};
    }

    node on{MPI_COMM_WORLD};
    int const rank = on.rank();
    int const size = on.size();
};

inline auto every_backing() {
    return testing::Values(backing_kind::mpi_window, backing_kind::memfd);
}

inline std::string backing_name(testing::TestParamInfo<backing_kind> const& row) {
    return name(row.param);
}

// All stores before it are seen by all after it.
inline void fence() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    MPI_Barrier(MPI_COMM_WORLD);
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

// Each rank writes to bytes of its own; each then sees all.
inline void expect_shared(std::span<std::byte> bytes, int rank, int size) {
    auto const n = static_cast<std::size_t>(size);
    for (auto i = static_cast<std::size_t>(rank); i < bytes.size(); i += n * 97) {
        bytes[i] = static_cast<std::byte>(rank + 1);
    }
    fence();
    for (std::size_t r = 0; r < n; ++r) {
        for (auto i = r; i < bytes.size(); i += n * 97) {
            ASSERT_EQ(bytes[i], static_cast<std::byte>(r + 1)) << "byte " << i;
        }
    }
    fence();
}

} // namespace shmwin::test
