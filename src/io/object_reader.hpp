// SPDX-License-Identifier: MIT
// object_reader: the bytes of one object of a checkpoint, in the order of the file, however they
// are stored: as one piece, or in chunks, compressed or made by another tool. For tools that
// read a checkpoint without a segment.
//
// Layer: io.
#pragma once

#include "io/checkpoint_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// The data set's extents, slowest dimension first: of a layout_left array, reversed.
[[nodiscard]] std::vector<std::uint64_t> dimensions_in_file(stored_object const& object);

class object_reader {
  public:
    /// Local. Of an object that needs_no_hdf5(), without it: so in any thread, side by side.
    /// @throws runtime_failure (damaged, io_failure)
    object_reader(std::filesystem::path const& path, stored_object const& object);
    object_reader(object_reader const&) = delete;
    object_reader(object_reader&&) = delete;
    object_reader& operator=(object_reader const&) = delete;
    object_reader& operator=(object_reader&&) = delete;
    ~object_reader();

    /// Local. Bytes [begin, begin + to.size()). Of chunks fast only from the begin to the end: some
    /// rows are kept, about 4 MiB and at least those of a chunk. False if they are damaged so that
    /// nothing can be inflated.
    /// @throws runtime_failure (damaged, io_failure)
    [[nodiscard]] bool read(std::uint64_t begin, std::span<std::byte> to);

    struct source;

  private:
    std::unique_ptr<source> source_;
};

/// How a data set is stored.
struct object_storage {
    std::string layout;               ///< "contiguous", "compact", "chunks of 100 x 77"
    std::vector<std::string> filters; ///< "shuffle", "deflate 6", ...
    std::uint64_t n_bytes = 0;        ///< in the file
};

/// Local. Of each object.
/// @throws runtime_failure (damaged, io_failure, not_a_checkpoint)
[[nodiscard]] std::vector<object_storage> storage_of(std::filesystem::path const& path,
                                                     std::span<stored_object const> objects);

} // namespace shmwin::inline v1::detail
