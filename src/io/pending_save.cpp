// SPDX-License-Identifier: MIT
#include "shmwin/io/pending_save.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/finalize.hpp"

#include "io/pending_state.hpp"

#include <utility>

namespace shmwin::inline v1 {
namespace detail {
namespace {

// A rank that has nothing but this to wait for sleeps at once: it takes as long as a disk does.
wait_policy patient(std::shared_ptr<segment_core> const& source) {
    wait_policy policy;
    if (source != nullptr && source->is_open() && mpi_is_up()) policy = source->policy();
    policy.spin = 0;
    policy.yield = 0;
    return policy;
}

} // namespace

void pending_state::await() {
    if (outcome || status == nullptr) return;
    auto const open = source.lock(); // keeps what drives MPI
    auto const policy = patient(open);
    auto const check = [&](bool look) {
        if (!look || liveness_of(writer) != liveness::dead || status->has_ended(number)) return;
        raise(error_info{errc::peer_left,
                         true,
                         0,
                         text("save cannot be finished (rank 0 died: process ", writer.pid, ")")});
    };
    for (;;) {
        auto const seen = status->n_ended().word.load();
        if (save_status::is_at_least(seen, number)) break;
        wait_while(status->n_ended(), seen, policy, check);
    }
    outcome = status->outcome();
    report.seconds = outcome->seconds;
    report.n_bytes_reused = outcome->n_reused;
    report.n_bytes_written = report.n_bytes - outcome->n_reused;
}

void pending_state::raise_failure() {
    if (!outcome || outcome->code == errc::ok) return;
    told = true;
    raise(error_info{outcome->code, true, 0, outcome->text});
}

} // namespace detail

bool pending_save::test() const noexcept {
    return state_ == nullptr || state_->has_ended();
}

save_report pending_save::wait() {
    if (state_ == nullptr) return {};
    state_->await();
    state_->raise_failure();
    return state_->report;
}

save_progress pending_save::progress() const noexcept {
    if (state_ == nullptr) return {};
    auto const& of = *state_;
    if (of.status != nullptr && !of.outcome) return of.status->progress();
    save_progress over;
    bool const failed = of.outcome && of.outcome->code != errc::ok;
    over.phase = failed ? save_phase::failed : save_phase::done;
    over.n_bytes = of.report.n_bytes;
    over.n_bytes_done = failed ? 0 : over.n_bytes;
    over.seconds = of.report.seconds;
    if (over.seconds > 0) {
        over.bytes_per_second = static_cast<double>(over.n_bytes_done) / over.seconds;
    }
    return over;
}

} // namespace shmwin::inline v1
