// SPDX-License-Identifier: MIT
// json: writes one JSON text (RFC 8259). Numbers that JSON lacks become the strings "nan", "inf"
// and "-inf"; bytes that are no UTF-8 become U+FFFD.
//
// Layer: cli.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::cli {

/// Calls nest: object(), name(), array(), values, end(), end().
class json {
  public:
    json& object() { return open('{', '}'); }
    json& array() { return open('[', ']'); }
    /// Ends the innermost object or array.
    json& end();
    /// Of the next value, in an object.
    json& name(std::string_view key);

    json& value(std::string_view text);
    json& value(char const* text) { return value(std::string_view(text)); }
    json& value(bool yes) { return raw(yes ? "true" : "false"); }
    json& value(double number);
    json& value(std::integral auto number) { return raw(std::to_string(number)); }
    template <typename T>
    json& value(std::vector<T> const& all) {
        array();
        for (auto const& each : all) {
            value(each);
        }
        return end();
    }
    json& null() { return raw("null"); }

    template <typename T>
    json& field(std::string_view key, T const& content) {
        return name(key).value(content);
    }

    [[nodiscard]] std::string const& text() const noexcept { return text_; }
    /// The text and a line's end, to stdout.
    void print() const;

  private:
    json& open(char begin, char end);
    json& raw(std::string_view token);
    void separate();

    std::string text_;
    std::vector<char> ends_;
    bool is_first_ = true;
};

} // namespace shmwin::cli
