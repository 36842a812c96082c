// SPDX-License-Identifier: MIT
// A library without component io: programs link, and are told.
#include "shmwin/c/checkpoint.h"

#include "support/c_handle.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace shmwin::test {
namespace {

using CWithoutIo = c_test;

TEST_F(CWithoutIo, SaysSo) {
    shmwin_checkpoint_store* store = nullptr;
    EXPECT_EQ(shmwin_checkpoint_store_open(MPI_COMM_WORLD, "state", nullptr, &store),
              SHMWIN_ERR_UNSUPPORTED);
    EXPECT_THAT(shmwin_last_error(), testing::HasSubstr("SHMWIN_IO"));
    shmwin_checkpoint_info* info = nullptr;
    EXPECT_EQ(shmwin_checkpoint_store_restore_latest(store, seg, nullptr, &info),
              SHMWIN_ERR_UNSUPPORTED);
    EXPECT_EQ(shmwin_checkpoint_store_save(store, seg, nullptr, nullptr), SHMWIN_ERR_UNSUPPORTED);
    EXPECT_EQ(shmwin_pending_save_wait(nullptr, nullptr), SHMWIN_ERR_UNSUPPORTED);
    shmwin_checkpoint_store_close(store);
    shmwin_pending_save_free_handle(nullptr);
}

} // namespace
} // namespace shmwin::test
