// SPDX-License-Identifier: MIT
// Objects whose every word follows from their name and a number, so that half of one is found out:
// what the tests of the directory construct and find.
#pragma once

#include "shmwin/base/hash.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::test {

struct named_object {
    std::array<std::uint64_t, 12> words;

    [[nodiscard]] std::uint64_t number() const noexcept { return words[0]; }
};

inline detail::object_record record_of(std::string_view name) {
    detail::object_record record{};
    record.name_hash = detail::hash(name);
    record.type_hash = 7;
    record.n_bytes = sizeof(named_object);
    record.kind = object_kind::object;
    std::copy_n("here.cpp", 8, record.file.data());
    std::copy_n(name.data(), name.size(), record.name.data());
    return record;
}

inline void construct_object(void* at, std::string_view name, std::uint64_t number) {
    auto& made = *static_cast<named_object*>(at);
    made.words[0] = number;
    for (std::size_t i = 1; i < made.words.size(); ++i) {
        made.words.at(i) = detail::hash_with(detail::hash(name) + number, i);
    }
}

/// find_or_construct() of such an object, with more to do in its constructor.
template <typename More>
detail::directory_made find_or_construct(detail::directory const& names,
                                         std::string_view name,
                                         std::uint64_t number,
                                         More const& more) {
    auto record = record_of(name);
    record.creator = static_cast<int>(number);
    return names.find_or_construct(record, 8, shared_pages::policy(), [&](void* at) {
        more();
        construct_object(at, name, number);
    });
}

inline detail::directory_made
find_or_construct(detail::directory const& names, std::string_view name, std::uint64_t number = 0) {
    return find_or_construct(names, name, number, [] {});
}

inline named_object const& object_at(heap const& memory, detail::directory_entry const& where) {
    return *static_cast<named_object const*>(memory.at(where.record.offset));
}

[[nodiscard]] inline bool is_whole(heap const& memory, detail::directory_entry const& where) {
    auto const& found = object_at(memory, where);
    named_object expected{};
    construct_object(&expected, where.record.name_text(), found.number());
    return found.words == expected.words;
}

/// As segments destroy an object: the name first, then the memory.
inline bool
destroy(detail::directory const& names, heap const& memory, detail::directory_entry const& which) {
    auto const gone = names.erase(which.index, which.record.generation);
    if (gone) memory.deallocate(memory.at(gone->offset));
    return gone.has_value();
}

[[nodiscard]] inline std::vector<std::string> names_in(detail::directory const& names) {
    std::vector<std::string> all;
    for (auto const& each : names.list()) {
        all.emplace_back(each.record.name_text());
    }
    return all;
}

/// True if somebody sleeps in the parking lot.
[[nodiscard]] inline bool somebody_is_parked(shared_pages const& pages) {
    auto const lines = pages.where().as<detail::parking_line>(detail::section_id::parking_lot);
    return std::ranges::any_of(
        lines, [](auto const& each) { return each.sequence.n_sleepers.load() != 0; });
}

} // namespace shmwin::test
