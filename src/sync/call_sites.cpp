// SPDX-License-Identifier: MIT
#include "shmwin/sync/call_sites.hpp"

#include "shmwin/base/text.hpp"

#include "sync/text_field.hpp"

namespace shmwin::inline v1::detail {

call_sites::call_sites(std::span<call_site> all, int self) noexcept
    : all_(all), first_(static_cast<std::size_t>(self) * sites_of_rank) {}

void call_sites::write(std::size_t i, source_line const& where) noexcept {
    auto& site = all_[first_ + i];
    copy_cut(site.file, file_name(where.file));
    site.line = where.line;
    known_.at(i) = where;
}

std::string call_sites::text(int rank, std::uint16_t number) const {
    if (number == 0) return {};
    auto const& site = all_[static_cast<std::size_t>(rank) * sites_of_rank + number - 1];
    return detail::text(" at ", site.file.data(), ':', site.line);
}

} // namespace shmwin::inline v1::detail
