// SPDX-License-Identifier: MIT
#include "sync/patience.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

namespace shmwin::inline v1::detail {
namespace {

constexpr std::chrono::milliseconds grace_of_who_left{500};

} // namespace

bool patience::ends_with(participants const& who, int holder) {
    if (who.alive(holder, false)) {
        reset();
        return false;
    }
    auto const now = std::chrono::steady_clock::now();
    if (!since_ || holder_ != holder) since_ = now;
    holder_ = holder;
    return now - *since_ >= grace_of_who_left;
}

void raise_holder_left(awaited const& what,
                       participants const& who,
                       int holder,
                       std::string const& holds) {
    auto const gone = who.departure_of(holder);
    auto const why = gone.how == participant_state::closed
                         ? text("rank ", holder, " closed the segment")
                         : participants::describe(gone).text;
    raise(error_info{
        errc::peer_left,
        false,
        holder,
        text(what.call, " cannot be met (", holds, ", and ", why, " while its process lives on)")});
}

} // namespace shmwin::inline v1::detail
