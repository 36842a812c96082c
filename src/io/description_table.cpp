// SPDX-License-Identifier: MIT
#include "io/description_table.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/object_info.hpp"

#include <unordered_map>
#include <utility>

namespace shmwin::inline v1::detail {

static_assert(sizeof(description_table::row) == 24, "its checksum is that of its members");

description_table::description_table(std::span<stored_object const> objects) {
    std::unordered_map<std::string, std::uint32_t> numbers;
    auto const number_of = [&](std::string const& word) {
        auto const [at, is_new] = numbers.emplace(word, static_cast<std::uint32_t>(words_.size()));
        if (is_new) words_.push_back(word);
        return at->second;
    };
    rows_.reserve(objects.size());
    for (auto const& each : objects) {
        rows_.push_back({number_of(std::string(name(each.kind))),
                         number_of(each.type),
                         static_cast<std::int32_t>(each.order),
                         each.n_levels,
                         each.first_block});
    }
}

description_table::description_table(std::vector<row> rows, std::vector<std::string> words)
    : rows_(std::move(rows)), words_(std::move(words)) {}

checksum description_table::sum() const {
    running_checksum all;
    all.add(std::as_bytes(std::span(rows_)));
    for (auto const& each : words_) {
        all.add(std::as_bytes(std::span(each.c_str(), each.size() + 1)));
    }
    return all.value();
}

said_of_object description_table::at(std::size_t object, std::filesystem::path const& path) const {
    bool const is_there = object < rows_.size() && rows_[object].kind < words_.size()
                          && rows_[object].type < words_.size();
    if (!is_there) {
        raise(errc::damaged,
              text("checkpoint is damaged (",
                   path.native(),
                   ": its table of objects says nothing of object ",
                   object,
                   ")"));
    }
    auto const& one = rows_[object];
    return {words_[one.kind], words_[one.type], one.layout, one.n_levels, one.first_block};
}

h5_handle description_table::row_type() {
    h5_handle type(H5Tcreate(H5T_COMPOUND, sizeof(row)), H5Tclose);
    H5Tinsert(type.get(), "kind", offsetof(row, kind), H5T_STD_U32LE);
    H5Tinsert(type.get(), "type", offsetof(row, type), H5T_STD_U32LE);
    H5Tinsert(type.get(), "layout", offsetof(row, layout), H5T_STD_I32LE);
    H5Tinsert(type.get(), "levels", offsetof(row, n_levels), H5T_STD_I32LE);
    H5Tinsert(type.get(), "first_block", offsetof(row, first_block), H5T_STD_U64LE);
    return type;
}

} // namespace shmwin::inline v1::detail
