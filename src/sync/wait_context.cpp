// SPDX-License-Identifier: MIT
#include "shmwin/sync/wait_context.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/long_wait.hpp"

#include <utility>

namespace shmwin::inline v1::detail {

wait_context::wait_context(participants const& who,
                           wait_policy const& policy,
                           parking_lot const& lot,
                           rendezvous const& meeting,
                           activity const& log) noexcept
    : who_(who), policy_(policy), lot_(lot), meeting_(meeting), log_(log) {}

bool wait_context::wait_while(waitable& w,
                              std::uint32_t old,
                              awaited const& what,
                              function_ref<void(bool)> check,
                              wait_deadline until) const {
    return long_wait(*this, what).sleep(w, old, check, until);
}

bool wait_context::park(awaited const& what,
                        function_ref<bool()> ready,
                        function_ref<void(bool)> check,
                        wait_deadline until) const {
    auto& sequence = lot_.line(what.object).sequence;
    long_wait waiting(*this, what);
    for (;;) {
        auto const seen = sequence.word.load(); // before the look: a change after it is noticed
        if (ready()) return true;
        if (!waiting.sleep(sequence, seen, check, until)) return ready();
    }
}

void wait_context::check_peers(awaited const& what, bool look, errc code) const {
    auto const who = meeting_.first_missing(look);
    if (!who) return;
    auto info = participants::describe(*who);
    info.code = code;
    info.text = text(what.call, " cannot be met (", info.text, ")");
    raise(std::move(info));
}

} // namespace shmwin::inline v1::detail
