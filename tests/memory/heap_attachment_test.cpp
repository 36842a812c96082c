// SPDX-License-Identifier: MIT
// The table of the segments that this process has attached: each is told apart, and found while
// others come and go.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/attachment.hpp"

#include "support/allocator_fixture.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;

using Allocator = test::allocator_fixture;

TEST(HeapAttachment, OfManySegmentsAreToldApart) {
    std::vector<std::unique_ptr<test::shared_pages>> segments;
    std::vector<std::unique_ptr<heap>> heaps;
    std::vector<std::unique_ptr<detail::heap_attachment>> attachments;
    for (int i = 0; i < 150; ++i) { // more than the table has buckets
        segments.push_back(std::make_unique<test::shared_pages>(
            detail::layout_request{.capacity = 4_KiB, .n_ranks = 1}));
        heaps.push_back(std::make_unique<heap>(segments.back()->memory(0)));
        EXPECT_EQ(detail::find_heap(heaps.back()->where().base()), nullptr);
        attachments.push_back(std::make_unique<detail::heap_attachment>(*heaps.back()));
    }
    for (std::size_t i = 0; i < 150; i += 3) {
        attachments[i].reset();
    }
    for (std::size_t i = 0; i < 150; ++i) {
        auto const* const base = heaps[i]->where().base();
        EXPECT_EQ(detail::find_heap(base), i % 3 == 0 ? nullptr : heaps[i].get());
        EXPECT_EQ(detail::find_heap(base + 1), nullptr);
    }
    EXPECT_EQ(detail::find_heap(nullptr), nullptr);
    for (std::size_t i = 0; i < 150; i += 3) {
        attachments[i] = std::make_unique<detail::heap_attachment>(*heaps[i]);
        EXPECT_EQ(detail::find_heap(heaps[i]->where().base()), heaps[i].get());
    }
}

TEST_F(Allocator, IsUsedByThreadsWhileOtherSegmentsComeAndGo) {
    std::atomic<bool> done{false};
    test::as_threads(4, [&](int thread) {
        if (thread == 0) {
            for (int i = 0; i < 100; ++i) {
                test::shared_pages const other({.capacity = 64_KiB, .n_ranks = 1});
                heap const elsewhere = other.memory(0);
                detail::heap_attachment const attached(elsewhere);
                vector<int> const v(100, i, elsewhere);
                ASSERT_EQ(v.back(), i);
            }
            done = true;
            return;
        }
        while (!done) {
            vector<string> mine(first);
            for (int i = 0; i < 50; ++i) {
                mine.emplace_back(static_cast<std::size_t>(i), 'x');
            }
            ASSERT_EQ(mine.back().size(), 49U);
        }
    });
}

} // namespace
} // namespace shmwin
