// SPDX-License-Identifier: MIT
// retired_blocks: what this process gave back while others may still read it. A block that is
// retired between two meetings of all ranks is free after the second one: whoever took a view of
// it before has been told, by that meeting, that it is no longer valid.
//
// Process-local. What a process retired and did not live to free stays in use until the segment
// ends; nothing is ever freed twice.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace shmwin::inline v1::detail {

/// What is looked at: one block may stand where another stood before.
struct watch_key {
    void const* at = nullptr;
    std::uint32_t index = 0; ///< of its object among the named ones, and which that stood there
    std::uint32_t generation = 0;
    friend bool operator==(watch_key const&, watch_key const&) = default;
};

class SHMWIN_API retired_blocks final : public meeting_observer {
  public:
    /// @param memory  stays where it is, and valid, as long as this
    explicit retired_blocks(heap const& memory) noexcept : memory_(memory) {}

    /// Local. Frees the block when this rank has been in the next meeting. Any thread.
    void add(void* block) noexcept;

    /// Local. Calls `check` when this rank arrives at the next meeting; once for each `key`.
    void watch(watch_key const& key, std::function<void()> check);

    void arriving() noexcept override;
    void met() noexcept override;

  private:
    struct watched {
        watch_key key;
        std::function<void()> check;
    };

    heap const& memory_;
    std::atomic<bool> any_{false}; ///< most segments never retire anything
    std::mutex changing_;
    std::vector<void*> blocks_;
    std::size_t n_at_arrival_ = 0; ///< of blocks_: those are free after the meeting
    std::vector<watched> watched_;
};

} // namespace shmwin::inline v1::detail
