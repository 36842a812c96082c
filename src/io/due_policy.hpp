// SPDX-License-Identifier: MIT
// due_policy: when a checkpoint pays, as one rank sees it. Knows no clock: each call is told what
// time it is. Knows no signals either.
//
// Layer: io. No MPI, no HDF5.
#pragma once

#include "shmwin/io/checkpoint_options.hpp"
#include "shmwin/io/due.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace shmwin::inline v1::detail {

using due_seconds = std::chrono::duration<double>;

/// Local. How long to compute between two checkpoints that cost so much each, where failures come
/// after `failures` in the mean: what loses least time.
/// @see J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps",
///      Future Generation Computer Systems 22 (2006), equation 37; J. W. Young, "A first order
///      approximation to the optimum checkpoint interval", CACM 17 (1974), is its first term
[[nodiscard]] due_seconds best_interval(due_seconds cost, due_seconds failures);

/// One store's. Not for several threads at once.
class due_policy {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    /// @param now   when the store is made
    /// @param left  from then on, until the job is ended; nothing: it is not
    due_policy(checkpoint_options const& options,
               time_point now,
               std::optional<due_seconds> left = std::nullopt);

    /// Why a checkpoint is due, when `step` has just been done: its label would be step + 1.
    ///
    /// Steps: step + 1 is a multiple, or one lies between it and what was done at the last call,
    /// save or restore. What depends on the cost of a save takes the time of a restore for it at
    /// first, and without one is due at once, to find the cost out.
    [[nodiscard]] due_kind decide(std::int64_t step, time_point now);

    /// A save has ended.
    /// @param n_done  steps, the checkpoint's label
    /// @param lost    time that the computation stood still
    /// @param whole   time until the checkpoint was safe; longer, if it was written behind
    void saved(std::int64_t n_done, time_point now, due_seconds lost, due_seconds whole);
    /// One that is written behind has become safe.
    void became_safe(due_seconds whole);
    /// A restore has ended: it counts as the last checkpoint.
    void restored(std::int64_t n_done, time_point now, due_seconds took);

  private:
    void note_step(time_point now);
    [[nodiscard]] bool steps_are_due(std::int64_t step);
    [[nodiscard]] bool is_over(time_point now) const;
    [[nodiscard]] bool has_passed(due_seconds interval, time_point now) const;
    /// Nothing if none was measured.
    [[nodiscard]] std::optional<due_seconds> cost() const;
    [[nodiscard]] due_seconds room_for_one_more() const;
    void begin_anew(std::int64_t n_done, time_point now);

    std::int64_t every_steps_;
    due_seconds every_time_;
    double overhead_;
    due_seconds failure_interval_;
    std::optional<time_point> end_;
    due_seconds first_room_{0}; ///< kept free before the end while no save was measured

    std::optional<std::int64_t> n_done_; ///< steps, at the last call, save or restore
    time_point last_;                    ///< when the last checkpoint was there
    std::optional<time_point> last_call_;
    due_seconds saving_{0};    ///< since the last call
    due_seconds long_step_{0}; ///< from call to call, without saves: the longest of late
    std::optional<due_seconds> lost_;
    due_seconds whole_{0};
    std::optional<due_seconds> restore_;
};

} // namespace shmwin::inline v1::detail
