// SPDX-License-Identifier: MIT
// A segment over all ranks for one test, opened through the C interface and closed at its end.
#pragma once

#include "shmwin.h"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstddef>
#include <memory>

namespace shmwin::test {

/// Status and words of a call: EXPECT_EQ says what was wrong.
#define SHMWIN_EXPECT_OK(call) EXPECT_EQ((call), SHMWIN_SUCCESS) << shmwin_last_error()
#define SHMWIN_ASSERT_OK(call) ASSERT_EQ((call), SHMWIN_SUCCESS) << shmwin_last_error()

/// A handle that is freed with its scope: shmwin_X_create(..., out(mutex)).
template <typename T, void (*Free)(T*)>
class c_handle {
  public:
    c_handle() = default;
    c_handle(c_handle const&) = delete;
    c_handle(c_handle&&) = delete;
    c_handle& operator=(c_handle const&) = delete;
    c_handle& operator=(c_handle&&) = delete;
    ~c_handle() { Free(is_); }

    [[nodiscard]] T** out() {
        Free(is_);
        is_ = nullptr;
        return &is_;
    }
    // NOLINTNEXTLINE(google-explicit-constructor): used as what it holds
    operator T*() const noexcept { return is_; }

  private:
    T* is_ = nullptr;
};

struct open_c_segment : testing::Test {
    void SetUp() override {
        SHMWIN_ASSERT_OK(shmwin_node_open(MPI_COMM_WORLD, &node));
        rank = shmwin_node_rank(node);
        size = shmwin_node_size(node);
        last = size - 1;
        shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
        options.capacity = std::size_t{64} << 20U;
        SHMWIN_ASSERT_OK(shmwin_segment_open(node, &options, &seg));
    }
    void TearDown() override {
        SHMWIN_EXPECT_OK(shmwin_segment_close(seg));
        shmwin_segment_free_handle(seg);
        SHMWIN_EXPECT_OK(shmwin_node_close(node));
        shmwin_node_free_handle(node);
    }
    void fence() const { SHMWIN_ASSERT_OK(shmwin_segment_fence(seg)); }

    shmwin_node* node = nullptr;
    shmwin_segment* seg = nullptr;
    int rank = -1;
    int size = 0;
    int last = -1;
};

} // namespace shmwin::test
