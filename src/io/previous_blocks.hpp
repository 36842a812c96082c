// SPDX-License-Identifier: MIT
// previous_blocks: what a save takes from the checkpoint of before, instead of writing it: blocks
// whose checksum is the same, by reflink. The files then share them on disk, and each is complete
// in itself whatever becomes of the other:
//
//     state-1.h5   |structure|block 0|block 1|block 2|block 3|
//                             |       |               |         one call for neighbours
//     state-2.h5   |structure|block 0|written|block 2|block 3|
//
// A block that has rotted on disk since it was written is as rotten in the file that takes it, and
// verify() names it in both.
//
// Layer: io. No MPI; HDF5 in open() alone, after a restore.
#pragma once

#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/payload_blocks.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

/// An object of the checkpoint of before.
struct earlier_object {
    std::string name;
    std::uint64_t n_bytes = 0;
    std::uint64_t file_offset = 0; ///< 0: its bytes are not as they are in memory
    std::uint64_t first_block = 0;
};

/// A file as it was: another one, and one that was written to, is not it.
struct file_identity {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::uint64_t n_bytes = 0;
    std::int64_t written_ns = 0;
    friend bool operator==(file_identity const&, file_identity const&) = default;
};

/// The checkpoint that a store saved or restored last.
class previous_checkpoint {
  public:
    /// There is none.
    previous_checkpoint() = default;

    /// One that is whole now. What it holds is read when it is wanted.
    explicit previous_checkpoint(std::filesystem::path path);

    /// The same, of a file that was just written.
    previous_checkpoint(std::filesystem::path path,
                        std::vector<earlier_object> objects,
                        std::uint64_t checksums_offset,
                        std::uint64_t n_blocks);

    /// Local. Opens the file; the first time, reads what it holds. False if it is not there, or not
    /// what it was.
    [[nodiscard]] bool open();
    void close() { file_ = {}; }

    /// Local, while it is open. Whether the file system can share its blocks with another file:
    /// tries, with a new file of that name, which goes again.
    [[nodiscard]] bool can_share_with(std::filesystem::path const& trial) const;

    /// Null if it has no such object.
    [[nodiscard]] earlier_object const* find(std::string_view name) const;
    [[nodiscard]] checksum const& sum(std::uint64_t block) const { return sums_[block]; }
    [[nodiscard]] file const& source() const noexcept { return file_; }

  private:
    void read_structure();
    void read_table();

    std::filesystem::path path_;
    std::optional<file_identity> identity_;
    std::vector<earlier_object> objects_; ///< by name
    std::uint64_t checksums_offset_ = 0;
    std::uint64_t n_blocks_ = 0;
    std::vector<checksum> sums_;
    file file_;
};

/// Takes blocks into a file. Of one thread.
class previous_blocks {
  public:
    /// Both must be open, and stay so.
    previous_blocks(previous_checkpoint const& from, file const& target);

    /// True if the block is as it was: it is in the target when finish() returns. Else the caller
    /// writes it.
    [[nodiscard]] bool take(block const& each, checksum const& sum);

    /// Takes what take() promised; writes what cannot be taken after all.
    /// @throws out_of_memory (no_space), runtime_failure (io_failure)
    void finish();

    [[nodiscard]] std::uint64_t n_bytes_taken() const noexcept { return n_bytes_taken_; }

  private:
    [[nodiscard]] earlier_object const* earlier(payload_part const& part);
    void write(std::uint64_t begin, std::uint64_t end) const;

    previous_checkpoint const& from_;
    file const& target_;
    std::uint64_t unit_; ///< of the file system: what is shared begins and ends at multiples
    bool works_ = true;
    payload_part const* part_ = nullptr; ///< whose blocks come
    earlier_object const* earlier_ = nullptr;
    // Neighbours that are still to be taken: positions in the part.
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t n_bytes_taken_ = 0;
};

} // namespace shmwin::inline v1::detail
