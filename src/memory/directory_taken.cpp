// SPDX-License-Identifier: MIT
// What a rank is told whose name is taken.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include <array>
#include <ctime>
#include <string>

namespace shmwin::inline v1::detail {

namespace {

std::string time_text(std::int64_t ns) {
    std::array<char, 32> text{};
    auto const seconds = static_cast<std::time_t>(ns / 1'000'000'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    auto const n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), n};
}

} // namespace

void directory::raise_taken(object_record const& other) {
    auto const who = other.creator < 0 ? std::string("all ranks") : text("rank ", other.creator);
    raise(errc::already_exists,
          text("name is taken (\"",
               other.name_text(),
               "\" was created by ",
               who,
               " at ",
               other.file.data(),
               ':',
               other.line,
               ", ",
               time_text(other.created_ns),
               "; use find or find_or_create)"));
}

} // namespace shmwin::inline v1::detail
