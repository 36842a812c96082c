// SPDX-License-Identifier: MIT
// shmwin pin, shmwin unpin: which checkpoints retention leaves alone. A job that has the store open
// sees it at its next save.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "cli/commands.hpp"
#include "cli/listing.hpp"
#include "io/store_directory.hpp"

namespace shmwin::cli {
namespace {

void set_pinned(std::filesystem::path const& file, bool pinned) {
    auto const names = store_of(file);
    auto const own = names ? names->own(file) : std::nullopt;
    if (!own) {
        raise(errc::not_found,
              detail::text("no such checkpoint (", file.native(), "; `shmwin ls` lists all)"));
    }
    names->set_pinned(*own, pinned);
}

} // namespace

int pin(pin_options const& options) {
    for (auto const& each : options.files) {
        set_pinned(each, true);
    }
    return all_right;
}

int unpin(pin_options const& options) {
    for (auto const& each : options.files) {
        set_pinned(each, false);
    }
    return all_right;
}

} // namespace shmwin::cli
