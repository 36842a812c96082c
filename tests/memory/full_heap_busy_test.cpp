// SPDX-License-Identifier: MIT
// A segment that is full while others change the directory all the time: the error names the
// largest objects, and whoever looks them up must not pass for another rank. Should it die with a
// lock, that one would be asked for it for ever.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

namespace shmwin {
namespace {

using namespace literals;

TEST(FullHeapWhileNamesChange, IsNotLookedThroughAsAnotherRank) {
    SHMWIN_NEEDS_FORK();
    test::shared_pages pages{{.capacity = 512_KiB, .n_ranks = 2}};
    test::stepped_child asking([&] {
        pages.who(1).attach();
        try {
            static_cast<void>(pages.memory(1).allocate(1_GiB));
        } catch (error const& failed) {
            return failed.code() == errc::out_of_memory;
        }
        return false;
    });
    if (!asking.can_step()) GTEST_SKIP() << "no ptrace() here";
    auto& names = pages.names_state();
    bool as_another = false;
    while (!as_another && asking.step()) {
        ++names.n_changes; // rank 0 does nothing, but somebody changes names
        as_another = names.mutex.holder() == 0;
    }
    EXPECT_FALSE(as_another);
    EXPECT_TRUE(asking.finish());
}

} // namespace
} // namespace shmwin
