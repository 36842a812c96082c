// SPDX-License-Identifier: MIT
#include "io/fail_point.hpp"
#include "io/file.hpp"
#include "io/payload.hpp"
#include "io/payload_blocks.hpp"
#include "io/piece_writer.hpp"
#include "io/previous_blocks.hpp"

#include <optional>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

// Checksums in the file, those of neighbouring blocks at once.
class checksum_writer {
  public:
    checksum_writer(file const& target, std::uint64_t offset) : target_(target), offset_(offset) {}

    void add(std::uint64_t number, checksum const& sum) {
        if (number != first_ + sums_.size()) {
            finish();
            first_ = number;
        }
        sums_.push_back(sum);
    }
    void finish() {
        if (sums_.empty()) return;
        target_.write_at(offset_ + first_ * sizeof(checksum), std::as_bytes(std::span(sums_)));
        sums_.clear();
    }

  private:
    file const& target_;
    std::uint64_t offset_;
    std::uint64_t first_ = 0;
    std::vector<checksum> sums_;
};

// Small objects, neighbours in the file at once: ten thousand of them in a few calls.
class small_writer {
  public:
    explicit small_writer(file const& target) : target_(target) {}

    [[nodiscard]] static bool takes(payload_part const& part) { return part.n_bytes <= largest; }

    void add(std::uint64_t offset, std::span<std::byte const> bytes) {
        if (offset != offset_ + bytes_.size() || bytes_.size() > checksum_block_bytes - largest) {
            finish();
            offset_ = offset;
        }
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    void finish() {
        if (!bytes_.empty()) target_.write_at(offset_, bytes_);
        bytes_.clear();
    }

  private:
    static constexpr std::size_t largest = std::size_t{32} << 10U;
    file const& target_;
    std::uint64_t offset_ = 0;
    std::vector<std::byte> bytes_;
};

} // namespace

std::uint64_t write_payload(std::filesystem::path const& path,
                            std::span<payload_part const> parts,
                            std::uint64_t checksums_offset,
                            previous_checkpoint const* previous) {
    if (has_nothing(parts)) return 0;
    file const target(path, file::mode::write);
    std::optional<previous_blocks> unchanged;
    if (previous != nullptr) unchanged.emplace(*previous, target);
    piece_writer pieces(target);
    small_writer small(target);
    checksum_writer sums(target, checksums_offset);
    block_in_memory memory;
    for_each_block(parts, [&](block const& each) {
        fail_point(step::block, moment::before);
        auto const bytes = memory.gathered(each);
        auto const sum = checksum_of(bytes); // and now they are in the cache for the copy
        sums.add(each.number, sum);
        if (each.part.file_offset == 0) return; // compressed: HDF5 has it
        if (small_writer::takes(each.part)) return small.add(each.in_file(), bytes);
        if (unchanged && unchanged->take(each, sum)) return;
        pieces.add(each.in_file(), bytes);
        if (memory.is_buffer(bytes)) pieces.flush(); // the next block comes there
        fail_point(step::block, moment::after);
    });
    pieces.finish();
    small.finish();
    at(step::checksums, [&] { sums.finish(); });
    if (!unchanged) return 0;
    unchanged->finish();
    return unchanged->n_bytes_taken();
}

} // namespace shmwin::inline v1::detail
