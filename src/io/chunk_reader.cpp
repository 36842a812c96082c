// SPDX-License-Identifier: MIT
#include "io/chunk_reader.hpp"

#include <algorithm>
#include <cstring>

namespace shmwin::inline v1::detail {

bool chunk_reader::read(std::uint64_t begin, std::span<std::byte> to) {
    auto const& grid = chunks_->grid;
    while (!to.empty()) {
        auto const number = grid.chunk_at(begin);
        if (number_ != number && !fetch(number)) return false;
        auto const range = grid.range_of(number);
        auto const skipped = static_cast<std::size_t>(begin - range.begin);
        auto const n = std::min(to.size(), range.n_bytes - skipped);
        std::memcpy(to.data(), &kept_[skipped], n);
        to = to.subspan(n);
        begin += n;
    }
    return true;
}

bool chunk_reader::fetch(std::uint64_t number) {
    number_.reset();
    auto const& where = chunks_->all[number];
    auto const compressed = inflater_.room(where.n_bytes);
    from_.read_at(where.offset, compressed);
    if (checksum_of(compressed) != where.sum) return false;
    kept_ = inflater_.inflate(chunks_->grid.chunk_bytes(), chunks_->grid.element_bytes);
    if (!kept_.empty()) number_ = number;
    return !kept_.empty();
}

} // namespace shmwin::inline v1::detail
