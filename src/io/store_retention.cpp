// SPDX-License-Identifier: MIT
// What a user decides about the files of a store: pins, and which branch goes on. What retention
// decides: retention.hpp.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/file.hpp"
#include "io/retention.hpp"
#include "io/store_state.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <system_error>

namespace shmwin::inline v1 {
namespace detail {
namespace {

using paths = std::vector<std::filesystem::path>;

// Once all have asked for the same, rank 0 does it; all learn how it went, and get its files.
paths by_first(checkpoint_store::state const& store,
               std::string const& call,
               function_ref<paths(checkpoint_names const&)> step) {
    agree(store.comm(), call, hash(call), nullptr);
    std::vector<std::string> lines;
    agree_on(store.comm(), call, [&] {
        if (!store.is_first()) return;
        for (auto const& each : step(store.names)) {
            lines.push_back(each.native());
        }
    });
    lines = gather_lines(*store.group, lines, std::numeric_limits<std::size_t>::max() / 2);
    return {lines.begin(), lines.end()};
}

void set_pinned(checkpoint_store::state const& store,
                std::filesystem::path const& file,
                bool pinned) {
    auto const call = text(pinned ? "pin(" : "unpin(", file.native(), ")");
    by_first(store, call, [&](checkpoint_names const& names) {
        auto const own = names.own(file);
        if (!own) {
            raise(errc::not_found,
                  text("checkpoint is not in the store (", file.native(), "; see list())"));
        }
        names.set_pinned(*own, pinned);
        return paths{};
    });
}

void check_discard(checkpoint_names const& names, paths const& later, paths const& rest) {
    auto const pinned = std::ranges::find_if(
        later, [&](std::filesystem::path const& each) { return names.is_pinned(each); });
    if (pinned != later.end()) {
        raise(errc::invalid_argument,
              text("checkpoints are not discarded (", pinned->native(), " is pinned; unpin() it)"));
    }
    bool const is_any_whole = std::any_of(
        rest.rbegin(), rest.rend(), [&](auto const& each) { return is_whole(names, each); });
    if (!is_any_whole) {
        raise(errc::not_found,
              text("checkpoints are not discarded (of ",
                   rest.size(),
                   " before them in ",
                   names.directory().native(),
                   " none is whole: nothing would be left)"));
    }
}

void remove_checkpoint(std::filesystem::path const& file) {
    std::error_code failed;
    std::filesystem::remove(file, failed);
    if (!failed) return;
    raise(errc::io_failure,
          text("checkpoint cannot be removed (", file.native(), ": ", failed.message(), ")"));
}

// Newest first: whenever it is interrupted, the newest that is left is nearer to the wanted one.
paths discard(checkpoint_names const& names, std::int64_t step) {
    auto rest = names.list();
    auto const first_later = std::ranges::find_if(
        rest, [&](std::filesystem::path const& each) { return names.step_of(each) > step; });
    paths later(first_later, rest.end());
    rest.erase(first_later, rest.end());
    if (later.empty()) return {};
    check_discard(names, later, rest);
    std::ranges::reverse(later);
    for (auto const& each : later) {
        remove_checkpoint(each);
    }
    sync_directory(names.directory());
    return later;
}

} // namespace
} // namespace detail

void checkpoint_store::pin(std::filesystem::path const& file) {
    detail::finish_in_flight(*state_);
    detail::set_pinned(*state_, file, true);
}

void checkpoint_store::unpin(std::filesystem::path const& file) {
    detail::finish_in_flight(*state_);
    detail::set_pinned(*state_, file, false);
}

std::vector<std::filesystem::path> checkpoint_store::pinned() const {
    detail::finish_in_flight(*state_);
    return detail::by_first(*state_, "pinned", [](detail::checkpoint_names const& names) {
        auto all = names.list();
        std::erase_if(all, [&](auto const& each) { return !names.is_pinned(each); });
        return all;
    });
}

std::vector<std::filesystem::path> checkpoint_store::discard_after(std::int64_t step) {
    detail::finish_in_flight(*state_);
    auto const call = detail::text("discard_after(", step, ")");
    return detail::by_first(*state_, call, [&](detail::checkpoint_names const& names) {
        return detail::discard(names, step);
    });
}

} // namespace shmwin::inline v1
