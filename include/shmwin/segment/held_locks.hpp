// SPDX-License-Identifier: MIT
// held_locks: which named objects are locks, and who holds them.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/object_record.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/sync/mutex.hpp"

#include <optional>

namespace shmwin::inline v1::detail {

/// Local. Who holds the lock that the record is of, or the one of its data, as its only
/// one (a free one: rank -1); nothing if it is of no lock with one holder.
[[nodiscard]] SHMWIN_API std::optional<lock_holder> holder_of(region const& in,
                                                              object_record const& record);

} // namespace shmwin::inline v1::detail
