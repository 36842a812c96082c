// SPDX-License-Identifier: MIT
#include "shmwin/memory/memory_resource.hpp"

#include "shmwin/base/contract.hpp"

#include <utility>

namespace shmwin::inline v1 {

memory_resource::memory_resource(heap const& memory, std::shared_ptr<void const> owner) noexcept
    : owner_(std::move(owner)), memory_(memory) {}

memory_resource::~memory_resource() = default;

void* memory_resource::do_allocate(std::size_t n_bytes, std::size_t alignment) {
    return memory_.allocate(n_bytes, alignment);
}

void memory_resource::do_deallocate(void* block,
                                    [[maybe_unused]] std::size_t n_bytes,
                                    std::size_t /*alignment*/) {
    SHMWIN_EXPECT(memory_.usable_size(block) >= n_bytes);
    memory_.deallocate(block);
}

bool memory_resource::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
    auto const* const ours = dynamic_cast<memory_resource const*>(&other);
    return ours != nullptr && ours->memory_.where().base() == memory_.where().base();
}

} // namespace shmwin::inline v1
