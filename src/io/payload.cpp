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
    payload_part const& part;
    std::uint64_t part_number;
    std::uint64_t index;  ///< within the part
    std::uint64_t number; ///< among all
    std::uint64_t begin;  ///< in the object
    std::size_t n_bytes;

    [[nodiscard]] std::uint64_t in_file() const noexcept { return part.file_offset + begin; }
};

bool has_nothing(std::span<payload_part const> parts) {
    return std::ranges::all_of(parts, [](auto const& each) { return each.mine.empty(); });
}

// Calls `f` for this rank's blocks, in their order in the file.
void for_each_block(std::span<payload_part const> parts, function_ref<void(block const&)> f) {
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        auto const& part = parts[p];
        for (auto const i : part.mine) {
            auto const number = static_cast<std::uint64_t>(i);
            auto const index = number - part.first_block;
            auto const begin = index * checksum_block_bytes;
            auto const n_bytes = std::min<std::size_t>(checksum_block_bytes, part.n_bytes - begin);
            f({part, p, index, number, begin, n_bytes});
        }
    }
}

// A block's bytes where they are, or else in a buffer.
class block_in_memory {
  public:
    [[nodiscard]] std::span<std::byte> of(block const& each) {
        auto* const there = each.part.memory.contiguous(each.begin, each.n_bytes);
        if (there != nullptr) return {there, each.n_bytes};
        buffer_.resize(checksum_block_bytes);
        return std::span(buffer_).first(each.n_bytes);
    }
    [[nodiscard]] bool is_buffer(std::span<std::byte const> bytes) const noexcept {
        return bytes.data() == buffer_.data();
    }
    [[nodiscard]] std::span<std::byte> gathered(block const& each) {
        auto const bytes = of(each);
        if (is_buffer(bytes)) each.part.memory.gather(each.begin, bytes);
        return bytes;
    }

  private:
    std::vector<std::byte> buffer_;
};

// Writes what is added, in pieces that end at multiples of 2 MiB in the file: the page cache then
// holds it in pages of that size, which are read faster. Starts writing back as it goes.
class piece_writer {
  public:
    explicit piece_writer(file const& target) : target_(target) {}

    void add(std::uint64_t offset, std::span<std::byte const> bytes) {
        if (bytes.data() != pending_.data() + pending_.size()) {
            flush();
            pending_ = bytes.first(0);
        }
        if (offset != offset_ + pending_.size()) {
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
    // Afterwards the bytes that were added may change.
    void flush() { write(pending_.size()); }
    void finish() {
        flush();
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

void make_present(block const& each) {
    if (each.part.holder == nullptr) return;
    each.part.memory.for_each_run(each.begin, each.n_bytes, [&](std::span<std::byte> run) {
        each.part.holder->make_present(each.part.holder->offset_of(run.data()), run.size());
    });
}

} // namespace

void write_payload(std::filesystem::path const& path,
                   std::span<payload_part const> parts,
                   std::uint64_t checksums_offset) {
    if (has_nothing(parts)) return;
    file const target(path, file::mode::write);
    piece_writer pieces(target);
    checksum_writer sums(target, checksums_offset);
    block_in_memory memory;
    for_each_block(parts, [&](block const& each) {
        auto const bytes = memory.gathered(each);
        sums.add(each.number,
                 checksum_of(bytes)); // and now the bytes are in the cache for the copy
        pieces.add(each.in_file(), bytes);
        if (memory.is_buffer(bytes)) pieces.flush(); // the next block comes there
    });
    pieces.finish();
    sums.finish();
}

std::vector<damaged_block> read_payload(std::filesystem::path const& path,
                                        std::span<payload_part const> parts,
                                        std::span<checksum const> expected) {
    std::vector<damaged_block> damage;
    if (has_nothing(parts)) return damage;
    block_reader source(path);
    block_in_memory memory;
    for_each_block(parts, [&](block const& each) {
        std::span<std::byte> to;
        if (!each.part.memory.is_nowhere()) {
            make_present(each);
            to = memory.of(each);
        }
        auto const sum = source.read(each.in_file(), each.n_bytes, to.data());
        if (!to.empty() && memory.is_buffer(to)) each.part.memory.scatter(each.begin, to);
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
