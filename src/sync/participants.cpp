// SPDX-License-Identifier: MIT
#include "shmwin/sync/participants.hpp"

#include "shmwin/base/text.hpp"

#include "sync/text_field.hpp"

namespace shmwin::inline v1 {
void participants::attach() const {
    auto const me = this_process();
    auto& mine = slot(self_);
    mine.pid = me.pid;
    mine.start_time = me.start_time;
    mine.pid_namespace = me.pid_namespace;
    mine.state.store(participant_state::active, std::memory_order_release);
}

void participants::close() const noexcept {
    auto expected = participant_state::active;
    slot(self_).state.compare_exchange_strong(expected, participant_state::closed);
}

bool participants::leave(std::string_view call, std::string_view text) const noexcept {
    auto& mine = slot(self_);
    if (mine.state != participant_state::active) return false;
    detail::copy_cut(mine.call, call);
    detail::copy_cut(mine.text, text);
    auto expected = participant_state::active;
    return mine.state.compare_exchange_strong(expected, participant_state::left);
}

participant_state participants::state(int rank) const noexcept {
    return slot(rank).state.load(std::memory_order_acquire);
}

process_identity participants::process(int rank) const noexcept {
    auto const& who = slot(rank);
    return {who.pid, who.start_time, who.pid_namespace};
}

bool participants::alive(int rank, bool look) const {
    auto const seen = state(rank);
    if (seen != participant_state::active) return seen == participant_state::absent;
    return !look || !gone(rank);
}

bool participants::gone(int rank) const {
    if (state(rank) == participant_state::absent) return false;
    if (liveness_of(process(rank)) != liveness::dead) return false;
    auto expected = participant_state::active;
    slot(rank).state.compare_exchange_strong(expected, participant_state::died);
    return true;
}

std::optional<participants::departure> participants::missing(bool look) const {
    for (int rank = 0; rank < size(); ++rank) {
        if (alive(rank, look)) continue;
        if (state(rank) != participant_state::closed) return departure_of(rank);
    }
    return std::nullopt;
}

participants::departure participants::departure_of(int rank) const {
    auto const how = state(rank);
    if (how != participant_state::left) return {rank, how, {}, {}};
    auto const& who = slot(rank);
    return {rank, how, who.call.data(), who.text.data()};
}

error_info participants::describe(departure const& who) {
    auto const text =
        who.how == participant_state::died
            ? detail::text("rank ",
                           who.rank,
                           " is gone (its process died",
                           who.call.empty() ? "" : " in or after ",
                           who.call,
                           ")")
            : detail::text("rank ", who.rank, " left (in ", who.call, ": ", who.text, ")");
    return {errc::peer_left, false, who.rank, text};
}

} // namespace shmwin::inline v1
