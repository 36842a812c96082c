// SPDX-License-Identifier: MIT
// What tests of the C interface say in few words: a call that succeeds, a handle that is freed.
#pragma once

#include "shmwin.h"
#include "support/c_segment.hpp"

#include <gtest/gtest.h>

namespace shmwin::test {

/// EXPECT_EQ that says what was wrong.
#define SHMWIN_EXPECT_OK(call) EXPECT_EQ((call), SHMWIN_SUCCESS) << shmwin_last_error()
#define SHMWIN_ASSERT_OK(call) ASSERT_EQ((call), SHMWIN_SUCCESS) << shmwin_last_error()

/// A handle that is freed with its scope: shmwin_mutex_create(seg, "m", mutex.out()).
template <typename T, void (*Free)(T*)>
class c_handle {
  public:
    c_handle() = default;
    c_handle(c_handle const&) = delete;
    c_handle(c_handle&&) = delete;
    c_handle& operator=(c_handle const&) = delete;
    c_handle& operator=(c_handle&&) = delete;
    ~c_handle() { Free(is_); }

    /// For a new one, in the place of what it held.
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

struct c_test : open_c_segment {
    void fence() const { SHMWIN_ASSERT_OK(shmwin_segment_fence(seg)); }
};

} // namespace shmwin::test
