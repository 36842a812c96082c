// SPDX-License-Identifier: MIT
// slab_table: the descriptors of slabs, an array as long as there are pages. Only what was ever
// used of it is present. Slabs come and go under the lock of the page runs.
//
// Layer: memory.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/memory/region.hpp"

#include "memory/slab.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

class slab_table {
  public:
    slab_table(region const& where, page_runs const& runs) noexcept
        : where_(where), runs_(runs), all_(where.as<slab>(section_id::slabs).data()) {}

    /// Local. A run of pages with a descriptor that `prepare` fills; null if there is no room. The
    /// slab exists from the moment when the word of its first page is stored.
    /// @throws out_of_memory (no_space)
    slab* create(std::uint64_t n_pages, function_ref<void(slab&)> prepare) const;

    /// Local. Gives pages and descriptor back. No block of it is in use.
    void destroy(slab& which) const;

    /// Local. Puts in order what a process left that died while it made a slab or gave one back.
    void settle() const;

    /// Numbers that were ever given: descriptors below are present.
    [[nodiscard]] std::uint32_t size() const noexcept;
    [[nodiscard]] slab& operator[](std::uint32_t number) const noexcept { return all_[number]; }
    [[nodiscard]] std::uint32_t number_of(slab const& which) const noexcept {
        return static_cast<std::uint32_t>(&which - all_);
    }
    [[nodiscard]] std::uint64_t first_page(slab const& which) const noexcept;
    /// True if the page map says that it describes a slab.
    [[nodiscard]] bool is_slab(slab const& which) const noexcept;

  private:
    [[nodiscard]] slab& unused(page_runs::held const& hold) const;
    void find_unused(page_runs::held const& hold) const noexcept;

    region where_;
    page_runs runs_;
    slab* all_;
};

} // namespace shmwin::inline v1::detail
