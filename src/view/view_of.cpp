// SPDX-License-Identifier: MIT
#include "shmwin/view/view_of.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t max_bytes = static_cast<std::uint64_t>(INT64_MAX);

std::string what_of(foreign_array const& memory) {
    auto all = text(shape_text(memory.extents), " elements of ", memory.element_bytes, " bytes");
    if (!memory.strides.empty()) all += text(" with strides ", shape_text(memory.strides));
    return all;
}

[[noreturn]] void refuse(foreign_array const& memory, std::string const& why) {
    raise(errc::invalid_argument, text("view is not possible (", what_of(memory), ": ", why, ")"));
}

void check_extents(foreign_array const& memory) {
    for (std::size_t d = 0; d < memory.extents.size(); ++d) {
        if (memory.extents[d] >= 0) continue;
        refuse(memory, text("extent ", d, " is ", memory.extents[d], "; 0 or more, below 2^63"));
    }
}

// One more than the largest place, in elements.
std::uint64_t packed_places(foreign_array const& memory) {
    std::uint64_t n = 1;
    for (auto const extent : memory.extents) {
        if (__builtin_mul_overflow(n, static_cast<std::uint64_t>(extent), &n))
            refuse(memory, "more than 2^63 - 1 bytes");
    }
    return n;
}

struct dimension {
    std::uint64_t stride;
    std::uint64_t extent;
};

// The condition of [mdspan.layout.stride.cons]: each stride steps over all smaller dimensions.
std::uint64_t strided_places(foreign_array const& memory) {
    std::vector<dimension> sorted;
    for (std::size_t d = 0; d < memory.extents.size(); ++d) {
        if (memory.strides[d] < 1)
            refuse(memory, text("stride ", d, " is ", memory.strides[d], "; 1 or more"));
        if (memory.extents[d] > 1)
            sorted.push_back({static_cast<std::uint64_t>(memory.strides[d]),
                              static_cast<std::uint64_t>(memory.extents[d])});
    }
    std::ranges::sort(sorted, {}, &dimension::stride);
    std::uint64_t reach = 1;
    std::uint64_t last = 0;
    for (auto const& each : sorted) {
        if (each.stride < reach)
            refuse(memory,
                   text("elements share places; the stride ",
                        each.stride,
                        " steps over less than the ",
                        reach,
                        " places of the dimensions inside"));
        std::uint64_t step = 0;
        if (__builtin_mul_overflow(each.stride, each.extent, &reach)
            || __builtin_mul_overflow(each.stride, each.extent - 1, &step)
            || __builtin_add_overflow(last, step, &last))
            refuse(memory, "more than 2^63 - 1 bytes");
    }
    return last + 1;
}

} // namespace

void check_foreign(foreign_array const& memory) {
    check_extents(memory);
    if (std::ranges::count(memory.extents, 0) != 0) return;
    auto const n = memory.strides.empty() ? packed_places(memory) : strided_places(memory);
    if (n > max_bytes / memory.element_bytes) refuse(memory, "more than 2^63 - 1 bytes");
    if (n > memory.max_index)
        refuse(memory, text(n, " places, its index type holds ", memory.max_index));
    if (memory.first == nullptr)
        raise(errc::bad_pointer, text("view is not possible (", what_of(memory), " at null)"));
    if (reinterpret_cast<std::uintptr_t>(memory.first) % memory.alignment != 0) {
        raise(errc::bad_pointer,
              text("view is not possible (address ",
                   memory.first,
                   " is not aligned to the ",
                   memory.alignment,
                   " bytes of its elements)"));
    }
}

void raise_left_behind(void const* before, void const* after) {
    raise(errc::bad_pointer,
          text("owner cannot be kept (its memory was at ",
               before,
               ", that of the one that is kept is at ",
               after,
               "; std::move a container, and none that holds its elements in itself)"));
}

void raise_no_function() {
    raise(errc::invalid_argument, "owner cannot be kept (the function to release it is null)");
}

} // namespace shmwin::inline v1::detail
