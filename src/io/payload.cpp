// SPDX-License-Identifier: MIT
#include "io/payload.hpp"

#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/text.hpp"

#include "io/file.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t write_back_bytes = std::size_t{16} << 20U;
constexpr std::size_t most_damage = 100;

struct block {
    std::uint64_t part;
    std::uint64_t index;     ///< within the part
    std::uint64_t number;    ///< among all
    std::uint64_t in_memory; ///< offset in the segment
    std::uint64_t in_file;
    std::size_t n_bytes;
};

// Calls `f` for the blocks with the numbers of `mine`, in their order in the file.
void for_each_block(std::span<payload_part const> parts,
                    range mine,
                    function_ref<void(block const&)> f) {
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        auto const& part = parts[p];
        auto const n_blocks = (part.n_bytes + checksum_block_bytes - 1) / checksum_block_bytes;
        auto const first = static_cast<std::int64_t>(part.first_block);
        for (auto const number : mine.clip(first, first + static_cast<std::int64_t>(n_blocks))) {
            auto const index = static_cast<std::uint64_t>(number - first);
            auto const begin = index * checksum_block_bytes;
            f({p,
               index,
               static_cast<std::uint64_t>(number),
               part.memory_offset + begin,
               part.file_offset + begin,
               std::min<std::size_t>(checksum_block_bytes, part.n_bytes - begin)});
        }
    }
}

// Starts writing back in pieces that are large enough to pay.
class write_back {
  public:
    explicit write_back(file const& target) : target_(target) {}

    void wrote(std::uint64_t offset, std::size_t n_bytes) {
        if (offset != last_) flush();
        if (first_ == last_) first_ = offset;
        last_ = offset + n_bytes;
        if (last_ - first_ >= write_back_bytes) flush();
    }
    void flush() {
        if (last_ > first_) target_.start_write_back(first_, last_ - first_);
        first_ = last_;
    }

  private:
    file const& target_;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
};

} // namespace

void write_payload(std::filesystem::path const& path,
                   std::byte const* base,
                   std::span<payload_part const> parts,
                   std::uint64_t checksums_offset,
                   range mine) {
    if (mine.empty()) return;
    file const target(path, file::mode::write);
    write_back pace(target);
    std::vector<checksum> sums;
    sums.reserve(static_cast<std::size_t>(mine.size()));
    for_each_block(parts, mine, [&](block const& each) {
        std::span const bytes(base + each.in_memory, each.n_bytes);
        sums.push_back(checksum_of(bytes)); // and now the bytes are in the cache for the copy
        target.write_at(each.in_file, bytes);
        pace.wrote(each.in_file, each.n_bytes);
    });
    pace.flush();
    auto const at = checksums_offset + static_cast<std::uint64_t>(mine.first) * sizeof(checksum);
    target.write_at(at, std::as_bytes(std::span(sums)));
}

std::vector<damaged_block> read_payload(std::filesystem::path const& path,
                                        std::byte* base,
                                        std::span<payload_part const> parts,
                                        std::span<checksum const> expected,
                                        range mine) {
    std::vector<damaged_block> damage;
    if (mine.empty()) return damage;
    file const source(path, file::mode::read);
    std::vector<std::byte> buffer(base == nullptr ? checksum_block_bytes : 0);
    for_each_block(parts, mine, [&](block const& each) {
        auto* const target = base == nullptr ? buffer.data() : base + each.in_memory;
        std::span const bytes(target, each.n_bytes);
        source.read_at(each.in_file, bytes);
        if (checksum_of(bytes) == expected[each.number] || damage.size() >= most_damage) return;
        damage.push_back({each.part, each.index});
    });
    return damage;
}

std::vector<damaged_block> check_memory(std::byte const* base,
                                        std::span<payload_part const> parts,
                                        std::span<checksum const> expected,
                                        range mine) {
    std::vector<damaged_block> damage;
    for_each_block(parts, mine, [&](block const& each) {
        std::span const bytes(base + each.in_memory, each.n_bytes);
        if (checksum_of(bytes) == expected[each.number] || damage.size() >= most_damage) return;
        damage.push_back({each.part, each.index});
    });
    return damage;
}

std::vector<std::string> describe_damage(std::vector<damaged_block> const& damage,
                                         std::vector<stored_object> const& objects) {
    std::vector<std::string> lines;
    for (auto const& each : damage) {
        auto const& object = objects[each.part];
        auto const first = each.block * checksum_block_bytes;
        auto const last = std::min<std::uint64_t>(first + checksum_block_bytes, object.n_bytes) - 1;
        lines.push_back(
            text(object.name, ", block ", each.block, " (bytes ", first, " to ", last, ")"));
    }
    return lines;
}

} // namespace shmwin::inline v1::detail
