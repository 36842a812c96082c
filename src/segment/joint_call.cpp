// SPDX-License-Identifier: MIT
#include "shmwin/segment/joint_call.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include <algorithm>
#include <functional>

namespace shmwin::inline v1::detail {
namespace {

// The same on all ranks for what is in the segment; 0 for foreign memory, which each rank has
// elsewhere.
std::uint64_t place_in(std::span<std::byte const> segment, void const* data) noexcept {
    auto const* const at = static_cast<std::byte const*>(data);
    bool const is_inside =
        !std::less<>()(at, segment.data()) && std::less<>()(at, segment.data() + segment.size());
    return is_inside ? static_cast<std::uint64_t>(at - segment.data()) + 1 : 0;
}

} // namespace

void joint_call::add(void const* data, std::span<std::int64_t const> extents) {
    options_ = hash_with(options_, place_in(core_.memory_window().bytes(), data));
    if (is_first_) extents_.assign(extents.begin(), extents.end());
    if (!differs_ && !std::ranges::equal(extents, extents_)) {
        other_extents_.assign(extents.begin(), extents.end());
        differs_ = true;
    }
    is_first_ = false;
}

collective_call joint_call::call() const noexcept {
    return {op_, {}, {}, extents_, options_, where_};
}

void joint_call::check() const {
    if (!is_valid_)
        raise(errc::not_found,
              text(name(op_), " is not possible (an array was destroyed before, or never made)"));
    if (differs_)
        raise(errc::shape_mismatch,
              text("shapes differ (",
                   name(op_),
                   " of ",
                   shape_text(extents_),
                   " and ",
                   shape_text(other_extents_),
                   ")"));
}

void joint_call::begin() const {
    core_.require_open(op_);
    auto const failure = failure_of([&] { check(); });
    core_.meeting().meet(call(), failure ? &*failure : nullptr);
}

void joint_call::finish(function_ref<void()> work, function_ref<void()> completion) const {
    auto failure = failure_of(work);
    if (failure) failure->text = text(name(op_), " failed (", failure->text, ")");
    core_.meeting().meet(
        call(), failure ? &*failure : nullptr, [&](meeting_values&) { completion(); });
}

} // namespace shmwin::inline v1::detail
