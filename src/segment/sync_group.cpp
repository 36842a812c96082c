// SPDX-License-Identifier: MIT
#include "shmwin/segment/sync_group.hpp"

#include "shmwin/base/hash.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <numeric>
#include <vector>

namespace shmwin::inline v1 {
namespace {

using detail::barrier_state;

// Equal for equal sets.
std::uint64_t hash_of(std::span<int const> members) {
    std::vector<int> sorted(members.begin(), members.end());
    std::ranges::sort(sorted);
    auto h = detail::mix(sorted.size() + 1);
    for (auto const rank : sorted) {
        h = detail::hash_with(h, static_cast<std::uint64_t>(rank));
    }
    return h;
}

} // namespace

barrier sync_group::create_barrier(std::string_view name, source_line const& where) const {
    std::vector<int> all(static_cast<std::size_t>(core_->n_ranks()));
    std::iota(all.begin(), all.end(), 0);
    return create_barrier(name, all, where);
}

// What is wrong with the members is found where the barrier is made: so all ranks get the error.
barrier sync_group::create_barrier(std::string_view name,
                                   std::span<int const> members,
                                   source_line const& where) const {
    auto const n_ranks = core_->n_ranks();
    auto const n_units = detail::barrier_bytes(n_ranks) / sizeof(barrier_state);
    std::array const extents{static_cast<std::int64_t>(n_units)};
    auto const whole = full(name);
    auto request = sync_request<barrier_state>(operation::create_barrier, whole, where);
    request.extents = extents;
    request.arguments = hash_of(members);
    return {
        core_,
        core_->create_small(
            request, [&](void* at) { detail::make_barrier(at, n_ranks, members); }, [](void*) {})};
}

barrier sync_group::find_barrier(std::string_view name) const {
    std::array const extents{std::int64_t{0}};
    return find_sync<barrier>(name, extents);
}

latch sync_group::create_latch(std::string_view name,
                               std::int64_t count,
                               source_line const& where) const {
    auto const whole = full(name);
    auto request = sync_request<detail::latch_state>(operation::create_latch, whole, where);
    request.arguments = detail::mix(static_cast<std::uint64_t>(count) + 1);
    return {core_,
            core_->create_small(
                request,
                [&](void* at) {
                    detail::check_latch_count(count);
                    new (at) detail::latch_state{count, {}};
                },
                [](void*) {})};
}

latch sync_group::find_latch(std::string_view name) const {
    return find_sync<latch>(name);
}

event sync_group::create_event(std::string_view name, source_line const& where) const {
    return create_sync<event>(operation::create_event, name, where);
}

event sync_group::find_event(std::string_view name) const {
    return find_sync<event>(name);
}

semaphore sync_group::create_semaphore(std::string_view name,
                                       std::int64_t initial,
                                       std::int64_t maximum,
                                       source_line const& where) const {
    auto const whole = full(name);
    auto request = sync_request<detail::semaphore_state>(operation::create_semaphore, whole, where);
    request.arguments = detail::hash_with(static_cast<std::uint64_t>(initial) + 1,
                                          static_cast<std::uint64_t>(maximum));
    return {core_,
            core_->create_small(
                request,
                [&](void* at) {
                    detail::check_semaphore(initial, maximum);
                    new (at) detail::semaphore_state{{static_cast<std::uint32_t>(initial), 0},
                                                     static_cast<std::uint32_t>(maximum)};
                },
                [](void*) {})};
}

semaphore sync_group::find_semaphore(std::string_view name) const {
    return find_sync<semaphore>(name);
}

condition_variable sync_group::create_condition_variable(std::string_view name,
                                                         source_line const& where) const {
    return create_sync<condition_variable>(operation::create_condition_variable, name, where);
}

condition_variable sync_group::find_condition_variable(std::string_view name) const {
    return find_sync<condition_variable>(name);
}

} // namespace shmwin::inline v1
