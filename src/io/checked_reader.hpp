// SPDX-License-Identifier: MIT
// checked_reader: the bytes of one object of a checkpoint, each block compared with its checksum
// before any of it is handed out.
//
// Layer: io.
#pragma once

#include "io/checkpoint_file.hpp"
#include "io/object_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

class checked_reader {
  public:
    /// Local. Both stay.
    /// @param file   from read_checkpoint() with `check`
    /// @param check  false: takes what is there
    checked_reader(checkpoint_file const& file, stored_object const& object, bool check)
        : file_(file), object_(object), reader_(file.info.file, object), check_(check) {}

    /// Local. Bytes [begin, begin + to.size()), in the order of the file. Reads whole blocks, and
    /// keeps the last one.
    /// @throws runtime_failure (damaged)  which block; (io_failure)
    void read(std::uint64_t begin, std::span<std::byte> to);

  private:
    void fetch(std::uint64_t block);

    checkpoint_file const& file_;
    stored_object const& object_;
    object_reader reader_;
    bool check_;
    std::vector<std::byte> bytes_; ///< of one block
    std::uint64_t block_ = 0;
};

} // namespace shmwin::inline v1::detail
