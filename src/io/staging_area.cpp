// SPDX-License-Identifier: MIT
#include "io/staging_area.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/view/range.hpp"

#include <new>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

// A memfd goes when its holders do, and takes nothing from the file system that MPI's own messages
// live on. Where ranks cannot open each other's, they can share what MPI makes.
window make_window(node const& on, std::size_t n_bytes) {
    try {
        return {on, n_bytes, {backing_kind::memfd, false}};
    } catch (error const& failed) {
        if (!failed.agreed() || failed.code() != errc::not_shared) throw;
        return {on, n_bytes, {backing_kind::mpi_window, false}};
    }
}

// Each rank its share: a page that is not there costs a fault, or a SIGBUS.
void populate(node const& on, window const& which) {
    region const bytes(which.bytes().data(), which.source());
    auto const n_pages = static_cast<std::int64_t>(which.bytes().size() / page_bytes);
    auto const mine = block_range(n_pages, on.size(), on.rank());
    if (mine.empty()) return;
    bytes.populate(static_cast<std::uint64_t>(mine.first) * page_bytes,
                   static_cast<std::size_t>(mine.size()) * page_bytes);
}

} // namespace

void staging_area::require(node const& on, std::size_t n_bytes, std::uint32_t n_ended) {
    if (window_ && n_bytes <= n_bytes_) return;
    // What has grown once grows again.
    auto const wanted = window_ ? n_bytes + n_bytes / 8 : n_bytes;
    if (window_) window_->free();
    window_.reset();
    auto const rounded = (wanted + page_bytes - 1) / page_bytes * page_bytes;
    try {
        window_.emplace(make_window(on, page_bytes + rounded));
        agree_on(on.comm(), "save_async", [&] {
            populate(on, *window_);
            if (on.rank() == 0) (new (window_->bytes().data()) save_status{})->reset(n_ended);
        });
    } catch (error const& failed) {
        if (!failed.agreed()) throw;
        if (window_) window_->free();
        window_.reset();
        auto info = failed.info();
        info.text = text("no room to stage ",
                         bytes_text(n_bytes),
                         " of a save (",
                         info.text,
                         "; set .staging = bounded, or save() without staging)");
        raise(std::move(info));
    }
    n_bytes_ = rounded;
}

save_status& staging_area::status() const noexcept {
    static_assert(sizeof(save_status) <= page_bytes);
    return *reinterpret_cast<save_status*>(window_->bytes().data());
}

std::byte* staging_area::payload() const noexcept {
    return window_->bytes().data() + page_bytes;
}

} // namespace shmwin::inline v1::detail
