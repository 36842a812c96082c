// SPDX-License-Identifier: MIT
// name_filter: which objects are meant, by patterns of their names.
//
// Layer: io.
#pragma once

#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

class name_filter {
  public:
    /// Takes all.
    name_filter() = default;

    /// Takes names that fit one of `only`, if there are any, and none of `except`: fnmatch(3)
    /// without flags, so * stops at no slash.
    name_filter(std::vector<std::string> only, std::vector<std::string> except);

    /// Of the options of a store, or of a restore.
    template <typename Options>
    explicit name_filter(Options const& options) : name_filter(options.only, options.except) {}

    [[nodiscard]] bool takes(std::string const& name) const;

  private:
    std::vector<std::string> only_;
    std::vector<std::string> except_;
};

/// Local.
/// @param which  how the error names the option: ".only"
/// @throws argument_error (invalid_argument)  one is empty, or has a zero in it
void check_patterns(char const* which, std::vector<std::string> const& patterns);

} // namespace shmwin::inline v1::detail
