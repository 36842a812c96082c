// SPDX-License-Identifier: MIT
#include "base/plain_text.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace shmwin::inline v1::detail {

void write_to_descriptor(void* context, std::string_view piece) noexcept {
    auto const fd = *static_cast<int const*>(context);
    while (!piece.empty()) {
        auto const n = ::write(fd, piece.data(), piece.size());
        if (n < 0 && errno != EINTR) return; // nobody reads it
        if (n > 0) piece.remove_prefix(static_cast<std::size_t>(n));
    }
}

plain_text& plain_text::operator<<(std::string_view text) noexcept {
    while (!text.empty()) {
        if (n_ == line_.size()) flush();
        auto const end_of_line = text.find('\n');
        auto const wanted = end_of_line == std::string_view::npos ? text.size() : end_of_line + 1;
        auto const n = std::min(wanted, line_.size() - n_);
        std::copy_n(text.data(), n, line_.data() + n_);
        n_ += n;
        if (text[n - 1] == '\n') flush();
        text.remove_prefix(n);
    }
    return *this;
}

plain_text& plain_text::operator<<(seconds_text const& time) noexcept {
    auto const tenths = std::max<std::int64_t>(0, time.value.count() / 100'000'000);
    return *this << tenths / 10 << "." << tenths % 10 << " s";
}

plain_text& plain_text::operator<<(hex_text const& number) noexcept {
    std::array<char, 16> digits{};
    auto* const end =
        std::to_chars(digits.data(), digits.data() + digits.size(), number.value, 16).ptr;
    return *this << "0x"
                 << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void plain_text::flush() noexcept {
    if (n_ > 0) sink_(context_, std::string_view(line_.data(), n_));
    n_ = 0;
}

} // namespace shmwin::inline v1::detail
