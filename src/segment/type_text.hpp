// SPDX-License-Identifier: MIT
// Signatures that are longer than a record has room for: kept once for each type, in a hidden
// object of the segment, so that any rank can read what a type is that only another rank knows.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/core.hpp"

#include <string>
#include <string_view>

namespace shmwin::inline v1::detail {

/// True for the names of hidden objects: list() and checkpoints leave them out. No user can give
/// such a name.
[[nodiscard]] constexpr bool is_hidden(std::string_view name) noexcept {
    return name.starts_with(".shmwin/");
}

/// Writes the signature into a record; of a long one, its beginning.
void set_type_text(object_record& record, std::string_view signature) noexcept;

/// Local. Before a record of that type is made: keeps the signature, if a record cannot hold it.
/// @throws out_of_memory, runtime_failure (unsupported: more than 32 KiB)
void keep_type_text(directory const& names,
                    wait_policy const& how,
                    type_id const& type,
                    int creator);

/// Local. The whole signature of a record's type. O(its length)
[[nodiscard]] std::string
type_text(directory const& names, heap const& memory, object_record const& record);

/// Two signatures for an error: of long ones, where they begin to differ.
struct two_signatures {
    std::string first;
    std::string second;
};
[[nodiscard]] two_signatures differing(std::string_view first, std::string_view second);

} // namespace shmwin::inline v1::detail
