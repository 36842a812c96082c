// SPDX-License-Identifier: MIT
// converted_payload: objects whose elements are of another type in the segment than in the file.
// Each rank reads its blocks into a buffer, compares their checksums, converts them, and puts them
// where they belong; before that, it only tries to.
//
// Layer: io.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "io/checksum.hpp"
#include "io/payload.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

struct converted_part {
    payload_part file;            ///< its bytes in the file, and this rank's blocks of them
    payload_source here;          ///< where the converted ones go
    heap const* holder = nullptr; ///< of `here`
    stored_object object;         ///< as the file has it
    dtype to;
};

enum class conversion : std::uint8_t {
    tried, ///< nothing is written
    done,
};

/// Local. Converts this rank's blocks, through a buffer of a few MiB.
/// @returns  the damaged ones, whose values stay as they are
/// @throws argument_error (out_of_range)  a value does not fit: object and index
/// @throws out_of_memory (no_space), runtime_failure (io_failure, damaged)
[[nodiscard]] std::vector<damaged_block> convert_payload(std::filesystem::path const& path,
                                                         std::span<converted_part const> parts,
                                                         std::span<checksum const> expected,
                                                         conversion how);

} // namespace shmwin::inline v1::detail
