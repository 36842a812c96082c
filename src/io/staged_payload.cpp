// SPDX-License-Identifier: MIT
#include "io/staged_payload.hpp"

#include "io/fail_point.hpp"
#include "io/payload_blocks.hpp"

#include <algorithm>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t line = 64;
constexpr std::uint64_t page = staging_ring::alignment;

std::uint64_t round_up(std::uint64_t n, std::uint64_t unit) {
    return (n + unit - 1) / unit * unit;
}

// This rank's blocks of a part at once: the more, the nearer to the speed of memory.
void copy_blocks(payload_part const& part, std::byte* to) {
    if (part.mine.empty()) return;
    auto const first = static_cast<std::uint64_t>(part.mine.first) - part.first_block;
    auto const begin = first * checksum_block_bytes;
    auto const n_blocks = static_cast<std::uint64_t>(part.mine.size());
    auto const n = std::min<std::uint64_t>(n_blocks * checksum_block_bytes, part.n_bytes - begin);
    auto const* const from = part.memory.contiguous(begin, n);
    if (from != nullptr) {
        std::memcpy(to + begin, from, n);
    } else {
        part.memory.gather(begin, {to + begin, n});
    }
}

} // namespace

staged_payload::staged_payload(save_plan const& plan,
                               checkpoint_options const& options,
                               int n_ranks) {
    for (auto const& each : plan.parts) {
        is_staged_.push_back(each.in_place == 0);
        if (each.in_place != 0) {
            places_.push_back(0);
            continue;
        }
        n_bytes_ = round_up(n_bytes_, each.n_bytes >= page ? page : line);
        places_.push_back(n_bytes_);
        n_bytes_ += each.n_bytes;
    }
    if (options.staging != staging::bounded || n_bytes_ <= options.staging_bytes) return;
    shape_ = staging_ring::shape_for(n_ranks, options.staging_bytes, checksum_block_bytes);
    n_bytes_ = staging_ring::n_bytes(*shape_);
}

std::optional<staging_ring> staged_payload::ring(std::byte* area) const {
    if (!shape_) return std::nullopt;
    return staging_ring(area, *shape_);
}

void staged_payload::copy(std::span<payload_part const> mine,
                          int rank,
                          std::byte* area,
                          function_ref<void(waitable&, std::uint32_t)> wait) const {
    if (!shape_) {
        for (std::size_t i = 0; i < mine.size(); ++i) {
            if (!is_staged_[i]) continue;
            at(step::stage_block, [&] { copy_blocks(mine[i], area + places_[i]); });
        }
        return;
    }
    staging_ring const to(area, *shape_);
    staging_ring::filler lane(to, rank, wait);
    for_each_block(mine, [&](block const& each) {
        auto const n = static_cast<std::uint32_t>(each.n_bytes);
        at(step::stage_block, [&] {
            each.part.memory.gather(each.begin, lane.add({each.part_number, each.begin, n, 0}));
        });
    });
    lane.end();
}

std::vector<payload_part> staged_payload::parts(save_plan const& plan,
                                                std::span<payload_part const> mine,
                                                std::byte* area) const {
    std::vector<payload_part> all;
    for (std::size_t i = 0; i < plan.parts.size(); ++i) {
        auto const& each = plan.parts[i];
        payload_part part{
            {}, each.n_bytes, each.file_offset, each.first_block, {}, nullptr, true, mine[i].name};
        if (!is_staged_[i]) {
            part.memory = mine[i].memory;
            part.mine = all_blocks(part);
        } else if (!shape_) {
            part.memory = payload_source(std::span(area + places_[i], each.n_bytes));
            part.mine = all_blocks(part);
        }
        all.push_back(std::move(part));
    }
    return all;
}

} // namespace shmwin::inline v1::detail
