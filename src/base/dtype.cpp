// SPDX-License-Identifier: MIT
// The canonical text of a dtype.
#include "shmwin/base/dtype.hpp"

#include <algorithm>

namespace shmwin::inline v1 {
namespace {

std::string bits(std::size_t n_bytes) {
    return std::to_string(8 * n_bytes);
}

// IEEE formats need no more than their width; long double has several formats of one width.
std::string floating_suffix(std::size_t n_bytes, int digits) {
    bool const ieee = (n_bytes == 4 && digits == 24) || (n_bytes == 8 && digits == 53);
    return ieee ? bits(n_bytes) : bits(n_bytes) + "d" + std::to_string(digits);
}

std::string complex_suffix(std::size_t n_bytes, int digits) {
    auto const part = floating_suffix(n_bytes / 2U, digits);
    auto const at = part.find('d');
    return at == std::string::npos ? bits(n_bytes) : bits(n_bytes) + part.substr(at);
}

std::string simple_text(dtype const& type) {
    auto const n_bytes = type.n_bytes();
    switch (type.kind()) {
    case dtype_kind::boolean:
        return n_bytes == 1 ? "bool" : "bool" + bits(n_bytes);
    case dtype_kind::raw_byte:
        return "byte";
    case dtype_kind::character:
        return "char";
    case dtype_kind::wide_character:
        return "wchar" + bits(n_bytes);
    case dtype_kind::unicode:
        return "char" + bits(n_bytes);
    case dtype_kind::signed_integer:
        return "int" + bits(n_bytes);
    case dtype_kind::unsigned_integer:
        return "uint" + bits(n_bytes);
    case dtype_kind::floating:
        return "float" + floating_suffix(n_bytes, type.digits());
    case dtype_kind::complex:
        return "complex" + complex_suffix(n_bytes, type.digits());
    case dtype_kind::string:
        return "string" + std::to_string(n_bytes);
    case dtype_kind::enumeration:
    case dtype_kind::array:
    case dtype_kind::structure:
        break;
    }
    return "unknown";
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_identifier(std::string_view name) {
    auto const fits = [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, fits);
}

void append_name(std::string& out, std::string_view name) {
    if (is_identifier(name)) {
        out += name;
        return;
    }
    out += '"';
    for (char const c : name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

// NOLINTBEGIN(misc-no-recursion): as deep as the type
void append(std::string& out, dtype const& type);

void append_enumeration(std::string& out, dtype const& type) {
    bool const has_sign = type.element().kind() == dtype_kind::signed_integer;
    out += "enum ";
    append(out, type.element());
    char before = '{';
    for (auto const& each : type.enumerators()) {
        out += before;
        append_name(out, each.name);
        out += '=';
        out += has_sign ? std::to_string(each.value)
                        : std::to_string(static_cast<std::uint64_t>(each.value));
        before = ',';
    }
    out += '}';
}

void append_array(std::string& out, dtype const& type) {
    append(out, type.element());
    char before = '[';
    for (auto const extent : type.extents()) {
        out += before;
        out += std::to_string(extent);
        before = ',';
    }
    out += ']';
}

void append_structure(std::string& out, dtype const& type) {
    out += "struct " + std::to_string(type.n_bytes());
    if (type.alignment() != detail::natural_alignment(type.members())) {
        out += " align " + std::to_string(type.alignment());
    }
    std::string_view before = "{";
    for (auto const& each : type.members()) {
        out += before;
        append_name(out, each.name);
        out += ' ';
        append(out, each.type);
        out += " @" + std::to_string(each.offset);
        before = ", ";
    }
    out += '}';
}

void append(std::string& out, dtype const& type) {
    if (type.kind() == dtype_kind::enumeration) {
        append_enumeration(out, type);
    } else if (type.kind() == dtype_kind::array) {
        append_array(out, type);
    } else if (type.kind() == dtype_kind::structure) {
        append_structure(out, type);
    } else {
        out += simple_text(type);
    }
}
// NOLINTEND(misc-no-recursion)

} // namespace

std::string dtype::signature() const {
    std::string out;
    append(out, *this);
    return out;
}

} // namespace shmwin::inline v1
