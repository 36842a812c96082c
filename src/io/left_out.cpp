// SPDX-License-Identifier: MIT
#include "shmwin/io/left_out.hpp"

namespace shmwin::inline v1 {

char const* name(left_out_reason reason) noexcept {
    switch (reason) {
    case left_out_reason::transient_object:
        return "transient";
    case left_out_reason::unsaved:
        return "unsaved";
    case left_out_reason::no_element_type:
        return "no element type";
    case left_out_reason::by_pattern:
        return "by pattern";
    }
    return "unknown";
}

} // namespace shmwin::inline v1
