// SPDX-License-Identifier: MIT
// Write-protected pages. The protection is each process's own, so what is protected is
// process-local state; it is the same on all ranks, since only collective calls change it.
#include "shmwin/segment/freeze.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/segment/core.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>

namespace shmwin::inline v1::detail {
namespace {

constexpr int writable = PROT_READ | PROT_WRITE;

void set_protection(frozen_pages const& pages, int protection) {
    if (pages.n_bytes == 0) return;
    if (::mprotect(pages.first, pages.n_bytes, protection) == 0) return;
    raise(errc::system_failure,
          text("mprotect failed (",
               errno_text(errno),
               ", for ",
               bytes_text(pages.n_bytes),
               "; each protected array is a mapping of its own: see vm.max_map_count)"));
}

// Of a call that failed on another rank.
void undo(frozen_pages const& pages, int protection) noexcept {
    auto const failure = failure_of([&] { set_protection(pages, protection); });
    if (failure) log(log_level::error, failure->text);
}

collective_call call_of(operation op, placed_object const& what, source_line const& where) {
    return {op, {}, {}, {}, hash_with(what.index + 1, what.generation), where};
}

bool is_same(frozen_pages const& pages, std::uint32_t index, std::uint32_t generation) noexcept {
    return pages.index == index && pages.generation == generation;
}

} // namespace

void segment_core::require_thawed(char const* call,
                                  std::uint32_t index,
                                  std::uint32_t generation) const {
    auto const found = std::ranges::find_if(
        frozen_, [&](auto const& each) { return is_same(each, index, generation); });
    if (found == frozen_.end()) return;
    auto const record = directory_.at(index, generation);
    raise(errc::busy,
          text(call,
               " is not possible (\"",
               record ? record->name_text() : std::string_view(),
               "\" is write-protected; thaw() it first)"));
}

frozen_pages segment_core::pages_to_freeze(placed_object const& what) const {
    auto const record = directory_.at(what.index, what.generation);
    if (record && record->is_foreign()) {
        raise(errc::unsupported,
              text("freeze is not possible (\"",
                   record->name_text(),
                   "\" was adopted: whose memory it is protects it; freeze it without "
                   "protect_pages)"));
    }
    if (!record || region_.at(record->offset) != what.address) {
        raise(errc::not_found, "freeze is not possible (the array was destroyed before)");
    }
    require_thawed(name(operation::freeze), what.index, what.generation);
    if (!record->whole_pages) {
        raise(errc::invalid_argument,
              text("freeze is not possible (\"",
                   record->name_text(),
                   "\" shares its pages with other objects; create it with .whole_pages = true, "
                   "or freeze it without protect_pages)"));
    }
    auto const n_bytes = (record->n_bytes + page_bytes - 1) / page_bytes * page_bytes;
    return {what.index, what.generation, what.address, n_bytes};
}

// Each rank protects its own mapping before it arrives: the others' stores go through theirs.
void segment_core::freeze_together(placed_object const& what, source_line const& where) {
    require_open(operation::freeze);
    note(operation::freeze);
    auto const n_before = frozen_.size();
    auto const failure = failure_of([&] {
        auto const pages = pages_to_freeze(what);
        frozen_.reserve(n_before + 1);
        set_protection(pages, PROT_READ);
        frozen_.push_back(pages);
    });
    try {
        rendezvous_.meet(call_of(operation::freeze, what, where), failure ? &*failure : nullptr);
    } catch (error const&) {
        if (frozen_.size() > n_before) {
            undo(frozen_.back(), writable);
            frozen_.pop_back();
        }
        throw;
    }
}

void segment_core::thaw_together(placed_object const& what, source_line const& where) {
    require_open(operation::thaw);
    note(operation::thaw);
    auto const found = std::ranges::find_if(
        frozen_, [&](auto const& each) { return is_same(each, what.index, what.generation); });
    auto const failure = failure_of([&] {
        if (found == frozen_.end()) {
            raise(errc::invalid_argument,
                  "thaw is not possible (the array is not write-protected: freeze(protect_pages) "
                  "was not called, or it is thawed)");
        }
        set_protection(*found, writable);
    });
    try {
        rendezvous_.meet(call_of(operation::thaw, what, where), failure ? &*failure : nullptr);
    } catch (error const&) {
        if (!failure) undo(*found, PROT_READ);
        throw;
    }
    frozen_.erase(found);
}

} // namespace shmwin::inline v1::detail
