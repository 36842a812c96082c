// SPDX-License-Identifier: MIT
#include "io/seal.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {
namespace {

struct byte_range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    friend bool operator==(byte_range const&, byte_range const&) = default;
};

struct seal_footer {
    std::uint64_t record_offset = 0;
    std::uint64_t n_ranges = 0;
    std::uint64_t hdf5_bytes = 0;
    std::array<char, 8> mark{};
};
static_assert(sizeof(seal_footer) == 32);
constexpr std::array<char, 8> seal_mark{'s', 'h', 'm', 'w', 'i', 'n', 'S', '1'};

[[noreturn]] void damaged(std::filesystem::path const& path, char const* what) {
    raise(errc::damaged,
          text("checkpoint is damaged (",
               path.native(),
               ": its structure, ",
               what,
               "; h5repack may save what HDF5 can still read, each block of which is checked)"));
}

byte_range range_of_record(std::uint64_t offset) {
    return {offset, offset + sizeof(checkpoint_record)};
}

// In the order of the file; neighbours as one.
std::vector<byte_range> payload_ranges(checkpoint_file const& of) {
    std::vector<byte_range> all;
    for (auto const& each : of.objects) {
        if (each.n_bytes > 0 && each.file_offset != 0) {
            all.push_back({each.file_offset, each.file_offset + each.n_bytes});
        }
        if (each.places == nullptr) continue;
        for (auto const& chunk : each.places->all) {
            all.push_back({chunk.offset, chunk.offset + chunk.n_bytes});
        }
    }
    std::ranges::sort(all, {}, &byte_range::first);
    std::vector<byte_range> ranges;
    for (auto const& each : all) {
        if (!ranges.empty() && ranges.back().last == each.first) {
            ranges.back().last = each.last;
        } else {
            ranges.push_back(each);
        }
    }
    return ranges;
}

void add_bytes(running_checksum& sum, file const& from, byte_range which) {
    std::vector<std::byte> buffer(
        std::min<std::uint64_t>(checksum_block_bytes, which.last - which.first));
    while (which.first < which.last) {
        auto const n = std::min<std::uint64_t>(buffer.size(), which.last - which.first);
        auto const piece = std::span(buffer).first(n);
        from.read_at(which.first, piece);
        if (which.first == 0) {
            std::memcpy(piece.data(), hdf5_signature.data(), hdf5_signature.size());
        }
        sum.add(piece);
        which.first += n;
    }
}

checksum checksum_outside(file const& from,
                          std::vector<byte_range> ranges,
                          std::uint64_t record_offset,
                          std::uint64_t n_bytes) {
    ranges.push_back(range_of_record(record_offset));
    std::ranges::sort(ranges, {}, &byte_range::first);
    running_checksum sum;
    std::uint64_t at = 0;
    for (auto const& gap : ranges) {
        if (gap.first > at) add_bytes(sum, from, {at, gap.first});
        at = std::max(at, gap.last);
    }
    if (n_bytes > at) add_bytes(sum, from, {at, n_bytes});
    return sum.value();
}

template <typename T>
T value_at(file const& from, std::uint64_t offset) {
    T value{};
    from.read_at(offset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

// Where HDF5's part ends, by its superblock of version 2 or 3; nothing if that is another.
// HDF5 File Format Specification, II.A.
std::optional<std::uint64_t> end_in_superblock(std::array<unsigned char, 48> const& block) {
    bool const known = block[8] >= 2 && block[8] <= 3 && block[9] == 8;
    if (!known) return std::nullopt;
    std::uint64_t end = 0;
    std::memcpy(&end, &block[28], sizeof end);
    return end;
}

// The table's ranges; damaged if they cannot be.
std::vector<byte_range> read_ranges(file const& from,
                                    std::filesystem::path const& path,
                                    seal_footer const& footer,
                                    std::uint64_t n_bytes) {
    auto const table_bytes = n_bytes - sizeof footer;
    auto const begin = footer.hdf5_bytes;
    bool const fits =
        begin <= table_bytes && (table_bytes - begin) / sizeof(byte_range) == footer.n_ranges
        && (table_bytes - begin) % sizeof(byte_range) == 0 && begin >= sizeof(checkpoint_record)
        && footer.record_offset <= begin - sizeof(checkpoint_record);
    if (!fits) damaged(path, "its last bytes");
    std::vector<byte_range> ranges(footer.n_ranges);
    from.read_at(begin, std::as_writable_bytes(std::span(ranges)));
    for (auto const& each : ranges) {
        if (each.first > each.last || each.last > begin) damaged(path, "its last bytes");
    }
    return ranges;
}

} // namespace

std::vector<std::byte> seal_table(checkpoint_file const& of) {
    auto const ranges = payload_ranges(of);
    seal_footer const footer{of.record_offset, ranges.size(), of.n_bytes, seal_mark};
    auto const first = std::as_bytes(std::span(ranges));
    auto const second = std::as_bytes(std::span(&footer, 1));
    std::vector<std::byte> table(first.begin(), first.end());
    table.insert(table.end(), second.begin(), second.end());
    return table;
}

checksum structure_checksum(std::filesystem::path const& path, checkpoint_file const& of) {
    return checksum_outside(
        file(path, file::mode::read), payload_ranges(of), of.record_offset, of.n_bytes);
}

bool is_sealed(std::filesystem::path const& path) {
    if (std::filesystem::is_directory(path)) return false;
    file const from(path, file::mode::read);
    auto const n_bytes = from.n_bytes();
    std::array<unsigned char, 48> superblock{};
    if (n_bytes < superblock.size() + sizeof(seal_footer)) return false;
    from.read_at(0, std::as_writable_bytes(std::span(superblock)));
    if (!std::equal(hdf5_signature.begin(), hdf5_signature.end(), superblock.begin())) return false;
    auto const footer = value_at<seal_footer>(from, n_bytes - sizeof(seal_footer));
    if (footer.mark != seal_mark) {
        auto const end = end_in_superblock(superblock);
        if (end && *end < n_bytes) damaged(path, "its last bytes");
        return false;
    }
    auto const ranges = read_ranges(from, path, footer, n_bytes);
    auto const record = value_at<checkpoint_record>(from, footer.record_offset);
    bool const same =
        record.n_bytes == n_bytes
        && record.structure == checksum_outside(from, ranges, footer.record_offset, n_bytes);
    if (!same) damaged(path, "whose checksum differs");
    return true;
}

bool is_as_written(std::filesystem::path const& path, checkpoint_file const& found, bool sealed) {
    if (found.record_offset == 0) return false;
    file const from(path, file::mode::read);
    auto const record = value_at<checkpoint_record>(from, found.record_offset);
    if (sealed && record.n_blocks != found.n_blocks) damaged(path, "its record");
    if (record.n_bytes != found.n_bytes || record.n_blocks != found.n_blocks) return false;
    if (!sealed) return record.structure == structure_checksum(path, found);
    auto const footer = value_at<seal_footer>(from, found.n_bytes - sizeof(seal_footer));
    return footer.record_offset == found.record_offset
           && read_ranges(from, path, footer, found.n_bytes) == payload_ranges(found);
}

} // namespace shmwin::inline v1::detail
