// SPDX-License-Identifier: MIT
// A heap through two mappings, both of which allocators find.
#pragma once

#include "shmwin/memory/attachment.hpp"

#include "support/heap_fixture.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <gmock/gmock.h>
#include <memory>
#include <new>
#include <optional>
#include <sys/mman.h>
#include <utility>

namespace shmwin::test {

struct allocator_fixture : heap_fixture {
    heap const& first = memory;
    heap second = pages.memory(1, via::second);
    std::optional<detail::heap_attachment> at_first{first};
    std::optional<detail::heap_attachment> at_second{second};

    allocator_fixture() : heap_fixture(std::size_t{32} << 20U) {}

    void hide_first() const {
        ASSERT_EQ(::mprotect(pages.where(via::first).base(), pages.n_bytes(), PROT_NONE), 0);
    }
    void TearDown() override {
        for (int rank = 0; rank < 8; ++rank) {
            pages.memory(rank, via::second).collect();
        }
        EXPECT_THAT(second.verify().violations, testing::IsEmpty());
        EXPECT_EQ(second.stats().n_blocks, 0U);
    }

    // An object in the segment, made through the first mapping; it takes the allocator.
    template <typename T, typename... Args>
    T* make(Args&&... args) const {
        auto* const block = first.allocate(sizeof(T), alignof(T));
        return std::construct_at(static_cast<T*>(block), std::forward<Args>(args)..., first);
    }
    template <typename T>
    [[nodiscard]] T* through_second(T* made) const {
        return std::launder(static_cast<T*>(second.at(first.offset_of(made))));
    }
    template <typename T>
    void end(T* in_second) const {
        std::destroy_at(in_second);
        second.deallocate(in_second);
    }
};

} // namespace shmwin::test
