// SPDX-License-Identifier: MIT
// What a rendezvous says: who is where, in which call, and why a meeting was none.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "sync/call_text.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace shmwin::inline v1::detail {

// The words are plain memory, which its rank may write to now: read byte by byte, unseen by
// ThreadSanitizer.
[[gnu::no_sanitize_thread]] meeting_words rendezvous::words_of(int rank) const noexcept {
    auto const& from = slot(rank);
    meeting_words words;
    words.op = static_cast<operation const volatile&>(from.op);
    for (std::size_t i = 0; i + 1 < words.object.size(); ++i) {
        words.object[i] = static_cast<char const volatile&>(from.object[i]);
        if (words.object[i] == '\0') break;
    }
    return words;
}

// The first thing that is wrong: different calls, a failure, different arguments.
error_info rendezvous::judge() const {
    auto const& first = slot(0);
    int failed = -1;
    int different = -1;
    for (int rank = 0; rank < who_.size(); ++rank) {
        auto const& other = slot(rank);
        if (other.op != first.op) return disagreement(rank);
        if (other.code != 0 && failed < 0) failed = rank;
        if (other.tag != first.tag && different < 0) different = rank;
    }
    if (failed < 0) return disagreement(std::max(different, 0));
    auto const& other = slot(failed);
    return {static_cast<errc>(other.code), true, failed, other.text.data()};
}

error_info rendezvous::disagreement(int different) const {
    auto const& first = slot(0);
    auto const& other = slot(different);
    auto const ours = call_text(first);
    auto const theirs = call_text(other);
    auto const* const what = first.op == other.op ? "ranks disagree in a collective call"
                                                  : "ranks are in different collective calls";
    auto const* const end = ours == theirs ? ", with other options)" : ")";
    return {errc::disagreement,
            true,
            different,
            text(what,
                 " (rank 0: ",
                 ours,
                 place_of(0),
                 "; rank ",
                 different,
                 ": ",
                 theirs,
                 place_of(different),
                 end)};
}

std::string rendezvous::place_of(int rank) const {
    return sites_ == nullptr ? std::string() : sites_->text(rank, slot(rank).site);
}

std::string rendezvous::last_call(int rank) const {
    auto const op = slot(rank).op;
    return op == operation::none ? std::string() : text(name(op), place_of(rank));
}

bool rendezvous::is_here(int rank) const noexcept {
    auto const number = words_.last_number();
    if (state_.last_number.load(std::memory_order_acquire) == number) return false;
    return words_.is_in(rank, number);
}

// Of one that was killed: where, too.
participants::departure rendezvous::departure_of(int rank) const {
    auto found = who_.departure_of(rank);
    if (found.how == participant_state::died && !place_of(rank).empty())
        found.call = last_call(rank);
    return found;
}

void rendezvous::raise_missing(collective_call const& call) const {
    auto const who = first_missing(true);
    if (!who) {
        raise(error_info{errc::peer_left,
                         true,
                         -1,
                         text(call_text(call), " cannot be met (the segment is broken)")});
    }
    auto info = participants::describe(*who);
    info.agreed = true;
    info.text = text(call_text(call), " cannot be met (", info.text, ")");
    raise(std::move(info));
}

} // namespace shmwin::inline v1::detail
