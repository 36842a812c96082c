// SPDX-License-Identifier: MIT
#include "shmwin/segment/group.hpp"

#include "shmwin/memory/directory.hpp"

#include "segment/type_text.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shmwin::inline v1 {

object_group object_group::group(std::string_view name) const {
    std::string whole(std::string_view(full(name)));
    detail::check_name(whole);
    return {core_, std::move(whole)};
}

bool object_group::contains(std::string_view name) const {
    return core_->look_up(full(name)).has_value();
}

std::optional<object_info> object_group::info(std::string_view name) const {
    auto const found = core_->look_up(full(name));
    if (!found) return std::nullopt;
    return detail::describe(*core_, found->record);
}

std::vector<object_info> object_group::list() const {
    std::vector<object_info> all;
    for (auto const& each : core_->names().list(prefix().empty() ? prefix() : prefix() + '/')) {
        if (detail::is_hidden(each.record.name_text())) continue;
        all.push_back(detail::describe(*core_, each.record));
    }
    return all;
}

} // namespace shmwin::inline v1
