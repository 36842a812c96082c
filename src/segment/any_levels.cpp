// SPDX-License-Identifier: MIT
#include "shmwin/segment/any_levels.hpp"

#include "shmwin/base/contract.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/levels.hpp"

namespace shmwin::inline v1 {
namespace {

void require_within(char const* what, int index, int n_levels) {
    if (0 <= index && index < n_levels) return;
    raise(errc::out_of_range,
          detail::text("no such level (", what, " = ", index, " of ", n_levels, " levels)"));
}

} // namespace

detail::levels_control& any_levels::control() const noexcept {
    SHMWIN_EXPECT(is_valid());
    return *reinterpret_cast<detail::levels_control*>(what_.place.address);
}

any_view any_levels::view_of(int which, bool is_read_only) const {
    auto const& shared = control();
    auto* const first = what_.place.address + shared.first_bytes
                        + static_cast<std::size_t>(which) * shared.stride_bytes;
    return detail::packed_view(what_, first, is_read_only);
}

any_view any_levels::next() const {
    return view_of((index_of_now() + 1) % n_levels(), false);
}

any_view any_levels::ago(int steps) const {
    require_within("steps", steps, n_levels());
    return view_of((index_of_now() + n_levels() - steps) % n_levels(), true);
}

any_view any_levels::level(int which) const {
    require_within("which", which, n_levels());
    return view_of(which, false);
}

void any_levels::flip(source_line const& where) const {
    detail::flip_levels(*core_, what_.place, where);
}

int any_levels::n_levels() const noexcept {
    return static_cast<int>(control().n_levels);
}
int any_levels::index_of_now() const noexcept {
    return static_cast<int>(control().now.load(std::memory_order_relaxed));
}

bool any_levels::is_valid() const {
    return core_ != nullptr && core_->is_there(what_.place.index, what_.place.generation);
}

} // namespace shmwin::inline v1
