// SPDX-License-Identifier: MIT
// plain_text: text for those who may not allocate or lock, as in a signal handler. It is handed to
// a sink line by line, so that the lines of several processes stay whole.
//
// Layer: base.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shmwin::inline v1::detail {

/// Takes a piece of text.
using text_sink = void (*)(void* context, std::string_view piece) noexcept;

/// write(2) to the descriptor that `context` points to (an int). Safe in a signal handler.
void write_to_descriptor(void* context, std::string_view piece) noexcept;

/// A time of so long, as "12.3 s".
struct seconds_text {
    std::chrono::nanoseconds value;
};

/// An address, or a position: "0x7f00beef".
struct hex_text {
    std::uint64_t value;
};

class plain_text {
  public:
    // NOLINTNEXTLINE(*-member-init): n_ says how much of the line is text
    plain_text(text_sink sink, void* context) noexcept : sink_(sink), context_(context) {}
    plain_text(plain_text const&) = delete;
    plain_text(plain_text&&) = delete;
    plain_text& operator=(plain_text const&) = delete;
    plain_text& operator=(plain_text&&) = delete;
    ~plain_text() { flush(); }

    plain_text& operator<<(std::string_view text) noexcept;
    plain_text& operator<<(seconds_text const& time) noexcept;
    plain_text& operator<<(hex_text const& number) noexcept;
    template <typename T>
    requires(std::integral<T> || std::floating_point<T>) plain_text& operator<<(T number) noexcept {
        std::array<char, 32> digits; // NOLINT(*-member-init): what is read is written before
        auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        return *this << std::string_view(digits.data(),
                                         static_cast<std::size_t>(end - digits.data()));
    }

    void flush() noexcept;

  private:
    text_sink sink_;
    void* context_;
    std::size_t n_ = 0;
    std::array<char, 512> line_;
};

} // namespace shmwin::inline v1::detail
