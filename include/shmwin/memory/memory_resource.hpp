// SPDX-License-Identifier: MIT
// memory_resource: for private containers whose bytes lie in the segment.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/heap.hpp"

#include <cstddef>
#include <memory>
#include <memory_resource>

namespace shmwin::inline v1 {

/// A std::pmr::memory_resource over a segment's heap, for containers of this process alone: what
/// they hold can be read by other ranks in place (by its offset), and costs no private memory.
///
///     auto bytes = seg.memory_resource();
///     std::pmr::vector<double> mine(&bytes);   // on the stack, its elements in the segment
///
/// Never construct a std::pmr container in the segment itself: it holds the address of its
/// resource and of its elements, and the resource a table of virtual functions. For those there
/// is allocator. Blocks that nobody frees (a rank is killed) stay in use until the segment ends.
class SHMWIN_API memory_resource final : public std::pmr::memory_resource {
  public:
    /// Local. @param owner  held as long as this lives: keeps the segment mapped
    explicit memory_resource(heap const& memory, std::shared_ptr<void const> owner = {}) noexcept;
    memory_resource(memory_resource const&) = delete;
    memory_resource(memory_resource&&) = delete;
    memory_resource& operator=(memory_resource const&) = delete;
    memory_resource& operator=(memory_resource&&) = delete;
    ~memory_resource() override;

    /// Local. The heap that the bytes come from.
    [[nodiscard]] heap const& memory() const noexcept { return memory_; }

  private:
    /// Safe from any thread. Throws out_of_memory, which is a std::bad_alloc.
    [[nodiscard]] void* do_allocate(std::size_t n_bytes, std::size_t alignment) override;
    void do_deallocate(void* block, std::size_t n_bytes, std::size_t alignment) override;
    /// True for a memory_resource of the same segment.
    [[nodiscard]] bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override;

    std::shared_ptr<void const> owner_;
    heap memory_;
};

} // namespace shmwin::inline v1
