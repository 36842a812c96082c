// SPDX-License-Identifier: MIT
// retiring_allocator: as allocator, but what a container gives back is free only after the next
// meeting of all ranks. So views that others took of its elements stay readable until then.
//
// Layer: memory.
#pragma once

#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/attachment.hpp"

#include <cstddef>

namespace shmwin::inline v1 {

/// @see allocator; detail::retired_blocks
template <typename T = std::byte>
class retiring_allocator : public allocator<T> {
  public:
    using typename allocator<T>::pointer;

    // NOLINTBEGIN(google-explicit-constructor): containers are made from a heap and each other's
    retiring_allocator(heap const& memory) noexcept : allocator<T>(memory) {}
    template <typename U>
    retiring_allocator(retiring_allocator<U> const& other) noexcept : allocator<T>(other) {}
    // NOLINTEND(google-explicit-constructor)

    /// Local. Frees the block when the calling rank has been in the next collective call.
    void deallocate(pointer const& block, std::size_t /*n*/) const {
        detail::retire(this->memory(), block.get());
    }

    [[nodiscard]] retiring_allocator select_on_container_copy_construction() const noexcept {
        return *this;
    }
};

} // namespace shmwin::inline v1
