// SPDX-License-Identifier: MIT
// Numbers of a heap that others change while they are taken.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

namespace shmwin {
namespace {

using namespace literals;

TEST(HeapStatsTogether, NeverTellMoreFreeThanThereIs) {
    SHMWIN_NEEDS_FORK();
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 2}};
    test::stepped_child looking([&] {
        pages.who(1).attach();
        auto const numbers = pages.memory(1).stats();
        return numbers.free <= numbers.capacity && numbers.used <= numbers.capacity;
    });
    if (!looking.can_step()) GTEST_SKIP() << "no ptrace() here";
    auto const& mutex = pages.control().mutex;
    while (mutex.holder() != 1 && looking.step()) {
    }
    while (mutex.holder() == 1 && looking.step()) {
    }
    // It has counted the free pages; now some of them become a slab.
    static_cast<void>(pages.memory(0).allocate(64));
    EXPECT_TRUE(looking.finish());
}

} // namespace
} // namespace shmwin
