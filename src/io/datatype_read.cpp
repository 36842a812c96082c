// SPDX-License-Identifier: MIT
// HDF5 datatype to dtype: of files that other programs wrote.
#include "shmwin/base/text.hpp"

#include "io/conversion.hpp"
#include "io/datatype.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

made_dtype refused(std::string why) {
    return {std::nullopt, std::move(why)};
}

// Integers first: the wider characters look the same in a file.
std::optional<dtype> scalar_of(hid_t type) {
    std::optional<dtype> found;
    for_each_dtype([&](dtype const& each) {
        bool const is_number_in_files =
            each.kind() == dtype_kind::wide_character || each.kind() == dtype_kind::unicode;
        if (found || is_number_in_files || each.n_bytes() != H5Tget_size(type)) return;
        if (H5Tequal(type, h5_type_of(each).get()) > 0) found = each;
    });
    return found;
}

made_dtype string_of(hid_t type) {
    if (H5Tis_variable_str(type) > 0) return refused("text of variable length");
    if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) return refused("text padded with spaces");
    return make_string(H5Tget_size(type));
}

// NOLINTBEGIN(misc-no-recursion): as deep as the type
made_dtype type_of(hid_t type, std::size_t depth);

made_dtype enumeration_of(hid_t type) {
    h5_handle const base(H5Tget_super(type), H5Tclose);
    auto const underlying = scalar_of(base.get());
    if (!underlying) return refused(text("enumeration of ", describe_type(base.get())));
    std::deque<std::string> names;
    std::vector<dtype_enumerator> all;
    auto const unused = 64U - 8U * static_cast<unsigned>(underlying->n_bytes());
    for (int i = 0; i < H5Tget_nmembers(type); ++i) {
        std::uint64_t bits = 0;
        H5Tget_member_value(type, static_cast<unsigned>(i), &bits);
        auto value = static_cast<std::int64_t>(bits << unused);
        value = underlying->kind() == dtype_kind::signed_integer
                    ? value >> unused
                    : static_cast<std::int64_t>(static_cast<std::uint64_t>(value) >> unused);
        all.push_back({names.emplace_back(h5_member_name(type, i)), value});
    }
    return make_enumeration(*underlying, all);
}

made_dtype array_of(hid_t type, std::size_t depth) {
    h5_handle const base(H5Tget_super(type), H5Tclose);
    auto element = type_of(base.get(), depth);
    if (!element.type) return element;
    std::array<hsize_t, H5S_MAX_RANK> extents{};
    auto const n = H5Tget_array_dims2(type, extents.data());
    std::vector<std::int64_t> const all(extents.begin(), extents.begin() + std::max(0, n));
    return make_array(*element.type, all);
}

made_dtype structure_of(hid_t type, std::size_t depth) {
    std::deque<std::string> names;
    std::vector<dtype_member> all;
    for (int i = 0; i < H5Tget_nmembers(type); ++i) {
        auto const index = static_cast<unsigned>(i);
        h5_handle const of(H5Tget_member_type(type, index), H5Tclose);
        auto const& name = names.emplace_back(h5_member_name(type, i));
        auto const made = type_of(of.get(), depth + 1);
        if (!made.type) return refused(text("member \"", name, "\": ", made.why));
        all.push_back({name, H5Tget_member_offset(type, index), *made.type});
    }
    std::ranges::sort(all, {}, &dtype_member::offset);
    return make_structure(all, H5Tget_size(type), 0);
}

made_dtype type_of(hid_t type, std::size_t depth) {
    if (depth > max_dtype_depth) return refused("structures nested more than 32 deep");
    if (auto const found = scalar_of(type)) return {found, ""};
    switch (H5Tget_class(type)) {
    case H5T_STRING:
        return string_of(type);
    case H5T_ENUM:
        return enumeration_of(type);
    case H5T_ARRAY:
        return array_of(type, depth);
    case H5T_COMPOUND:
        return structure_of(type, depth);
    default: // numbers in other formats, and what has no row
        return refused(describe_class(type));
    }
}
// NOLINTEND(misc-no-recursion)

} // namespace

made_dtype dtype_of_h5(hid_t type) {
    return type_of(type, 0);
}

} // namespace shmwin::inline v1::detail
