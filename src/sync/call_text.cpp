// SPDX-License-Identifier: MIT
#include "sync/call_text.hpp"

#include "shmwin/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shmwin::inline v1::detail {
namespace {

std::string call_text(operation op,
                      std::string_view object,
                      std::string_view type,
                      std::span<std::int64_t const> extents) {
    std::string arguments;
    if (!object.empty()) arguments += text('"', object, '"');
    if (!type.empty()) arguments += text(arguments.empty() ? "" : ", ", type);
    if (!extents.empty()) arguments += text(arguments.empty() ? "" : ", ", shape_text(extents));
    return arguments.empty() ? std::string(name(op)) : text(name(op), '(', arguments, ')');
}

} // namespace

std::string call_text(collective_call const& call) {
    return call_text(call.op, call.object, call.type, call.extents);
}

std::string call_text(meeting_slot const& slot) {
    return call_text(slot.op,
                     slot.object.data(),
                     slot.type.data(),
                     std::span(slot.extents).first(std::min<std::size_t>(slot.n_extents, 8)));
}

} // namespace shmwin::inline v1::detail
