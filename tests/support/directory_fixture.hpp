// SPDX-License-Identifier: MIT
// A directory without names, and records of which a half would be found out.
#pragma once

#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <gmock/gmock.h>
#include <string>
#include <string_view>

namespace shmwin::test {

template <std::size_t N>
void put(std::array<char, N>& field, std::string_view text) {
    field.fill(0);
    std::copy_n(text.data(), std::min(text.size(), N - 1), field.data());
}

// A record all of whose fields follow from its name and a number: half of one is found out.
inline detail::object_record record_of(std::string_view name, std::uint64_t number = 0) {
    auto const mark = detail::hash_with(detail::hash(name), number);
    detail::object_record record{};
    record.name_hash = detail::hash(name);
    record.type_hash = number;
    record.created_ns = static_cast<std::int64_t>(mark);
    record.creator = static_cast<std::int32_t>(mark);
    record.line = static_cast<std::uint32_t>(mark >> 32U);
    record.kind = object_kind::array;
    record.n_extents = 8;
    for (std::size_t i = 0; i < 8; ++i) {
        record.extents.at(i) = static_cast<std::int64_t>(detail::hash_with(mark, i));
    }
    put(record.type, std::to_string(mark));
    put(record.file, std::to_string(~mark));
    put(record.name, name);
    return record;
}

// Equal but for what insert() sets.
inline bool is_whole(detail::object_record const& found, std::string_view name) {
    auto expected = record_of(name, found.type_hash);
    expected.generation = found.generation;
    return std::memcmp(&found, &expected, sizeof found) == 0;
}

inline bool erase(detail::directory const& names, detail::directory_place const& which) {
    return names.erase(which.index, which.generation).has_value();
}

// Generation of the object whose record stands there; 0 if none does.
inline std::uint32_t generation_of(detail::directory const& names, std::uint32_t index) {
    for (auto const& each : names.list()) {
        if (each.index == index) return each.record.generation;
    }
    return 0;
}

inline std::string numbered(std::uint64_t i) {
    return detail::text("fields/u", i);
}

struct directory_fixture : testing::Test {
    shared_pages pages{{.capacity = std::size_t{64} << 20U, .n_ranks = 8}};
    detail::directory names = pages.names(0);

    void expect_well() const {
        EXPECT_THAT(violations_of(names), testing::IsEmpty());
        EXPECT_THAT(pages.memory(0).verify().violations, testing::IsEmpty());
    }
};

} // namespace shmwin::test
