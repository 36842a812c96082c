// SPDX-License-Identifier: MIT
#include "io/payload.hpp"

#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/text.hpp"

#include "io/file.hpp"
#include "io/mapped_file.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t piece_bytes = std::size_t{2} << 20U;
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

// Writes what is added, in pieces that end at multiples of 2 MiB in the file: the page cache then
// holds it in pages of that size, which are read faster. Starts writing back as it goes.
class piece_writer {
  public:
    explicit piece_writer(file const& target) : target_(target) {}

    void add(std::uint64_t offset, std::span<std::byte const> bytes) {
        bool const follows = offset == offset_ + pending_.size()
                             && bytes.data() == pending_.data() + pending_.size();
        if (!follows) {
            finish();
            offset_ = not_written_back_ = offset;
            pending_ = bytes.first(0);
        }
        pending_ = {pending_.data(), pending_.size() + bytes.size()};
        for (;;) {
            auto const n = piece_bytes - offset_ % piece_bytes;
            if (n > pending_.size()) return;
            write(n);
            if (offset_ - not_written_back_ >= write_back_bytes) write_back();
        }
    }
    void finish() {
        write(pending_.size());
        write_back();
    }

  private:
    void write(std::size_t n_bytes) {
        target_.write_at(offset_, pending_.first(n_bytes));
        offset_ += n_bytes;
        pending_ = pending_.subspan(n_bytes);
    }
    void write_back() {
        if (offset_ > not_written_back_) {
            target_.start_write_back(not_written_back_, offset_ - not_written_back_);
        }
        not_written_back_ = offset_;
    }

    file const& target_;
    std::span<std::byte const> pending_;
    std::uint64_t offset_ = 0; ///< of what is pending, in the file
    std::uint64_t not_written_back_ = 0;
};

// Blocks of a file, from where they are in the page cache, or else through read(2).
class block_reader {
  public:
    explicit block_reader(std::filesystem::path const& path)
        : source_(path, file::mode::read), mapped_(source_) {}

    // The block's checksum; `target` gets its bytes, unless it is null.
    checksum read(std::uint64_t offset, std::size_t n_bytes, std::byte* target) {
        auto const seen = mapped_.at(offset, n_bytes);
        if (!seen.empty()) {
            return target == nullptr ? checksum_of(seen) : copy_with_checksum(target, seen);
        }
        if (target == nullptr) {
            buffer_.resize(checksum_block_bytes);
            target = buffer_.data();
        }
        source_.read_at(offset, {target, n_bytes});
        return checksum_of({target, n_bytes});
    }

  private:
    file source_;
    mapped_file mapped_;
    std::vector<std::byte> buffer_;
};

} // namespace

void write_payload(std::filesystem::path const& path,
                   std::byte const* base,
                   std::span<payload_part const> parts,
                   std::uint64_t checksums_offset,
                   range mine) {
    if (mine.empty()) return;
    file const target(path, file::mode::write);
    piece_writer pieces(target);
    std::vector<checksum> sums;
    sums.reserve(static_cast<std::size_t>(mine.size()));
    for_each_block(parts, mine, [&](block const& each) {
        std::span const bytes(base + each.in_memory, each.n_bytes);
        sums.push_back(checksum_of(bytes)); // and now the bytes are in the cache for the copy
        pieces.add(each.in_file, bytes);
    });
    pieces.finish();
    auto const at = checksums_offset + static_cast<std::uint64_t>(mine.first) * sizeof(checksum);
    target.write_at(at, std::as_bytes(std::span(sums)));
}

std::vector<damaged_block> read_payload(std::filesystem::path const& path,
                                        heap const* target,
                                        std::span<payload_part const> parts,
                                        std::span<checksum const> expected,
                                        range mine) {
    std::vector<damaged_block> damage;
    if (mine.empty()) return damage;
    block_reader source(path);
    for_each_block(parts, mine, [&](block const& each) {
        std::byte* to = nullptr;
        if (target != nullptr) {
            target->make_present(each.in_memory, each.n_bytes);
            to = target->where().at(each.in_memory);
        }
        auto const sum = source.read(each.in_file, each.n_bytes, to);
        if (sum == expected[each.number] || damage.size() >= most_damage) return;
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
