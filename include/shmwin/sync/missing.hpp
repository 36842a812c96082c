// SPDX-License-Identifier: MIT
// Who must come and cannot: the ranks of a set that are gone, in the words of barrier_broken.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {

/// A set of ranks: one bit each, in as many words as they need.
using rank_bits = std::span<std::uint64_t const>;

[[nodiscard]] inline bool contains(rank_bits set, int rank) noexcept {
    auto const index = static_cast<std::size_t>(rank);
    return index / 64 < set.size() && (set[index / 64] >> (index % 64) & 1U) != 0;
}

/// Local. The lowest rank of `set` that left, died or closed. Processes are looked up only if
/// `look`.
[[nodiscard]] SHMWIN_API std::optional<int>
first_gone(participants const& who, rank_bits set, bool look);

/// Local. Who waits for others after its own close() or leave() would wait for ever.
/// @throws runtime_failure (closed)
SHMWIN_API void check_open(participants const& who, awaited const& what);

/// Local. The check of waits that end when all ranks of the segment are there and one of them does
/// something: throws barrier_broken, which names all that are missing, or runtime_failure (closed).
SHMWIN_API void check_none_missing(wait_context const& in, awaited const& what, bool look);

/// Local. The check of waits that any rank may end: throws peer_left, which names one that is
/// missing, or runtime_failure (closed).
SHMWIN_API void check_all_there(wait_context const& in, awaited const& what, bool look);

/// Local. Why a barrier broke.
struct breach {
    int rank;     ///< whose fault it was
    bool gave_up; ///< it is there, but did not wait to the end
};

/// Local. Throws barrier_broken: the breach, and all others of `set` that are gone.
[[noreturn]] SHMWIN_API void
raise_broken(wait_context const& in, awaited const& what, rank_bits set, breach const& why);

} // namespace shmwin::inline v1::detail
