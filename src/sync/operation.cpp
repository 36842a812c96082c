// SPDX-License-Identifier: MIT
#include "shmwin/sync/operation.hpp"

namespace shmwin::inline v1 {

char const* name(operation which) noexcept {
    switch (which) {
    case operation::none:
        return "no call";
    case operation::open:
        return "segment";
    case operation::close:
        return "close";
    case operation::fence:
        return "fence";
    case operation::create_array:
        return "create_array";
    case operation::find_or_create_array:
        return "find_or_create_array";
    case operation::create_levels:
        return "create_levels";
    case operation::create_value:
        return "create_value";
    case operation::create_object:
        return "create_object";
    case operation::scratch_array:
        return "scratch_array";
    case operation::destroy:
        return "destroy";
    case operation::flip:
        return "flip";
    case operation::init:
        return "init";
    case operation::fill:
        return "fill";
    case operation::save:
        return "save";
    case operation::restore:
        return "restore";
    case operation::read_dataset:
        return "read_dataset";
    case operation::finalize:
        return "MPI_Finalize";
    case operation::trim:
        return "trim";
    }
    return "a call of a newer version";
}

} // namespace shmwin::inline v1
