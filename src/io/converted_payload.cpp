// SPDX-License-Identifier: MIT
#include "io/converted_payload.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/conversion.hpp"
#include "io/datatype.hpp"
#include "io/object_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::int64_t blocks_at_once = 8;
constexpr std::size_t most_damage = 100;

// Between numbers of this machine.
class element_converter {
  public:
    element_converter(dtype const& from, dtype const& to)
        : from_(h5_type_of(from)),
          to_(h5_type_of(to)),
          from_bytes_(from.n_bytes()),
          to_bytes_(to.n_bytes()) {}

    // The converted elements; valid until the next call.
    // Nothing if one does not fit: see why().
    [[nodiscard]] std::span<std::byte const> convert(std::span<std::byte const> elements) {
        auto const n = elements.size() / from_bytes_;
        buffer_.resize(n * std::max(from_bytes_, to_bytes_)); // in place
        background_.resize(buffer_.size());
        std::ranges::copy(elements, buffer_.begin());
        bool const is_done =
            H5Tconvert(
                from_.get(), to_.get(), n, buffer_.data(), background_.data(), watch_.transfer())
            >= 0;
        return is_done ? std::span(buffer_).first(n * to_bytes_) : std::span<std::byte>();
    }
    [[nodiscard]] char const* why() const noexcept { return watch_.why(); }

    // HDF5 does not tell which one it was.
    [[nodiscard]] std::size_t first_misfit(std::span<std::byte const> elements) {
        auto const n = elements.size() / from_bytes_;
        for (std::size_t i = 0; i < n; ++i) {
            if (convert(elements.subspan(i * from_bytes_, from_bytes_)).empty()) return i;
        }
        return n;
    }

  private:
    h5_handle from_;
    h5_handle to_;
    std::size_t from_bytes_;
    std::size_t to_bytes_;
    exact_conversion watch_;
    std::vector<std::byte> buffer_;
    std::vector<std::byte> background_;
};

dtype element_of(converted_part const& part) {
    return *dtype_of_signature(part.object.type);
}

// Of the element that is the n-th in the file: "(2, 7)".
std::string index_text(stored_object const& object, std::uint64_t n) {
    auto const& shape = object.shape;
    std::vector<std::int64_t> index(shape.size());
    for (std::size_t i = 0; i < shape.size(); ++i) { // the fastest first
        auto const d = object.order == memory_order_kind::left ? i : shape.size() - 1 - i;
        auto const extent = static_cast<std::uint64_t>(shape[d]);
        index[d] = static_cast<std::int64_t>(n % extent);
        n /= extent;
    }
    std::string all;
    for (auto const each : index) {
        all += text(all.empty() ? "(" : ", ", each);
    }
    return all + (all.empty() ? "()" : ")");
}

[[noreturn]] void raise_misfit(converted_part const& part, std::uint64_t n, char const* why) {
    raise(errc::out_of_range,
          text("value does not fit (\"",
               part.object.object_name(),
               "\" at ",
               index_text(part.object, n),
               ": ",
               why == nullptr ? "HDF5 does not convert it" : why,
               "; ",
               part.object.type,
               " into ",
               part.to.signature(),
               ")"));
}

// One part's blocks of this rank.
class part_converter {
  public:
    part_converter(std::filesystem::path const& path,
                   converted_part const& part,
                   std::span<checksum const> expected,
                   conversion how)
        : path_(path),
          part_(part),
          expected_(expected),
          how_(how),
          from_bytes_(element_of(part).n_bytes()),
          converter_(element_of(part), part.to) {}

    void run(std::vector<damaged_block>& damage, std::uint64_t part_number) {
        auto const mine = part_.file.mine;
        for (auto first = mine.first; first < mine.last; first += blocks_at_once) {
            range const some{first, std::min(first + blocks_at_once, mine.last)};
            auto const bytes = room_for(some);
            for (auto const& each : read(some, bytes)) {
                damage.push_back({part_number, each.block});
            }
            if (damage.size() >= most_damage) return;
            if (damage.empty()) convert(begin_of(some), bytes);
        }
    }

  private:
    [[nodiscard]] std::uint64_t begin_of(range blocks) const {
        return (static_cast<std::uint64_t>(blocks.first) - part_.file.first_block)
               * checksum_block_bytes;
    }

    // What these blocks are in the file, as a part of its own.
    [[nodiscard]] payload_part part_of(range blocks, std::span<std::byte> bytes) const {
        auto some = part_.file;
        some.memory = payload_source(bytes);
        some.n_bytes = bytes.size();
        some.file_offset += begin_of(blocks);
        some.first_block = static_cast<std::uint64_t>(blocks.first);
        some.mine = blocks;
        some.holder = nullptr;
        return some;
    }

    [[nodiscard]] std::span<std::byte> room_for(range blocks) {
        auto const room = static_cast<std::uint64_t>(blocks.size()) * checksum_block_bytes;
        buffer_.resize(std::min(room, part_.file.n_bytes - begin_of(blocks)));
        return buffer_;
    }

    // Returns the damaged ones.
    [[nodiscard]] std::vector<damaged_block> read(range blocks, std::span<std::byte> bytes) {
        auto const some = part_of(blocks, bytes);
        std::vector<damaged_block> damage;
        if (part_.object.is_contiguous()) {
            damage = read_payload(path_, std::span(&some, 1), expected_);
        } else {
            if (!chunks_) chunks_.emplace(path_, part_.object);
            bool const is_there = chunks_->read(begin_of(blocks), bytes);
            damage = is_there ? check_memory(std::span(&some, 1), expected_) : all_of(blocks);
        }
        for (auto& each : damage) { // its numbers are those within the part
            each.block += static_cast<std::uint64_t>(blocks.first) - part_.file.first_block;
        }
        return damage;
    }

    // Of those that are read at once: which of them could not be inflated is not told.
    [[nodiscard]] static std::vector<damaged_block> all_of(range blocks) {
        std::vector<damaged_block> all;
        for (std::int64_t i = 0; i < blocks.size(); ++i) {
            all.push_back({0, static_cast<std::uint64_t>(i)});
        }
        return all;
    }

    void convert(std::uint64_t begin, std::span<std::byte const> bytes) {
        auto const first = begin / from_bytes_;
        auto const converted = converter_.convert(bytes);
        if (converted.empty()) {
            auto const index = first + converter_.first_misfit(bytes);
            raise_misfit(part_, index, converter_.why());
        }
        if (how_ == conversion::tried) return;
        auto const there = first * part_.to.n_bytes();
        if (part_.holder != nullptr) {
            part_.here.for_each_run(there, converted.size(), [&](std::span<std::byte> run) {
                part_.holder->make_present(part_.holder->offset_of(run.data()), run.size());
            });
        }
        part_.here.scatter(there, converted);
    }

    std::filesystem::path const& path_;
    converted_part const& part_;
    std::span<checksum const> expected_;
    conversion how_;
    std::size_t from_bytes_;
    element_converter converter_;
    std::vector<std::byte> buffer_;
    std::optional<object_reader> chunks_; ///< compressed, or as another tool stored it
};

} // namespace

std::vector<damaged_block> convert_payload(std::filesystem::path const& path,
                                           std::span<converted_part const> parts,
                                           std::span<checksum const> expected,
                                           conversion how) {
    h5_quiet const quiet;
    std::vector<damaged_block> damage;
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        part_converter(path, parts[p], expected, how).run(damage, p);
    }
    return damage;
}

} // namespace shmwin::inline v1::detail
