// SPDX-License-Identifier: MIT
// section: "one fills, all read". A shared_mutex, and how often what it guards was filled. Lines of
// 64 bytes:
//
//     | version, those who wait for one | lines of a shared_mutex: 1 + number of ranks |
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/shared_mutex.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// In the segment: the first line. All zero is valid: never filled.
struct alignas(64) section_state {
    std::atomic<std::uint64_t> version;
    waitable changed;
};
static_assert(sizeof(section_state) == sizeof(shared_mutex_line));

/// Bytes of a section for so many ranks.
[[nodiscard]] constexpr std::size_t section_bytes(int n_ranks) noexcept {
    return sizeof(section_state)
           + sizeof(shared_mutex_line) * (static_cast<std::size_t>(n_ranks) + 1);
}
SHMWIN_API void make_section(void* at, int n_ranks) noexcept;

/// Process-local, for a call on a section. Errors as of shared_mutex_access, but for what is said
/// of the remedy; owner_died is also what a writer leaves that gave up.
class SHMWIN_API section_access {
  public:
    section_access(void* at, wait_context const& by, awaited const& what) noexcept;

    /// Waits until nobody reads or writes. False at `until`.
    [[nodiscard]] bool begin_writing(wait_deadline until);
    /// begin_writing(), also if the last writer did not finish.
    /// @returns  true if it did not
    [[nodiscard]] bool begin_repair();
    /// What was written is the next version, and whole.
    void finish_writing();
    /// What was written is not whole: all get owner_died until somebody writes to the end.
    void give_up();

    /// Waits until the version is `at_least` or more and nobody writes. False at `until`.
    /// @throws peer_left  the version is less, and a rank is missing: nobody may ever write it
    /// @throws runtime_failure (closed)  the version is less, and this rank has closed the segment
    [[nodiscard]] bool begin_reading(std::uint64_t at_least, wait_deadline until);
    void finish_reading();

    [[nodiscard]] std::uint64_t version() const noexcept { return state_.version.load(); }

  private:
    section_state& state_;
    wait_context const& by_;
    awaited what_;
    shared_mutex_access lock_;
};

} // namespace shmwin::inline v1::detail
