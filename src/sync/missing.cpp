// SPDX-License-Identifier: MIT
#include "shmwin/sync/missing.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <string>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

std::string words_for(participants const& who, int rank) {
    auto const departed = who.departure_of(rank);
    switch (departed.how) {
    case participant_state::left:
    case participant_state::died:
        return participants::describe(departed).text;
    case participant_state::closed:
        return text("rank ", rank, " closed the segment");
    case participant_state::absent:
    case participant_state::active:
        break;
    }
    return text("rank ", rank, " did not come");
}

[[noreturn]] void raise_for(awaited const& what, int rank, std::string const& reasons) {
    raise(error_info{
        errc::barrier_broken, false, rank, text(what.call, " cannot be met (", reasons, ")")});
}

} // namespace

std::optional<int> first_gone(participants const& who, rank_bits set, bool look) {
    for (int rank = 0; rank < who.size(); ++rank) {
        if (contains(set, rank) && !who.alive(rank, look)) return rank;
    }
    return std::nullopt;
}

void check_open(participants const& who, awaited const& what) {
    auto const mine = who.state(who.self());
    if (mine != participant_state::closed && mine != participant_state::left) return;
    raise(errc::closed, text(what.call, " is not possible (the segment is closed)"));
}

void check_none_missing(wait_context const& in, awaited const& what, bool look) {
    auto const& who = in.who();
    check_open(who, what);
    auto const first = in.meeting().first_missing(look);
    if (!first) return;
    auto reasons = participants::describe(*first).text;
    for (int rank = 0; rank < who.size(); ++rank) {
        if (rank == first->rank || who.alive(rank, true)) continue;
        if (who.state(rank) != participant_state::closed) reasons += "; " + words_for(who, rank);
    }
    raise_for(what, first->rank, reasons);
}

void check_all_there(wait_context const& in, awaited const& what, bool look) {
    check_open(in.who(), what);
    in.check_peers(what, look);
}

void raise_broken(wait_context const& in, awaited const& what, rank_bits set, breach const& why) {
    auto const& who = in.who();
    auto reasons = why.gave_up ? text("rank ", why.rank, " gave up at its deadline")
                               : words_for(who, why.rank);
    for (int rank = 0; rank < who.size(); ++rank) {
        if (rank == why.rank || !contains(set, rank) || who.alive(rank, true)) continue;
        reasons += "; " + words_for(who, rank);
    }
    raise_for(what, why.rank, reasons);
}

} // namespace shmwin::inline v1::detail
