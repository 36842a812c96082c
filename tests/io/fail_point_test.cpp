// SPDX-License-Identifier: MIT
// Fail points: what is said when one lets a step fail, and when they are asked for wrongly. What
// they do to saves and restores: fail_point_matrix_test.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/fault_fixture.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace test;

using FailPoint = fault_fixture;

// --- what is said ----------------------------------------------------------------------------

TEST_F(FailPoint, StepThatFailsIsNamed) {
    struct row {
        char const* what;
        errc code;
        char const* text;
    };
    for (auto const& each :
         {row{"before_lock=eio", errc::io_failure, "directory cannot be written"},
          row{"before_space=enospc", errc::no_space, "opening failed"},
          row{"before_blank=eio", errc::io_failure, "writing failed"},
          row{"before_reserve=enospc", errc::no_space, "reserving space failed"},
          row{"before_checksums@0=enospc", errc::no_space, "free space"},
          row{"before_sync_payload=fsync", errc::io_failure, "fsync failed"},
          row{"before_sync_signature=fsync", errc::io_failure, "fsync failed"},
          row{"before_rename=eio", errc::io_failure, "rename failed"},
          row{"before_sync_directory=fsync", errc::io_failure, "fsync failed (directory"},
          row{"before_list@0=eio", errc::io_failure, "directory cannot be read"},
          row{"before_structure@0=eio", errc::io_failure, "opening failed"},
          row{"before_read_block=eio", errc::io_failure, "reading failed"}}) {
        scoped_variable const fail("SHMWIN_FAIL_POINT", each.what);
        auto const thrown = agreed_trouble([&] {
            checkpoint_store store(world, path);
            store.save(seg, {.step = 1});
            store.restore_latest(seg);
        });
        ASSERT_TRUE(thrown) << each.what;
        EXPECT_EQ(thrown->code, each.code) << each.what;
        EXPECT_THAT(thrown->text, HasSubstr(each.text)) << each.what;
    }
}

TEST_F(FailPoint, BadGrammarIsRefusedWithTheWord) {
    for (auto const* const each : {"before_rename",
                                   "rename=eio",
                                   "before_nothing=eio",
                                   "before_rename=explode",
                                   "before_rename@=eio",
                                   "before_rename@x=eio",
                                   "before_rename@-1=eio",
                                   "before_rename#0=eio",
                                   "before_rename=delay",
                                   "before_rename=eio:3",
                                   "before_lock=kill2",
                                   "after_rename=delay:ms",
                                   ",",
                                   "=kill"}) {
        scoped_variable const fail("SHMWIN_FAIL_POINT", each);
        auto const refused = agreed_error_of(world, [&] { checkpoint_store store(world, path); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << each;
        EXPECT_THAT(refused.text,
                    AllOf(HasSubstr("SHMWIN_FAIL_POINT"), HasSubstr("NAME[@RANK][#OCCURRENCE]")))
            << each;
    }
}

} // namespace
} // namespace shmwin
