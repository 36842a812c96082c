// SPDX-License-Identifier: MIT
#include "io/due_board.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/sync/value_wait.hpp"

#include <exception>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

using namespace literals;

std::uint64_t packed(due_reason answer) noexcept {
    return static_cast<std::uint64_t>(answer.kind())
           | static_cast<std::uint64_t>(answer.signal()) << 8U;
}

due_reason unpacked(std::uint64_t word) noexcept {
    return due_reason(static_cast<due_kind>(word & 0xffU), static_cast<int>(word >> 8U));
}

wait_context collective_waits(segment_core const& core) {
    return {core.who(), core.policy(), core.lot(), core.meeting(), core.doing()};
}

} // namespace

due_board::due_board(MPI_Comm comm)
    : seg_(node(comm), {.capacity = 1_MiB}),
      words_(*seg_.create_object<due_words>("due")),
      waits_(collective_waits(*seg_.core())),
      place_{"checkpoint_store::due", seg_.core()->memory().offset_of(&words_)} {}

due_board::~due_board() {
    words_.is_broken.store(1);
    seg_.leave(std::uncaught_exceptions() > 0 ? "an exception left the scope of its store"
                                              : "its checkpoint_store was destroyed");
}

due_reason due_board::ask(std::int64_t step,
                          std::uint64_t signals,
                          function_ref<due_reason(std::uint64_t)> decide,
                          source_line const& where) {
    ++n_calls_;
    if (seg_.rank() != 0) {
        if (signals != 0) words_.signals.fetch_or(signals);
        return follow(step, where);
    }
    if (words_.is_broken.load(std::memory_order_relaxed) != 0) waits_.check_peers(place_, true);
    if (words_.signals.load(std::memory_order_relaxed) != 0) signals |= words_.signals.exchange(0);
    auto const answer = decide(signals);
    publish(step, answer);
    return answer;
}

void due_board::publish(std::int64_t step, due_reason answer) {
    // Releases: whoever sees it finds calls up to the one before counted. See follow().
    words_.steps.at(n_calls_ % due_words::n_steps).store(step, std::memory_order_release);
    if (answer) {
        auto const n_others = static_cast<std::uint64_t>(seg_.n_ranks() - 1);
        wait_until([&] { return words_.n_seen.load() == n_yes_ * n_others; });
        ++n_yes_;
        words_.yes_reason.store(packed(answer), std::memory_order_relaxed);
        words_.yes_step.store(step, std::memory_order_relaxed);
        words_.yes_call.store(n_calls_, std::memory_order_relaxed);
    }
    words_.n_decided.store(n_calls_, std::memory_order_release);
    notify();
}

due_reason due_board::follow(std::int64_t step, source_line const& where) {
    auto const is_decided = [&] {
        return words_.n_decided.load(std::memory_order_acquire) >= n_calls_;
    };
    if (!is_decided()) wait_until(is_decided);
    if (words_.yes_call.load(std::memory_order_relaxed) == n_calls_) {
        auto const answer = unpacked(words_.yes_reason.load(std::memory_order_relaxed));
        compare(step, words_.yes_step.load(std::memory_order_relaxed), where);
        words_.n_seen.fetch_add(1);
        notify();
        return answer;
    }
    auto const decided =
        words_.steps.at(n_calls_ % due_words::n_steps).load(std::memory_order_acquire);
    // Still of this call? Who is late by more is not compared.
    if (words_.n_decided.load(std::memory_order_relaxed) < n_calls_ + due_words::n_steps - 1) {
        compare(step, decided, where);
    }
    return {};
}

void due_board::compare(std::int64_t mine, std::int64_t decided, source_line const& where) {
    if (mine == decided) return;
    auto const rank = seg_.rank();
    auto why = text("ranks disagree in a collective call (rank 0: due(step ",
                    decided,
                    "); rank ",
                    rank,
                    ": due(step ",
                    mine,
                    ")",
                    place_text(where),
                    ")");
    words_.is_broken.store(1);
    seg_.leave(why);
    raise(error_info{errc::disagreement, false, rank, std::move(why)});
}

void due_board::wait_until(function_ref<bool()> ready) {
    wait_for_value(waits_, place_, ready);
}

void due_board::notify() const noexcept {
    notify_value(waits_.lot(), place_.object);
}

} // namespace shmwin::inline v1::detail
