// SPDX-License-Identifier: MIT
// description_table: what is said of an object beside its data set: its kind, type and layout. Of
// few objects attributes say it, each of its own; of many a table, since five attributes cost as
// much time and room as a small data set itself.
//
//     /.shmwin/words         kinds and signatures, each once
//     /.shmwin/descriptions  a row for each object: numbers of words, layout, levels, first block;
//                            attributes checksum_low, checksum_high: XXH3-128 of rows and words,
//                            since HDF5 protects attributes and no data
//
// Layer: io.
#pragma once

#include "io/checkpoint_file.hpp"
#include "io/checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

inline constexpr std::size_t most_with_attributes = 1000;

/// What is said of one object.
struct said_of_object {
    std::string kind;
    std::string type; ///< signature
    std::int64_t layout = 0;
    std::int64_t n_levels = 0;
    std::uint64_t first_block = 0;
};

class description_table {
  public:
    struct row {
        std::uint32_t kind; ///< number of a word
        std::uint32_t type; ///< number of a word
        std::int32_t layout;
        std::int32_t n_levels;
        std::uint64_t first_block;
    };

    /// Without rows.
    description_table() = default;
    explicit description_table(std::span<stored_object const> objects);
    description_table(std::vector<row> rows, std::vector<std::string> words);

    [[nodiscard]] std::vector<row> const& rows() const noexcept { return rows_; }
    [[nodiscard]] std::vector<std::string> const& words() const noexcept { return words_; }
    [[nodiscard]] checksum sum() const;

    /// @throws runtime_failure (damaged)
    [[nodiscard]] said_of_object at(std::size_t object, std::filesystem::path const& path) const;

    /// Of rows in a file.
    [[nodiscard]] static h5_handle row_type();

  private:
    std::vector<row> rows_;
    std::vector<std::string> words_;
};

} // namespace shmwin::inline v1::detail
