// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::string_view reserved_part = ".shmwin";

bool is_control(char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

// Bytes of the UTF-8 sequence that begins with `lead`; 0 if none does. RFC 3629, section 4.
std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0) return 2;
    if (lead >= 0xe0 && lead < 0xf0) return 3;
    if (lead >= 0xf0 && lead < 0xf5) return 4;
    return 0;
}

// True if the bytes after `lead` continue it: no overlong form, no surrogate, none above U+10FFFF.
bool continues(unsigned char lead, std::string_view rest) {
    auto const is_continuation = [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
    };
    if (!std::ranges::all_of(rest, is_continuation)) return false;
    auto const second = rest.empty() ? 0U : static_cast<unsigned char>(rest.front());
    switch (lead) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        auto const lead = static_cast<unsigned char>(text.front());
        auto const n = sequence_length(lead);
        if (n == 0 || n > text.size() || !continues(lead, text.substr(1, n - 1))) return false;
        text.remove_prefix(n);
    }
    return true;
}

// A name that is refused may hold anything; an error's text must not.
std::string printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    bool const keep_high = is_utf8(text);
    std::string shown;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (!is_control(c) && (byte < 0x80 || keep_high)) {
            shown.push_back(c);
        } else {
            shown.append("\\x").append({digits[byte >> 4U], digits[byte & 0xfU]});
        }
    }
    return shown;
}

[[noreturn]] void refuse(std::string_view name, char const* why) {
    raise(errc::invalid_argument,
          text("name is not allowed (\"", printable(name), "\" ", why, ")"));
}

// Most names: nothing but printable ASCII.
bool is_plain(std::string_view name) {
    unsigned char unusual = 0;
    for (char const c : name) {
        auto const byte = static_cast<unsigned char>(c);
        unusual |= static_cast<unsigned char>(byte - 0x20U >= 0x5fU ? 1U : 0U);
    }
    return unusual == 0;
}

// Most names: printable ASCII in one part that begins with no dot. Eight bytes at a time.
bool is_simple(std::string_view name) noexcept {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101ULL;
    constexpr std::uint64_t tops = each << 7U;
    auto const zeros = [](std::uint64_t x) { return (x - each) & ~x; };
    if (name.empty() || name.size() > max_name_bytes || name.front() == '.') return false;
    std::uint64_t unusual = 0;
    for (auto rest = name; !rest.empty();) {
        auto const n = std::min<std::size_t>(rest.size(), 8);
        auto const blanks = n == 8 ? 0 : (each * ' ') << 8 * n; // behind the end
        auto const bytes = bytes_as_number(rest.data(), n) | blanks;
        unusual |= bytes | ((bytes - each * ' ') & ~bytes) | zeros(bytes ^ each * '/')
                   | zeros(bytes ^ each * 0x7f);
        rest.remove_prefix(n);
    }
    return (unusual & tops) == 0;
}

void check_length(std::string_view name) {
    if (name.empty()) refuse(name, "is empty");
    if (name.size() <= max_name_bytes) return;
    raise(errc::invalid_argument,
          text("name is too long (",
               name.size(),
               " bytes, at most ",
               max_name_bytes,
               "; it begins with \"",
               printable(name.substr(0, 32)),
               "\")"));
}

void check_characters(std::string_view name) {
    if (is_plain(name)) return;
    if (std::ranges::any_of(name, is_control)) refuse(name, "holds a control character");
    if (!is_utf8(name)) refuse(name, "is not UTF-8");
}

void check_parts(std::string_view name) {
    if (name.substr(0, name.find('/')) == reserved_part) {
        refuse(name, "begins with the part that checkpoints keep for themselves");
    }
    for (auto rest = name;;) {
        auto const part = rest.substr(0, rest.find('/'));
        if (part.empty()) refuse(name, "has an empty part: '/' divides parts");
        if (part == "." || part == "..") refuse(name, "has a part \".\" or \"..\"");
        if (part.size() == rest.size()) return;
        rest.remove_prefix(part.size() + 1);
    }
}

} // namespace

void check_name(std::string_view name) {
    if (is_simple(name)) return;
    check_length(name);
    check_characters(name);
    check_parts(name);
}

} // namespace shmwin::inline v1::detail
