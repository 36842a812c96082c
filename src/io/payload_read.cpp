// SPDX-License-Identifier: MIT
#include "shmwin/base/text.hpp"

#include "io/chunk_reader.hpp"
#include "io/fail_point.hpp"
#include "io/file.hpp"
#include "io/mapped_file.hpp"
#include "io/payload.hpp"
#include "io/payload_blocks.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t most_damage = 100;

// Blocks of a file: compressed ones inflated, others from where they are in the page cache, or else
// through read(2).
class block_reader {
  public:
    explicit block_reader(std::filesystem::path const& path)
        : source_(path, file::mode::read), mapped_(source_) {}

    // The block's checksum; `target` gets its bytes, unless it is null. Nothing if it cannot be
    // inflated.
    std::optional<checksum> read(block const& which, std::byte* target) {
        if (which.part.chunks != nullptr) return inflate(which, target);
        auto const seen = mapped_.at(which.in_file(), which.n_bytes);
        if (!seen.empty()) {
            return target == nullptr ? checksum_of(seen) : copy_with_checksum(target, seen);
        }
        auto const bytes = room_for(which, target);
        source_.read_at(which.in_file(), bytes);
        return checksum_of(bytes);
    }

  private:
    std::span<std::byte> room_for(block const& which, std::byte* target) {
        if (target != nullptr) return {target, which.n_bytes};
        buffer_.resize(checksum_block_bytes);
        return std::span(buffer_).first(which.n_bytes);
    }

    std::optional<checksum> inflate(block const& which, std::byte* target) {
        if (!inflated_ || part_ != &which.part) inflated_.emplace(source_, which.part.chunks);
        part_ = &which.part;
        auto const bytes = room_for(which, target);
        if (!inflated_->read(which.begin, bytes)) return std::nullopt;
        return checksum_of(bytes);
    }

    file source_;
    mapped_file mapped_;
    std::vector<std::byte> buffer_;
    std::optional<chunk_reader> inflated_;
    payload_part const* part_ = nullptr; ///< whose chunks
};

void make_present(block const& each) {
    if (each.part.holder == nullptr) return;
    each.part.memory.for_each_run(each.begin, each.n_bytes, [&](std::span<std::byte> run) {
        each.part.holder->make_present(each.part.holder->offset_of(run.data()), run.size());
    });
}

} // namespace

std::vector<damaged_block> read_payload(std::filesystem::path const& path,
                                        std::span<payload_part const> parts,
                                        std::span<checksum const> expected) {
    std::vector<damaged_block> damage;
    if (has_nothing(parts)) return damage;
    block_reader source(path);
    block_in_memory memory;
    for_each_block(parts, [&](block const& each) {
        fail_point(step::read_block, moment::before);
        std::span<std::byte> to;
        if (!each.part.memory.is_nowhere()) {
            make_present(each);
            to = memory.of(each);
        }
        auto const sum = source.read(each, to.data());
        if (!to.empty() && memory.is_buffer(to)) each.part.memory.scatter(each.begin, to);
        fail_point(step::read_block, moment::after);
        if (sum == expected[each.number] || damage.size() >= most_damage) return;
        damage.push_back({each.part_number, each.index});
    });
    return damage;
}

std::vector<damaged_block> check_memory(std::span<payload_part const> parts,
                                        std::span<checksum const> expected) {
    std::vector<damaged_block> damage;
    block_in_memory memory;
    for_each_block(parts, [&](block const& each) {
        auto const sum = checksum_of(memory.gathered(each));
        if (sum == expected[each.number] || damage.size() >= most_damage) return;
        damage.push_back({each.part_number, each.index});
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
