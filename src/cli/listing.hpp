// SPDX-License-Identifier: MIT
// listing: which checkpoints a path means, and what is known of them without reading the payload.
//
// Layer: cli.
#pragma once

#include "io/checkpoint_file.hpp"
#include "io/store_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::cli {

/// Files of one store, oldest first; or one file.
struct store_files {
    std::filesystem::path path; ///< directory and stem; of a file alone, the file
    std::vector<std::filesystem::path> files;
    std::vector<std::filesystem::path> unfinished; ///< temporaries
};

/// A file alone, a store (directory/stem), or all stores of a directory, by name.
/// @throws argument_error (not_found)  there is nothing
[[nodiscard]] std::vector<store_files> stores_at(std::filesystem::path const& where);

/// The store that a file belongs to, by its name; nothing if it is not named stem-<step>.h5.
[[nodiscard]] std::optional<detail::checkpoint_names> store_of(std::filesystem::path const& file);

/// A checkpoint in a listing.
struct listed_checkpoint {
    std::filesystem::path file;
    std::int64_t step = -1; ///< of the label; of the name, if it cannot be read; -1: neither
    std::uint64_t n_bytes = 0;
    std::string state; ///< "whole", "rewritten", "damaged", "no checkpoint", "unfinished", ...
    std::string why;   ///< if it is not whole
    std::optional<checkpoint_info> info; ///< if it can be read
    bool is_newest = false;              ///< a restart goes on from it
    bool is_pinned = false;              ///< retention leaves it

    [[nodiscard]] bool is_whole() const noexcept { return info.has_value(); }
};

/// Of one store: its checkpoints, oldest first, then what is unfinished.
[[nodiscard]] std::vector<listed_checkpoint> list(store_files const& of);

} // namespace shmwin::cli
