// SPDX-License-Identifier: MIT
#include "shmwin/sync/operation.hpp"

#include <array>
#include <cstddef>

namespace shmwin::inline v1 {
namespace {

// By number.
constexpr std::array names{
    "no call",
    "segment",
    "close",
    "fence",
    "create_array",
    "find_or_create_array",
    "create_levels",
    "create_value",
    "create_object",
    "scratch_array",
    "destroy",
    "flip",
    "init",
    "fill",
    "save",
    "restore",
    "read_dataset",
    "MPI_Finalize",
    "trim",
    "adopt",
    "freeze",
    "thaw",
    "create_per_rank",
    "copy",
    "transform",
    "reduce",
    "for_each_block",
    "create_mutex",
    "create_recursive_mutex",
    "create_shared_mutex",
    "create_condition_variable",
    "create_semaphore",
    "create_event",
    "create_barrier",
    "create_latch",
    "create_counter",
    "create_queue",
    "create_synchronized",
    "reset_counter",
    "save_async",
};
static_assert(names.size() == static_cast<std::size_t>(operation::save_async) + 1);

} // namespace

char const* name(operation which) noexcept {
    auto const number = static_cast<std::size_t>(which);
    return number < names.size() ? names.at(number) : "a call of a newer version";
}

} // namespace shmwin::inline v1
