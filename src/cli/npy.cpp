// SPDX-License-Identifier: MIT
#include "cli/npy.hpp"

#include "shmwin/base/error.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <vector>

namespace shmwin::cli {
namespace {

// As Python writes a tuple.
std::string tuple_of(std::span<std::uint64_t const> extents) {
    return fmt::format("({}{})", fmt::join(extents, ", "), extents.size() == 1 ? "," : "");
}

std::string quoted(std::string_view name) {
    std::string all = "'";
    for (char const c : name) {
        if (c == '\'' || c == '\\') all += '\\';
        all += c;
    }
    return all + '\'';
}

// NOLINTBEGIN(misc-no-recursion): as deep as the type
std::string description_of(dtype const& type);

std::string padding(std::size_t n_bytes) {
    return fmt::format("('', '|V{}'), ", n_bytes);
}

std::string member_description(dtype_member const& of) {
    if (of.type.kind() != dtype_kind::array) {
        return fmt::format("({}, {}), ", quoted(of.name), description_of(of.type));
    }
    std::vector<std::uint64_t> const extents(of.type.extents().begin(), of.type.extents().end());
    return fmt::format(
        "({}, {}, {}), ", quoted(of.name), description_of(of.type.element()), tuple_of(extents));
}

// A list of members, and of what lies between them.
std::string structure_description(dtype const& type) {
    std::string all = "[";
    std::size_t end = 0;
    for (auto const& each : type.members()) {
        if (each.offset > end) all += padding(each.offset - end);
        all += member_description(each);
        end = each.offset + each.type.n_bytes();
    }
    if (type.n_bytes() > end) all += padding(type.n_bytes() - end);
    return all + ']';
}

std::string description_of(dtype const& type) {
    auto const numbers = [&](char letter) {
        return fmt::format("'{}{}{}'", type.n_bytes() == 1 ? '|' : '<', letter, type.n_bytes());
    };
    switch (type.kind()) {
    case dtype_kind::boolean:
        return "'|b1'";
    case dtype_kind::raw_byte:
        return "'|V1'";
    case dtype_kind::character:
    case dtype_kind::string:
        return fmt::format("'|S{}'", type.n_bytes());
    case dtype_kind::wide_character: // files have it as an integer
        return fmt::format("'<{}{}'", static_cast<wchar_t>(-1) < 0 ? 'i' : 'u', type.n_bytes());
    case dtype_kind::signed_integer:
        return numbers('i');
    case dtype_kind::unicode:
    case dtype_kind::unsigned_integer:
        return numbers('u');
    case dtype_kind::floating:
        return numbers('f');
    case dtype_kind::complex:
        return numbers('c');
    case dtype_kind::enumeration:
    case dtype_kind::array:
        return description_of(type.element());
    case dtype_kind::structure:
        return structure_description(type);
    }
    return {};
}
// NOLINTEND(misc-no-recursion)

} // namespace

std::string npy_header(dtype const& type, std::span<std::uint64_t const> shape) {
    constexpr std::size_t alignment = 64;
    constexpr std::size_t most = 0xffff;
    std::vector<std::uint64_t> extents(shape.begin(), shape.end());
    extents.insert(extents.end(), type.extents().begin(), type.extents().end());
    auto text = fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': {}, }}",
                            description_of(type),
                            tuple_of(extents));
    std::string all("\x93NUMPY\x01\x00", 8);
    auto const unpadded = all.size() + 2 + text.size() + 1;
    text.append((alignment - unpadded % alignment) % alignment, ' ').push_back('\n');
    if (text.size() > most) {
        raise(errc::unsupported,
              fmt::format("object cannot be written as .npy (its description has {} bytes, version "
                          "1.0 has room for {}; .bin has no description)",
                          text.size(),
                          most));
    }
    all.push_back(static_cast<char>(text.size() & 0xffU));
    all.push_back(static_cast<char>(text.size() >> 8U));
    return all + text;
}

} // namespace shmwin::cli
