// SPDX-License-Identifier: MIT
#include "sync/lock_state.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

namespace shmwin::inline v1::detail {

void raise_unless_sound(awaited const& what,
                        int who,
                        bool is_not_recoverable,
                        bool is_inconsistent,
                        lock_words const& words) {
    if (is_not_recoverable) {
        raise(errc::not_recoverable,
              text(what.call,
                   " is not possible (a holder died, and rank ",
                   who,
                   " unlocked without mark_consistent(); destroy and create it anew)"));
    }
    if (!is_inconsistent) return;
    raise(error_info{errc::owner_died,
                     false,
                     who,
                     text(what.call,
                          " is not possible (rank ",
                          who,
                          ' ',
                          words.how_it_broke,
                          "; ",
                          words.remedy,
                          ")")});
}

bool is_holder_gone(participants const& who, lock_holder const& holder) {
    return who.gone(holder.rank) || is_thread_gone(who.process(holder.rank), holder.thread);
}

} // namespace shmwin::inline v1::detail
