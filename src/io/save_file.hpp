// SPDX-License-Identifier: MIT
// save_file: a checkpoint while it is being written, as the one rank that owns the file sees it:
// structure by HDF5, signature blanked; later, when the payload is there, checksum, fsync,
// signature, fsync, rename, fsync of the directory. A file that is not whole cannot be opened by
// any HDF5 reader, and goes with its owner.
//
// Compressed chunks are written by HDF5 before that: until then the file has a hidden name, and
// says itself that it is open for writing.
//
// Layer: io. No MPI here; HDF5 until close_structure() alone, so any thread may commit().
#pragma once

#include "shmwin/io/checkpoint_store.hpp"

#include "io/checkpoint_file.hpp"
#include "io/file.hpp"
#include "io/store_directory.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

class save_file {
  public:
    save_file(checkpoint_names names, checkpoint_info info, checkpoint_options options);
    save_file(save_file const&) = delete;
    save_file(save_file&&) = delete;
    save_file& operator=(save_file const&) = delete;
    save_file& operator=(save_file&&) = delete;
    ~save_file();

    /// Local. Checks that there is space, makes the structure, blanks the signature.
    /// @param incremental  room for the payload is neither asked for nor reserved: most of it may
    ///                     be taken from another file, and what is reserved would be given back
    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void create(std::vector<stored_object> const& objects, bool incremental = false);

    /// Local, with .deflate, between create() and close_structure(): one chunk of an object.
    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void write_chunk(std::size_t object, std::uint64_t chunk, std::span<std::byte const> bytes) {
        writer_->write_chunk(object, chunk, bytes);
    }

    /// Local, with .deflate, when all chunks are written. Without, create() does it.
    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void close_structure();

    /// Local, after close_structure(). Reserves the space for the payload, unless it is
    /// incremental.
    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void reserve() const;

    /// Local, when payload and checksums are written. Afterwards the checkpoint has its name, and
    /// retention has removed the oldest.
    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void commit();

    /// As create() made it.
    [[nodiscard]] checkpoint_file const& structure() const noexcept { return written_; }
    /// Where it is until commit().
    [[nodiscard]] std::filesystem::path const& temporary() const noexcept { return temporary_; }

  private:
    void check_space(std::vector<stored_object> const& objects, bool incremental);
    void write_chunk_table() const;
    void write_record();

    checkpoint_names names_;
    checkpoint_info info_;
    checkpoint_options options_;
    std::filesystem::path temporary_;
    bool incremental_ = false;
    std::optional<checkpoint_writer> writer_;
    checkpoint_file written_;
    file directory_;
    file file_;
    bool made_ = false;
    bool committed_ = false;
};

} // namespace shmwin::inline v1::detail
