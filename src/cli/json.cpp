// SPDX-License-Identifier: MIT
#include "cli/json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fmt/format.h>

namespace shmwin::cli {
namespace {

// A row of the table of UTF-8 characters (RFC 3629, section 4): of those that begin with a byte up
// to `last_lead`, how many bytes there are, and where the second one lies.
struct utf8_row {
    unsigned char last_lead;
    unsigned char n_bytes; ///< 0: no character begins so
    unsigned char least_second;
    unsigned char most_second;
};

constexpr std::array<utf8_row, 10> utf8_table{{{0x7F, 1, 0x80, 0xBF},
                                               {0xC1, 0, 0x80, 0xBF},
                                               {0xDF, 2, 0x80, 0xBF},
                                               {0xE0, 3, 0xA0, 0xBF},
                                               {0xEC, 3, 0x80, 0xBF},
                                               {0xED, 3, 0x80, 0x9F},
                                               {0xEF, 3, 0x80, 0xBF},
                                               {0xF0, 4, 0x90, 0xBF},
                                               {0xF3, 4, 0x80, 0xBF},
                                               {0xF4, 4, 0x80, 0x8F}}};

// Bytes of the character that `text` begins with; 0 if it is none.
std::size_t character_bytes(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const* const row = std::ranges::lower_bound(utf8_table, byte(0), {}, &utf8_row::last_lead);
    if (row == utf8_table.end() || text.size() < row->n_bytes) return 0;
    for (std::size_t i = 1; i < row->n_bytes; ++i) {
        auto const least = i == 1 ? row->least_second : 0x80;
        auto const most = i == 1 ? row->most_second : 0xBF;
        if (byte(i) < least || byte(i) > most) return 0;
    }
    return row->n_bytes;
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
