// SPDX-License-Identifier: MIT
#include "shmwin/segment/shared_mutex.hpp"

#include "shmwin/segment/sync_group.hpp"

#include <array>
#include <new>

namespace shmwin::inline v1 {

shared_mutex sync_group::create_shared_mutex(std::string_view name,
                                             source_line const& where) const {
    std::array const extents{std::int64_t{core_->n_ranks()} + 1};
    auto const whole = full(name);
    auto request =
        sync_request<detail::shared_mutex_line>(operation::create_shared_mutex, whole, where);
    request.extents = extents;
    return {core_,
            core_->create_small(
                request,
                [&](void* at) {
                    auto* const lines = static_cast<detail::shared_mutex_line*>(at);
                    for (std::int64_t i = 0; i < extents[0]; ++i) {
                        new (lines + i) detail::shared_mutex_line{};
                    }
                },
                [](void*) {})};
}

shared_mutex sync_group::find_shared_mutex(std::string_view name) const {
    std::array const extents{std::int64_t{0}};
    return find_sync<shared_mutex>(name, extents);
}

} // namespace shmwin::inline v1
