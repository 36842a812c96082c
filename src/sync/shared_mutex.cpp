// SPDX-License-Identifier: MIT
#include "shmwin/sync/shared_mutex.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/look_clock.hpp"
#include "shmwin/sync/value_wait.hpp"

#include "sync/lock_state.hpp"
#include "sync/patience.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a writer lets readers pass that waited for the one before: else a writer that locks and
// unlocks in a loop would keep all who must wake up first from ever entering.
constexpr milliseconds courtesy{1};

std::string holder_text(lock_holder const& by) {
    if (!by) return "no thread holds it to write";
    return text("thread ", by.thread, " of rank ", by.rank, " holds it to write");
}

// A reader whom writers let pass.
class waiting_reader {
  public:
    waiting_reader(shared_mutex_line& mine, waitable& turn) noexcept : mine_(mine), turn_(turn) {
        mine_.n_waiting.fetch_add(1);
    }
    waiting_reader(waiting_reader const&) = delete;
    waiting_reader(waiting_reader&&) = delete;
    waiting_reader& operator=(waiting_reader const&) = delete;
    waiting_reader& operator=(waiting_reader&&) = delete;
    ~waiting_reader() {
        mine_.n_waiting.fetch_sub(1);
        notify_line(turn_);
    }

  private:
    shared_mutex_line& mine_;
    waitable& turn_;
};

} // namespace

// Keeps readers out, and lets them in again as if nothing had been, unless the writer got inside.
class shared_mutex_access::closed_gate {
  public:
    closed_gate(shared_mutex_access& of, std::uint64_t before) noexcept
        : of_(of), before_(before) {}
    closed_gate(closed_gate const&) = delete;
    closed_gate(closed_gate&&) = delete;
    closed_gate& operator=(closed_gate const&) = delete;
    closed_gate& operator=(closed_gate&&) = delete;
    ~closed_gate() {
        if (is_inside_) return;
        of_.word().store(before_);
        notify_line(of_.lines_[0].turn);
    }
    void step_inside() noexcept {
        of_.word().fetch_or(inside);
        is_inside_ = true;
    }

  private:
    shared_mutex_access& of_;
    std::uint64_t before_;
    bool is_inside_ = false;
};

// --- what the word says --------------------------------------------------------------------------

// Nobody has the word, but a writer died or gave up.
void shared_mutex_access::require_sound(std::uint64_t seen) const {
    raise_unless_sound(what_,
                       static_cast<int>(seen >> 32U) - 1,
                       (seen & not_recoverable) != 0,
                       (seen & inconsistent) != 0,
                       words_);
}

void shared_mutex_access::require_other(std::uint64_t seen) const {
    if ((seen & ~flags) != my_name()) return;
    raise(errc::would_deadlock,
          text(what_.call,
               " is not possible (",
               holder_text(holder_in(seen)),
               ", which is the caller; let go of it first)"));
}

void shared_mutex_access::require_mine() const {
    auto const seen = word().load();
    if ((seen & ~flags) == my_name()) return;
    raise(errc::invalid_argument,
          text(what_.call,
               " is not possible (",
               holder_text(holder_in(seen)),
               ", not the calling thread)"));
}

// --- the dead ------------------------------------------------------------------------------------

// If the process that has the word is gone, nobody has it.
void shared_mutex_access::end_of_dead(std::uint64_t seen) {
    auto const holder = holder_in(seen);
    if (!holder || !is_holder_gone(by_.who(), holder)) return;
    bool const half_done = (seen & (inside | inconsistent)) != 0;
    if (word().compare_exchange_strong(seen, half_done ? left_by(holder.rank, inconsistent) : 0)) {
        notify_line(lines_[0].turn);
    }
}

void shared_mutex_access::require_there(patience& with, int holder) const {
    if (!with.ends_with(by_.who(), holder)) return;
    raise_holder_left(what_, by_.who(), holder, text("rank ", holder, " holds the lock"));
}

// Nothing changes the counts of a process that is gone.
void shared_mutex_access::clear_dead_readers() noexcept {
    for (int rank = 0; rank < by_.who().size(); ++rank) {
        auto& line = line_of(rank);
        if (line.n_readers.load() == 0 && line.n_waiting.load() == 0) continue;
        if (rank == by_.self() || !by_.who().gone(rank)) continue;
        line.n_waiting.store(0);
        line.n_readers.store(0);
    }
}

// For who does not wait.
void shared_mutex_access::look_again() {
    if (!is_time_to_look(look_key(lines_.data()))) return;
    end_of_dead(word().load());
    clear_dead_readers();
}

// --- readers -------------------------------------------------------------------------------------

void shared_mutex_access::leave() noexcept {
    line_of(by_.self()).n_readers.fetch_sub(1);
    if (holder_in(word().load())) notify_line(lines_[0].drained);
}

void shared_mutex_access::unlock_shared() {
    if (line_of(by_.self()).n_readers.load() == 0) {
        raise(errc::invalid_argument,
              text(what_.call, " is not possible (no thread of rank ", by_.self(), " reads)"));
    }
    leave();
}

bool shared_mutex_access::wait_to_enter(wait_deadline until) {
    long_wait whole(by_, what_);
    return wait_to_enter(until, whole);
}

bool shared_mutex_access::wait_to_enter(wait_deadline until, long_wait& whole) {
    waiting_reader const waiting(line_of(by_.self()), lines_[0].turn);
    for (;;) {
        auto const seen = word().load();
        require_other(seen);
        if (!holder_in(seen)) require_sound(seen);
        if (!wait_for_turn(until, whole)) return false;
        if (enter()) return true;
    }
}

bool shared_mutex_access::try_to_enter() {
    look_again();
    auto const seen = word().load();
    if (holder_in(seen)) return false;
    require_sound(seen);
    return enter();
}

std::uint64_t shared_mutex_access::n_readers() const noexcept {
    std::uint64_t n = 0;
    for (auto const& each : lines_.subspan(1)) {
        n += each.n_readers.load();
    }
    return n;
}

// --- writers -------------------------------------------------------------------------------------

bool shared_mutex_access::wait_for_turn(wait_deadline until, long_wait& whole) {
    patience with_holder;
    auto const check = [&](bool look) {
        auto const seen = word().load();
        if (!look || !holder_in(seen)) return;
        end_of_dead(seen);
        if (word().load() == seen) require_there(with_holder, holder_in(seen).rank);
    };
    return wait_on_line(
        lines_[0].turn, whole, [&] { return !holder_in(word().load()); }, check, until);
}

bool shared_mutex_access::is_drained() const noexcept {
    return std::ranges::all_of(lines_.subspan(1),
                               [](auto const& each) { return each.n_readers.load() == 0; });
}

bool shared_mutex_access::readers_wait() const noexcept {
    return std::ranges::any_of(lines_.subspan(1),
                               [](auto const& each) { return each.n_waiting.load() != 0; });
}

void shared_mutex_access::let_readers_in(wait_deadline until, long_wait& whole) {
    if (!readers_wait()) return;
    auto const passed = [&] { return word().load() != 0 || !readers_wait(); };
    auto const enough = std::min(until, steady_clock::now() + courtesy);
    if (!wait_on_line(
            lines_[0].turn, whole, passed, [](bool) {}, enough)) {
        clear_dead_readers();
    }
}

std::optional<int> shared_mutex_access::reader_that_left() const {
    for (int rank = 0; rank < by_.who().size(); ++rank) {
        if (line_of(rank).n_readers.load() != 0 && !by_.who().alive(rank, false)) return rank;
    }
    return std::nullopt;
}

bool shared_mutex_access::drain(wait_deadline until, long_wait& whole) {
    patience with_readers;
    auto const check = [&](bool look) {
        if (!look) return;
        clear_dead_readers();
        if (auto const left = reader_that_left()) {
            require_there(with_readers, *left);
        } else {
            with_readers.reset();
        }
    };
    return wait_on_line(
        lines_[0].drained, whole, [&] { return is_drained(); }, check, until);
}

bool shared_mutex_access::lock(wait_deadline until, on_inconsistent how, bool& to_repair) {
    long_wait whole(by_, what_);
    for (;;) {
        auto before = word().load();
        require_other(before);
        if (holder_in(before)) {
            if (!wait_for_turn(until, whole)) return false;
            continue;
        }
        if (how == on_inconsistent::raise || (before & not_recoverable) != 0) require_sound(before);
        if (before == 0) let_readers_in(until, whole);
        auto const kept = before & inconsistent;
        if (!word().compare_exchange_strong(before, my_name() | kept)) continue;
        closed_gate gate(*this, before);
        if (!drain(until, whole)) return false;
        gate.step_inside();
        to_repair = kept != 0;
        return true;
    }
}

bool shared_mutex_access::lock_until(wait_deadline until) {
    bool to_repair = false;
    return lock(until, on_inconsistent::raise, to_repair);
}

bool shared_mutex_access::lock_to_repair() {
    bool to_repair = false;
    static_cast<void>(lock(no_deadline, on_inconsistent::repair, to_repair));
    return to_repair;
}

bool shared_mutex_access::try_lock() {
    auto before = word().load();
    if (before != 0) {
        look_again();
        before = word().load();
        if (holder_in(before)) return false;
        require_sound(before);
    }
    if (!word().compare_exchange_strong(before, my_name())) return false;
    closed_gate gate(*this, before);
    if (!is_drained()) look_again();
    if (!is_drained()) return false;
    gate.step_inside();
    return true;
}

void shared_mutex_access::mark_consistent() {
    require_mine();
    word().fetch_and(~inconsistent);
}

// In the place of the thread: who it was.
std::uint64_t shared_mutex_access::left_by(int rank, std::uint64_t how) noexcept {
    return how | (std::uint64_t{static_cast<std::uint32_t>(rank)} + 1) << 32U;
}

void shared_mutex_access::unlock() {
    require_mine();
    bool const unrepaired = (word().load() & inconsistent) != 0;
    word().store(unrepaired ? left_by(by_.self(), not_recoverable) : 0);
    notify_line(lines_[0].turn);
}

void shared_mutex_access::unlock_broken() {
    require_mine();
    word().store(left_by(by_.self(), inconsistent));
    notify_line(lines_[0].turn);
}

} // namespace shmwin::inline v1::detail
