// SPDX-License-Identifier: MIT
// due_board: how the ranks of a node learn what rank 0 decided, without a meeting. In a segment of
// the store's own:
//
//     | calls decided | call, reason and step of the last yes |  written by rank 0
//     | signals | yes seen by others | somebody gave up       |  written by others
//     | steps of the last 8 calls                             |  written by rank 0
//
// A no is the first word alone: rank 0 stores it, and waits for nobody; the others wait until it
// counts their call. A yes is written when the one before was seen by all, so nobody misses one.
//
// Layer: io.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/io/due.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <mpi.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is a valid start.
struct due_words {
    static constexpr std::size_t n_steps = 8;

    alignas(64) std::atomic<std::uint64_t> n_decided{0};
    std::atomic<std::uint64_t> yes_call{0};
    std::atomic<std::uint64_t> yes_reason{0};
    std::atomic<std::int64_t> yes_step{0};
    alignas(64) std::atomic<std::uint64_t> signals{0}; ///< as watched_signals::take()
    std::atomic<std::uint64_t> n_seen{0};              ///< times that a rank saw a yes
    std::atomic<std::uint32_t> is_broken{0};
    alignas(64) std::array<std::atomic<std::int64_t>, n_steps> steps{};
};

/// Process-local, on each rank of one node.
class due_board {
  public:
    /// All, collective. A segment of its own.
    /// @throws as segment's constructor
    explicit due_board(MPI_Comm comm);
    due_board(due_board const&) = delete;
    due_board(due_board&&) = delete;
    due_board& operator=(due_board const&) = delete;
    due_board& operator=(due_board&&) = delete;
    /// Local. The others' waits end with peer_left.
    ~due_board();

    /// All, in the same order, not together. `decide` runs on rank 0, with the signals of all
    /// ranks that are known there.
    /// @throws peer_left
    /// @throws runtime_failure (disagreement)  rank 0's step is another; the others get peer_left
    [[nodiscard]] due_reason ask(std::int64_t step,
                                 std::uint64_t signals,
                                 function_ref<due_reason(std::uint64_t)> decide,
                                 source_line const& where);

  private:
    void publish(std::int64_t step, due_reason answer);
    [[nodiscard]] due_reason follow(std::int64_t step, source_line const& where);
    void compare(std::int64_t mine, std::int64_t decided, source_line const& where);
    void wait_until(function_ref<bool()> ready);
    void notify() const noexcept;

    segment seg_;
    due_words& words_;
    wait_context waits_; ///< as of collective calls: drives MPI
    awaited place_;
    std::uint64_t n_calls_ = 0;
    std::uint64_t n_yes_ = 0;
};

} // namespace shmwin::inline v1::detail

SHMWIN_NAME(shmwin::detail::due_words, "shmwin.due/1");
