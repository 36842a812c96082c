// SPDX-License-Identifier: MIT
// The state of locks and the like in words, by the name of their type. For shmwin_dump(): nothing
// here allocates or locks.
//
// Layer: segment.
#pragma once

#include "shmwin/memory/object_record.hpp"
#include "shmwin/sync/missing.hpp"

#include "base/plain_text.hpp"

#include <cstddef>

namespace shmwin::inline v1::detail {

/// "free", "held by rank 2 (thread 4711)", "2 of 3 members are there", "42"; nothing for what has
/// no state to tell.
/// @param block  the object's first byte, in this process
/// @returns  false if nothing was written
bool tell_state(plain_text& out, object_record const& what, std::byte const* block) noexcept;

/// True if a thread of that rank holds the lock, alone or as a reader; false of what is no lock.
[[nodiscard]] bool is_held_by(int rank, object_record const& what, std::byte const* block) noexcept;

/// The ranks that meet at a barrier; none of what is no barrier.
[[nodiscard]] rank_bits members_of(object_record const& what, std::byte const* block) noexcept;

} // namespace shmwin::inline v1::detail
