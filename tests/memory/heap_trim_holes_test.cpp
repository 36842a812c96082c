// SPDX-License-Identifier: MIT
// Blocks whose pages the heap did not make present itself (touch::later) go back to the system too.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <sys/stat.h>

namespace shmwin {
namespace {

using namespace literals;

struct HeapTrim : test::heap_fixture {
    [[nodiscard]] std::size_t file_bytes() const {
        struct stat about {};
        EXPECT_EQ(::fstat(pages.file().fd(), &about), 0);
        return static_cast<std::size_t>(about.st_blocks) * 512;
    }
};

TEST_F(HeapTrim, GivesBackWhatWasTouchedLater) {
    auto const offset = memory.reserve(1_MiB, detail::page_bytes);
    memory.prepare(offset, 1_MiB, false);
    auto* const block = memory.at(offset);
    std::memset(block, 1, 1_MiB);
    memory.deallocate(block);
    auto const before = file_bytes();
    EXPECT_EQ(memory.trim(), 1_MiB);
    EXPECT_EQ(file_bytes(), before - 1_MiB);
    EXPECT_TRUE(test::all_are(memory.allocate_zeroed(2_MiB), 2_MiB, 0));
}

} // namespace
} // namespace shmwin
