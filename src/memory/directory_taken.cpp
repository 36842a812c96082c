// SPDX-License-Identifier: MIT
// What a rank is told whose name is taken.
#include "memory/directory_taken.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <string>

namespace shmwin::inline v1::detail {
namespace {

// FILE:LINE, TIME
std::string place_text(object_record const& other) {
    return text(other.file.data(), ':', other.line, ", ", time_text(other.created_ns));
}

} // namespace

void raise_taken(object_record const& other) {
    auto const who = other.creator < 0 ? std::string("all ranks") : text("rank ", other.creator);
    raise(errc::already_exists,
          text("name is taken (\"",
               other.name_text(),
               "\" was created by ",
               who,
               " at ",
               place_text(other),
               "; use find or find_or_create)"));
}

void raise_claimed(object_record const& other) {
    raise(errc::already_exists,
          text("name is taken (\"",
               other.name_text(),
               "\" is being constructed by rank ",
               other.creator,
               " at ",
               place_text(other),
               "; find_or_construct waits for it)"));
}

void raise_waits_for_itself(object_record const& other) {
    raise(errc::already_exists,
          text("find_or_construct would wait for itself (\"",
               other.name_text(),
               "\" is being constructed by this thread at ",
               place_text(other),
               ", and its constructor asks for it)"));
}

} // namespace shmwin::inline v1::detail
