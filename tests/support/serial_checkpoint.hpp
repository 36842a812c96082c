// SPDX-License-Identifier: MIT
// A small checkpoint that is made and judged by one process without MPI: for tests that change
// each of its bytes.
#pragma once

#include "shmwin/base/error.hpp"

#include "io/checkpoint_file.hpp"
#include "io/payload.hpp"
#include "io/save_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shmwin::test {

/// Objects by name, and their bytes.
struct serial_object {
    detail::stored_object about;
    std::vector<std::byte> bytes;
};

inline serial_object serial_array(std::string name,
                                  std::string type,
                                  std::vector<std::int64_t> shape,
                                  std::size_t n_bytes) {
    serial_object made;
    made.about.name = std::move(name);
    made.about.type = std::move(type);
    made.about.order = memory_order_kind::right;
    made.about.shape = std::move(shape);
    made.about.n_bytes = n_bytes;
    made.bytes.resize(n_bytes);
    for (std::size_t i = 0; i < n_bytes; ++i) {
        made.bytes[i] = static_cast<std::byte>(i * 37 + 11);
    }
    return made;
}

/// Of the library's own saves, rank 0's part. Names in their order.
inline std::filesystem::path save_serially(std::filesystem::path const& store,
                                           std::vector<serial_object>& objects) {
    detail::checkpoint_names const names(store);
    checkpoint_info info;
    info.step = 3;
    info.n_ranks = 1;
    info.uuid = std::string(32, 'a');
    detail::save_file one(names, info, {.durable = false});
    std::vector<detail::stored_object> all;
    std::uint64_t n_blocks = 0;
    for (auto const& each : objects) {
        all.push_back(each.about);
        all.back().first_block = n_blocks;
        n_blocks += each.about.n_blocks();
    }
    one.create(all, false);
    std::vector<detail::payload_part> parts;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        auto const& made = one.structure().objects[i];
        auto const first = static_cast<std::int64_t>(made.first_block);
        detail::payload_part part;
        part.memory = detail::payload_source(std::span(objects[i].bytes));
        part.n_bytes = made.n_bytes;
        part.file_offset = made.file_offset;
        part.first_block = made.first_block;
        part.mine = range{first, first + static_cast<std::int64_t>(made.n_blocks())};
        parts.push_back(std::move(part));
    }
    static_cast<void>(
        detail::write_payload(one.temporary(), parts, one.structure().checksums_offset, nullptr));
    one.commit();
    return names.of_step(info.step);
}

struct serial_verdict {
    std::string said;                  ///< intact, repacked, or the name of an error
    std::vector<std::string> problems; ///< what it named
    std::map<std::string, std::vector<std::byte>> bytes;
};

/// What the library finds in a file, and what it would restore.
inline serial_verdict judge_serially(std::filesystem::path const& path) {
    serial_verdict verdict;
    try {
        auto const found = detail::read_checkpoint(path, true);
        std::vector<detail::payload_part> parts;
        for (auto const& each : found.objects) {
            auto const first = static_cast<std::int64_t>(each.first_block);
            auto& bytes = verdict.bytes[each.name];
            bytes.resize(each.is_contiguous() ? each.n_bytes : 0);
            detail::payload_part part;
            part.memory = detail::payload_source(std::span(bytes));
            part.n_bytes = bytes.size();
            part.file_offset = each.file_offset;
            part.first_block = each.first_block;
            part.mine = each.is_contiguous()
                            ? range{first, first + static_cast<std::int64_t>(each.n_blocks())}
                            : range{};
            parts.push_back(std::move(part));
        }
        auto const damage = detail::read_payload(path, parts, found.checksums);
        verdict.problems = detail::describe_damage(damage, found.objects);
        verdict.said = !damage.empty() ? "damaged" : found.as_written ? "intact" : "repacked";
    } catch (error const& failed) {
        verdict.said = name(failed.code());
        verdict.problems = {failed.what()};
    }
    return verdict;
}

} // namespace shmwin::test
