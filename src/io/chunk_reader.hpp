// SPDX-License-Identifier: MIT
// chunk_reader: the bytes of a compressed object, inflated from the file by plain reads.
//
// Layer: io. Neither HDF5 nor MPI: any thread may have one.
#pragma once

#include "io/chunks.hpp"
#include "io/file.hpp"
#include "io/stored_chunks.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {

class chunk_reader {
  public:
    /// The file stays open.
    chunk_reader(file const& from, std::shared_ptr<stored_chunks const> chunks)
        : from_(from), chunks_(std::move(chunks)) {}

    /// Local. Bytes [begin, begin + to.size()) of the object. Inflates whole chunks, and keeps the
    /// last. False if one of them is damaged.
    /// @throws runtime_failure (io_failure, damaged)
    [[nodiscard]] bool read(std::uint64_t begin, std::span<std::byte> to);

  private:
    [[nodiscard]] bool fetch(std::uint64_t number);

    file const& from_;
    std::shared_ptr<stored_chunks const> chunks_;
    chunk_inflater inflater_;
    std::span<std::byte const> kept_;
    std::optional<std::uint64_t> number_; ///< of the one that is kept
};

} // namespace shmwin::inline v1::detail
