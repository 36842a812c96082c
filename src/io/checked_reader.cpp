// SPDX-License-Identifier: MIT
#include "io/checked_reader.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/payload.hpp"

#include <algorithm>
#include <cstring>

namespace shmwin::inline v1::detail {

void checked_reader::read(std::uint64_t begin, std::span<std::byte> to) {
    while (!to.empty()) {
        auto const block = begin / checksum_block_bytes;
        if (bytes_.empty() || block != block_) fetch(block);
        auto const at = static_cast<std::size_t>(begin % checksum_block_bytes);
        auto const n = std::min(to.size(), bytes_.size() - at);
        std::memcpy(to.data(), &bytes_[at], n);
        to = to.subspan(n);
        begin += n;
    }
}

void checked_reader::fetch(std::uint64_t block) {
    auto const begin = block * checksum_block_bytes;
    bytes_.resize(std::min<std::uint64_t>(checksum_block_bytes, object_.n_bytes - begin));
    bool const is_there = reader_.read(begin, bytes_);
    block_ = block;
    auto const& expected = file_.checksums;
    bool const is_right =
        is_there && (!check_ || checksum_of(bytes_) == expected[object_.first_block + block]);
    if (is_right) return;
    bytes_.clear();
    raise(errc::damaged,
          text("checkpoint is damaged (",
               file_.info.file.native(),
               ": ",
               describe_damage({{0, block}}, {object_}).front(),
               "; `shmwin verify` lists all, --unchecked takes what is there)"));
}

} // namespace shmwin::inline v1::detail
