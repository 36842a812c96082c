// SPDX-License-Identifier: MIT
// A primitive's state in shared pages, and ranks that use it: threads, or processes that may be
// killed. No MPI.
#pragma once

#include "shmwin/sync/wait_context.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <new>

namespace shmwin::test {

/// Ranks take turns with the mappings. ThreadSanitizer knows memory by its address, so for it all
/// use one.
[[nodiscard]] inline via via_of(int rank) noexcept {
    return under_tsan || rank % 2 == 0 ? via::first : via::second;
}

/// Pages with one State, for up to `max` ranks, each with a wait_context of its own.
template <typename State, int max = 8>
struct sync_pages {
    explicit sync_pages(wait_policy const& policy = shared_pages::policy()) : how(policy) {
        new (&state()) State{};
    }

    [[nodiscard]] State& state(via which = via::first) const noexcept {
        auto const all = pages.where(which).template as<std::byte>(detail::section_id::pages);
        return *reinterpret_cast<State*>(all.data());
    }
    [[nodiscard]] detail::wait_context waits(int rank, via which = via::first) const {
        return {pages.who(rank, which),
                how,
                pages.lot(which),
                pages.meeting(rank, how, which),
                pages.log(rank, which)};
    }
    /// For the words of errors and the parking lot.
    [[nodiscard]] detail::awaited what(char const* call) const noexcept {
        return {call, pages.where().header()[detail::section_id::pages].offset};
    }

    wait_policy how;
    shared_pages pages{{.capacity = 65536, .n_ranks = max}};
};

} // namespace shmwin::test
