// SPDX-License-Identifier: MIT
#include "cli/table.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace shmwin::cli {
namespace {

// Characters of UTF-8, not bytes.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace

table::table(std::vector<std::string> header) {
    for (auto& each : header) {
        to_the_right_.push_back(each.starts_with('>'));
        if (to_the_right_.back()) each.erase(0, 1);
    }
    lines_.push_back(std::move(header));
}

void table::add(std::vector<std::string> cells) {
    lines_.push_back(std::move(cells));
}

void table::print() const {
    std::vector<std::size_t> widths(to_the_right_.size(), 0);
    for (auto const& line : lines_) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            widths[i] = std::max(widths[i], width_of(line[i]));
        }
    }
    for (auto const& line : lines_) {
        std::string all;
        for (std::size_t i = 0; i < line.size(); ++i) {
            std::string const gap(widths[i] - width_of(line[i]), ' ');
            all += to_the_right_[i] ? gap + line[i] : line[i] + gap;
            all += "  ";
        }
        all.erase(all.find_last_not_of(' ') + 1);
        fmt::print("{}\n", all);
    }
}

} // namespace shmwin::cli
