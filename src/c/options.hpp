// SPDX-License-Identifier: MIT
// Structs that grow: the caller's may be shorter or longer than ours, by members at the end, if it
// was compiled with another version. struct_bytes says so.
//
// Layer: c.
#pragma once

#include "shmwin/base/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

namespace shmwin::inline v1::detail {

/// @throws argument_error (invalid_argument)  it is no size: `macro` was not used
inline void check_struct_bytes(std::size_t n_bytes, char const* macro) {
    if (n_bytes >= sizeof n_bytes && n_bytes <= 65536) return;
    raise(errc::invalid_argument,
          "struct has no size (struct_bytes is " + std::to_string(n_bytes) + "; initialise it with "
              + macro + ")");
}

/// The options as this version knows them; all zero, the defaults, where there are none.
///
/// @param defaults  what the macro ..._INIT gives
/// @throws argument_error (invalid_argument)  struct_bytes is no size: the macro was not used
/// @throws runtime_failure (unsupported)      a newer version's option is set
template <typename Options>
[[nodiscard]] Options options_of(Options const* given, char const* macro) {
    static_assert(std::is_trivially_copyable_v<Options>);
    Options ours{};
    ours.struct_bytes = sizeof(Options);
    if (given == nullptr) return ours;
    std::size_t const n_bytes = given->struct_bytes;
    check_struct_bytes(n_bytes, macro);
    std::memcpy(&ours, given, std::min(n_bytes, sizeof(Options)));
    ours.struct_bytes = sizeof(Options);
    auto const* const bytes = reinterpret_cast<unsigned char const*>(given);
    for (std::size_t i = sizeof(Options); i < n_bytes; ++i) {
        if (bytes[i] != 0) {
            raise(errc::unsupported,
                  "an option is not known to this version of the library (its byte "
                      + std::to_string(i) + " is set, of " + std::to_string(sizeof(Options))
                      + " known ones)");
        }
    }
    return ours;
}

} // namespace shmwin::inline v1::detail
