// SPDX-License-Identifier: MIT
#include "shmwin/segment/any_array.hpp"

#include "shmwin/base/contract.hpp"

namespace shmwin::inline v1 {

any_view any_array::view() const {
    SHMWIN_EXPECT(is_valid());
    return detail::packed_view(what_, what_.place.address, false);
}

void any_array::freeze(protect_pages_t /*how*/, source_line const& where) const {
    core_->freeze_together(what_.place, where);
}
void any_array::thaw(source_line const& where) const {
    core_->thaw_together(what_.place, where);
}

std::optional<detail::write_hold> any_array::write_section(detail::wait_deadline until) const {
    SHMWIN_EXPECT(is_valid());
    return detail::write_hold::begin(core_, what_.place, "array::write_section", until);
}
detail::write_hold any_array::repair_section() const {
    SHMWIN_EXPECT(is_valid());
    return detail::write_hold::begin_repair(core_, what_.place);
}
std::optional<detail::read_hold> any_array::read_section(std::uint64_t at_least,
                                                         detail::wait_deadline until) const {
    SHMWIN_EXPECT(is_valid());
    return detail::read_hold::begin(core_, what_.place, "array::read_section", at_least, until);
}

bool any_array::is_valid() const {
    return core_ != nullptr && core_->is_there(what_.place.index, what_.place.generation);
}

std::uint64_t any_array::offset() const noexcept {
    return what_.place.foreign != nullptr ? detail::foreign_offset
                                          : core_->memory().offset_of(what_.place.address);
}

} // namespace shmwin::inline v1
