// SPDX-License-Identifier: MIT
// The errors of a name that is taken: who has it, where and since when.
#pragma once

#include "shmwin/memory/object_record.hpp"

namespace shmwin::inline v1::detail {

/// already_exists: there is an object of that name.
[[noreturn]] void raise_taken(object_record const& other);

/// already_exists: somebody is constructing one.
[[noreturn]] void raise_claimed(object_record const& other);

/// already_exists: this thread is constructing one, and asks for it.
[[noreturn]] void raise_waits_for_itself(object_record const& other);

} // namespace shmwin::inline v1::detail
