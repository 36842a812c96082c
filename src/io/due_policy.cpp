// SPDX-License-Identifier: MIT
#include "io/due_policy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shmwin::inline v1::detail {
namespace {

// While no save was measured: a tenth of the time that the job has, 5 minutes at most.
constexpr double first_share = 0.1;
constexpr due_seconds first_most{300};

// Of what was measured before, how much still counts: disks have good days and bad ones.
constexpr double memory_of_steps = 0.9;
constexpr double memory_of_costs = 0.5;

std::int64_t done_after(std::int64_t step) {
    return step < std::numeric_limits<std::int64_t>::max() ? step + 1 : step;
}

// The last one whole, if it was dearer than those before; else between.
due_seconds joined(due_seconds before, due_seconds last) {
    return std::max(last, memory_of_costs * before + (1 - memory_of_costs) * last);
}

} // namespace

due_seconds best_interval(due_seconds cost, due_seconds failures) {
    if (cost >= 2 * failures) return failures;
    double const ratio = cost / (2 * failures);
    auto const young = due_seconds(std::sqrt(2 * cost.count() * failures.count()));
    return young * (1 + std::sqrt(ratio) / 3 + ratio / 9) - cost;
}

due_policy::due_policy(checkpoint_options const& options,
                       time_point now,
                       std::optional<due_seconds> left)
    : every_steps_(options.every_steps),
      every_time_(options.every_time),
      overhead_(options.overhead),
      failure_interval_(options.failure_interval),
      last_(now) {
    if (!left) return;
    end_ = now + std::chrono::duration_cast<time_point::duration>(*left);
    first_room_ = std::clamp(first_share * *left, due_seconds(0), first_most);
}

due_kind due_policy::decide(std::int64_t step, time_point now) {
    note_step(now);
    bool const by_steps = steps_are_due(step);
    auto const known = cost();
    if (is_over(now)) return due_kind::wall_clock;
    if (failure_interval_.count() > 0
        && (!known || has_passed(best_interval(*known, failure_interval_), now))) {
        return due_kind::failure_interval;
    }
    // A share s of the time: cost / (cost + interval) = s.
    if (overhead_ > 0 && (!known || has_passed(*known * ((1 - overhead_) / overhead_), now))) {
        return due_kind::overhead;
    }
    if (every_time_.count() > 0 && has_passed(every_time_, now)) return due_kind::time;
    return by_steps ? due_kind::steps : due_kind::no;
}

void due_policy::note_step(time_point now) {
    if (last_call_) {
        auto const step = due_seconds(now - *last_call_) - saving_;
        long_step_ = std::max(step, memory_of_steps * long_step_);
    }
    last_call_ = now;
    saving_ = due_seconds(0);
}

bool due_policy::steps_are_due(std::int64_t step) {
    auto const done = done_after(step);
    // A host may have gone back without telling: then this step alone counts.
    auto const before = n_done_ && *n_done_ <= done ? *n_done_ : step;
    n_done_ = done;
    return every_steps_ > 0 && done / every_steps_ > before / every_steps_;
}

bool due_policy::is_over(time_point now) const {
    return end_ && due_seconds(*end_ - now) <= room_for_one_more() + long_step_;
}

bool due_policy::has_passed(due_seconds interval, time_point now) const {
    return due_seconds(now - last_) >= interval;
}

std::optional<due_seconds> due_policy::cost() const {
    return lost_ ? lost_ : restore_;
}

due_seconds due_policy::room_for_one_more() const {
    if (lost_) return 2 * whole_;
    return std::max(first_room_, 2 * restore_.value_or(due_seconds(0)));
}

void due_policy::saved(std::int64_t n_done, time_point now, due_seconds lost, due_seconds whole) {
    lost_ = lost_ ? joined(*lost_, lost) : lost;
    saving_ += lost;
    begin_anew(n_done, now);
    became_safe(whole);
}

void due_policy::became_safe(due_seconds whole) {
    whole_ = joined(whole_, whole);
}

void due_policy::restored(std::int64_t n_done, time_point now, due_seconds took) {
    restore_ = took;
    last_call_.reset(); // what was done since is no step
    begin_anew(n_done, now);
}

void due_policy::begin_anew(std::int64_t n_done, time_point now) {
    n_done_ = n_done;
    last_ = now;
}

} // namespace shmwin::inline v1::detail
