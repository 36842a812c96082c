// SPDX-License-Identifier: MIT
#include "io/name_filter.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

bool fits_one(std::vector<std::string> const& patterns, std::string const& name) {
    return std::ranges::any_of(
        patterns, [&](auto const& each) { return ::fnmatch(each.c_str(), name.c_str(), 0) == 0; });
}

} // namespace

name_filter::name_filter(std::vector<std::string> only, std::vector<std::string> except)
    : only_(std::move(only)), except_(std::move(except)) {}

bool name_filter::takes(std::string const& name) const {
    return (only_.empty() || fits_one(only_, name)) && !fits_one(except_, name);
}

void check_patterns(char const* which, std::vector<std::string> const& patterns) {
    for (auto const& each : patterns) {
        if (!each.empty() && each.find('\0') == std::string::npos) continue;
        raise(errc::invalid_argument,
              text("pattern is not possible (in ",
                   which,
                   ": it ",
                   each.empty() ? "is empty" : "has a zero in it",
                   "; * fits every name)"));
    }
}

} // namespace shmwin::inline v1::detail
