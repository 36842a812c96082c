// SPDX-License-Identifier: MIT
#include "cli/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fmt/format.h>

namespace shmwin::cli {
namespace {

// Bytes of the UTF-8 character that `text` begins with; 0 if it is none (RFC 3629, section 4).
std::size_t character_bytes(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const lead = byte(0);
    std::size_t const n = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (n == 0 || lead > 0xF4 || text.size() < n) return 0;
    for (std::size_t i = 1; i < n; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    bool const is_overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    bool const is_no_character =
        (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return is_overlong || is_no_character ? 0 : n;
}

std::string quoted(std::string_view text) {
    std::string all = "\"";
    while (!text.empty()) {
        auto const n = character_bytes(text);
        auto const c = text.front();
        if (n == 0) {
            all += "\\ufffd";
        } else if (c == '"' || c == '\\') {
            all += {'\\', c};
        } else if (n == 1 && static_cast<unsigned char>(c) < 0x20) {
            all += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            all += text.substr(0, n);
        }
        text.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return all + '"';
}

} // namespace

json& json::open(char begin, char end) {
    raw({&begin, 1});
    ends_.push_back(end);
    is_first_ = true;
    return *this;
}

json& json::end() {
    text_ += ends_.back();
    ends_.pop_back();
    is_first_ = false;
    return *this;
}

json& json::name(std::string_view key) {
    separate();
    text_ += quoted(key) + ':';
    is_first_ = true; // no comma before its value
    return *this;
}

json& json::value(std::string_view text) {
    return raw(quoted(text));
}

json& json::value(double number) {
    auto const text = fmt::format("{}", number);
    return std::isfinite(number) ? raw(text)
                                 : value(std::string_view(std::isnan(number) ? "nan" : text));
}

json& json::raw(std::string_view token) {
    separate();
    text_ += token;
    return *this;
}

void json::separate() {
    if (!is_first_) text_ += ',';
    is_first_ = false;
}

void json::print() const {
    fmt::print("{}\n", text_);
}

} // namespace shmwin::cli
