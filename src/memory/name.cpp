// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include <algorithm>
#include <string_view>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void refuse(std::string_view name, char const* why) {
    raise(errc::invalid_argument, text("name is not allowed (\"", name, "\" ", why, ")"));
}

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

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        auto const lead = static_cast<unsigned char>(text[at]);
        auto const n = sequence_length(lead);
        if (n == 0 || n > text.size() - at) return false;
        for (std::size_t i = 1; i < n; ++i) {
            if ((static_cast<unsigned char>(text[at + i]) & 0xc0U) != 0x80U) return false;
        }
        auto const second = n > 1 ? static_cast<unsigned char>(text[at + 1]) : 0U;
        bool const overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
        bool const surrogate = lead == 0xed && second >= 0xa0;
        bool const too_large = lead == 0xf4 && second >= 0x90;
        if (overlong || surrogate || too_large) return false;
        at += n;
    }
    return true;
}

} // namespace

void check_name(std::string_view name) {
    if (name.empty()) refuse(name, "is empty");
    if (name.size() > max_name_bytes) {
        raise(errc::invalid_argument,
              text("name is too long (",
                   name.size(),
                   " bytes, at most ",
                   max_name_bytes,
                   "; it begins with \"",
                   name.substr(0, 32),
                   "\")"));
    }
    if (std::ranges::any_of(name, is_control)) refuse(name, "holds a control character");
    if (!is_utf8(name)) refuse(name, "is not UTF-8");
    for (auto rest = name;;) {
        auto const part = rest.substr(0, rest.find('/'));
        if (part.empty()) refuse(name, "has an empty part: '/' divides parts");
        if (part == "." || part == "..") refuse(name, "has a part \".\" or \"..\"");
        if (part.size() == rest.size()) return;
        rest.remove_prefix(part.size() + 1);
    }
}

} // namespace shmwin::inline v1::detail
