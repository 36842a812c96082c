// SPDX-License-Identifier: MIT
#include "shmwin/segment/counter.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/segment/sync_group.hpp"

#include <array>
#include <string>

namespace shmwin::inline v1 {
namespace {

void check_count(std::int64_t n_indices) {
    if (n_indices >= 0) return;
    raise(errc::invalid_argument,
          detail::text("number of indices is not possible (", n_indices, "; 0 or more)"));
}

} // namespace

void counter::reset(std::int64_t n, source_line const& called_at) const {
    auto const record = core().names().at(where().index, where().generation);
    auto const name = record ? std::string(record->name_text()) : std::string();
    std::array const extents{n};
    core().meet({operation::reset_counter, name, {}, extents, where().index, called_at}, [&] {
        if (!is_valid()) {
            raise(errc::not_found, "counter cannot be reset (it was destroyed before)");
        }
        check_count(n);
        detail::restart_counter(lines(), n);
    });
}

counter sync_group::create_counter(std::string_view name,
                                   std::int64_t n_indices,
                                   schedule const& how,
                                   source_line const& where) const {
    auto const n_ranks = core_->n_ranks();
    std::array const extents{std::int64_t{n_ranks} + 1};
    auto const whole = full(name);
    auto request = sync_request<detail::counter_state>(operation::create_counter, whole, where);
    request.extents = extents;
    request.arguments = detail::hash_with(detail::hash_with(static_cast<std::uint64_t>(n_indices),
                                                            static_cast<std::uint64_t>(how.how())),
                                          static_cast<std::uint64_t>(how.chunk()));
    // Where it is made a negative number is found: so all ranks get the error.
    return {core_,
            core_->create_small(
                request,
                [&](void* at) {
                    check_count(n_indices);
                    detail::make_counter(at, n_ranks, n_indices, how);
                },
                [](void*) {})};
}

counter sync_group::find_counter(std::string_view name) const {
    std::array const extents{std::int64_t{0}};
    return find_sync<counter>(name, extents);
}

} // namespace shmwin::inline v1
