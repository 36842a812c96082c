// SPDX-License-Identifier: MIT
// checkpoint_file: what stands where in a checkpoint.
//
//     /                      attributes: shmwin_format, shmwin_version, step, time, created, uuid,
//                            parent_uuid, n_ranks; and those of the caller, under their names
//     /fields/u              a data set for each object, under its own name; attributes:
//                            shmwin_kind, shmwin_type, shmwin_layout, shmwin_levels,
//                            shmwin_first_block
//     /parts/data, /offsets  two data sets for containers of each rank: see per_rank_parts.hpp
//     /tasks                 the tasks of a queue, [n]: see queue_part.hpp
//                            with .deflate larger ones in chunks, shuffled and deflated
//     /.shmwin/objects       their names
//     /.shmwin/descriptions  instead of the attributes of each, if they are more than 1,000: a row
//                            for each; kind and type are indices of /.shmwin/words
//     /.shmwin/checksums     XXH3-128 of each block of 256 KiB of each object, [n_blocks, 2]
//     /.shmwin/chunks        of compressed ones: place, size and XXH3-128 of each chunk, [n, 4]
//     /.shmwin/record        XXH3-128 of every byte outside payload and record; size; n_blocks
//
// Behind what HDF5 knows of: where the payload is (seal.hpp). Files of before have no such table.
//
// Layer: io.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/memory/object_record.hpp"

#include "io/checksum.hpp"
#include "io/chunks.hpp"
#include "io/hdf5.hpp"
#include "io/stored_chunks.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

inline constexpr std::int64_t checkpoint_format = 1;
// Small enough that a block is still in the cache when its checksum is taken.
inline constexpr std::size_t checksum_block_bytes = std::size_t{256} << 10U;

// How the names of a per-rank container's data sets end.
inline constexpr std::string_view data_ending = "/data";
inline constexpr std::string_view offsets_ending = "/offsets";

/// One object of a checkpoint; of per-rank containers, one of two data sets.
struct stored_object {
    std::string name;
    object_kind kind = object_kind::array;
    memory_order_kind order = memory_order_kind::none;
    int n_levels = 0;
    std::string type;                ///< signature
    std::vector<std::int64_t> shape; ///< as the array has it
    std::uint64_t n_bytes = 0;
    std::uint64_t file_offset = 0; ///< of its payload; 0 if it is empty, or not contiguous
    std::uint64_t first_block = 0; ///< index of its first checksum
    chunk_grid chunks{};           ///< while it is being written, if it is compressed
    std::shared_ptr<stored_chunks> places{}; ///< of its chunks; null if they are not ours

    /// False if it is stored in chunks, compressed or by another tool.
    [[nodiscard]] bool is_contiguous() const noexcept { return n_bytes == 0 || file_offset != 0; }
    /// False if another tool stored it in its own way: only HDF5 can read it then.
    [[nodiscard]] bool needs_no_hdf5() const noexcept {
        return is_contiguous() || places != nullptr;
    }
    [[nodiscard]] bool is_offsets() const noexcept {
        return kind == object_kind::per_rank && name.ends_with(offsets_ending);
    }
    /// As the segment knows it.
    [[nodiscard]] std::string_view object_name() const noexcept {
        auto const all = std::string_view(name);
        return kind == object_kind::per_rank ? all.substr(0, all.rfind('/')) : all;
    }
    [[nodiscard]] std::uint64_t n_blocks() const noexcept {
        return (n_bytes + checksum_block_bytes - 1) / checksum_block_bytes;
    }
};

/// A checkpoint's structure.
struct checkpoint_file {
    checkpoint_info info;
    std::vector<stored_object> objects;
    std::vector<checksum> checksums;    ///< of all blocks; only from read_checkpoint with `check`
    std::uint64_t checksums_offset = 0; ///< 0 if there are none, or not contiguous
    std::uint64_t record_offset = 0;
    std::uint64_t chunks_offset = 0; ///< while it is being written; 0 if nothing is compressed
    std::uint64_t n_blocks = 0;
    std::uint64_t n_bytes = 0; ///< of the file
    bool as_written = false;   ///< the structure's checksum is right

    [[nodiscard]] std::uint64_t payload_bytes() const noexcept;
};

/// The last data set: written when all else is.
struct checkpoint_record {
    checksum structure{};
    std::uint64_t n_bytes = 0;
    std::uint64_t n_blocks = 0;
};
static_assert(sizeof(checkpoint_record) == 32);

/// A file that is being made: all its structure, payload and checksums left unwritten.
class checkpoint_writer {
  public:
    /// Local.
    /// @param deflate  1 to 9: larger objects are made for compressed chunks
    /// @throws runtime_failure (io_failure), out_of_memory (no_space)
    checkpoint_writer(std::filesystem::path const& path,
                      checkpoint_info const& info,
                      std::vector<stored_object> const& objects,
                      int deflate);
    checkpoint_writer(checkpoint_writer const&) = delete;
    checkpoint_writer(checkpoint_writer&&) = delete;
    checkpoint_writer& operator=(checkpoint_writer const&) = delete;
    checkpoint_writer& operator=(checkpoint_writer&&) = delete;
    ~checkpoint_writer();

    /// As read_checkpoint() would read it; its size only after close().
    [[nodiscard]] checkpoint_file const& structure() const noexcept { return made_; }

    /// Local. One chunk of an object, as HDF5's filters would have made it.
    /// @throws runtime_failure (io_failure), out_of_memory (no_space)
    void write_chunk(std::size_t object, std::uint64_t chunk, std::span<std::byte const> bytes);

    /// Local.
    /// @throws runtime_failure (io_failure), out_of_memory (no_space)
    void close();

  private:
    void make_room_for_chunks();
    void find_chunks();

    class maker;
    std::filesystem::path path_;
    checkpoint_file made_;
    std::unique_ptr<maker> into_;
    h5_handle open_; ///< whose chunks come
    std::size_t open_object_ = 0;
};

/// Local. Reads the structure of a file; with `check`, also the blocks' checksums, and compares
/// its own.
/// @throws runtime_failure (not_a_checkpoint, damaged, io_failure, layout_mismatch)
[[nodiscard]] checkpoint_file read_checkpoint(std::filesystem::path const& path, bool check);

} // namespace shmwin::inline v1::detail
