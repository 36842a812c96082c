// SPDX-License-Identifier: MIT
// retention: which checkpoints stay. The union of four rules:
//
//     among the newest    of the `keep` with the highest numbers that are whole; damaged ones
//                         between them stay too, but do not count
//     in the line         the last `keep` that this process restored or saved: after a restart from
//                         an older one, those of the other branch may have higher numbers
//     a multiple          of keep_every
//     pinned
//
// Layer: io. No MPI; HDF5 in look_at_unknown() alone.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/io/checkpoint_options.hpp"

#include "io/store_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

struct retention_rules {
    int keep = 2; ///< at least 1
    std::int64_t keep_every = 0;
};

[[nodiscard]] inline retention_rules rules_of(checkpoint_options const& options) noexcept {
    return {options.keep, options.keep_every};
}

/// A checkpoint, as far as retention cares.
struct retention_candidate {
    std::int64_t step = 0;
    bool is_whole = true;
    bool is_pinned = false;
    bool is_in_line = false;
};

enum class why_kept : std::uint8_t { goes, among_newest, in_line, multiple, pinned };

/// Local. "among the newest", ...; empty for one that goes.
[[nodiscard]] char const* name(why_kept why) noexcept;

/// Local, pure. What becomes of each. Oldest first, as checkpoint_names::list().
[[nodiscard]] std::vector<why_kept> fates_of(std::span<retention_candidate const> all,
                                             retention_rules const& rules);

/// Local. What retention would remove, oldest first; for who saves, and for who prunes.
/// @param is_whole  what is known of a file; what is not known to be whole does not count
[[nodiscard]] std::vector<std::filesystem::path>
removable(checkpoint_names const& names,
          retention_rules const& rules,
          function_ref<bool(std::filesystem::path const&)> is_whole);
/// Local. The same, with what this process knows.
[[nodiscard]] std::vector<std::filesystem::path> removable(checkpoint_names const& names,
                                                           retention_rules const& rules);

/// Local. Reads the structure of a file that this process has not looked at yet, and notes what it
/// is. Other bytes are not read.
[[nodiscard]] bool is_whole(checkpoint_names const& names, std::filesystem::path const& file);

/// Local. The same of those among the newest: once each, those that other jobs wrote.
void look_at_unknown(checkpoint_names const& names, retention_rules const& rules);

} // namespace shmwin::inline v1::detail
