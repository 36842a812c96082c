// SPDX-License-Identifier: MIT
// Exactly-once construction: a name is claimed, its object constructed without any lock held, then
// the claim is lifted. What is left by a process that is killed
//
//     before the claim stands     nothing
//     up to set_offset()          the claim; the block, if it was taken already, is lost
//     up to publish()             the claim, with the block: whoever ends the claim frees it. What
//                                 the constructor itself allocated is lost with its object
//     in publish()                the claim, or the object
//     in end_claim()              the claim, or the block (lost)
//
// So at most one block is lost. A claim of a dead process ends when somebody asks for the name.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"
#include "memory/directory_taken.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// A rank that left lives on, and may still finish; but not for ever, and nobody may wait longer
// than a second for one that left.
constexpr int most_looks_at_one_that_left = 5;

std::uint64_t claim_of_this_thread(participants const& who) noexcept {
    return claim_bit | static_cast<std::uint64_t>(who.self()) << 32U
           | static_cast<std::uint64_t>(::syscall(SYS_gettid));
}

[[noreturn]] void raise_left(object_record const& claimed, participants::departure const& who) {
    auto info = participants::describe(who);
    info.text = text("\"", claimed.name_text(), "\" is never constructed (", info.text, ")");
    raise(std::move(info));
}

} // namespace

parking_lot directory::lot() const noexcept {
    return parking_lot(memory_.where().as<parking_line>(section_id::parking_lot));
}

directory_made directory::find_or_construct(object_record const& record,
                                            std::size_t alignment,
                                            wait_policy const& how,
                                            function_ref<void(void*)> construct) const {
    auto const mine = claim_of_this_thread(who_);
    for (;;) {
        auto met = enter_or_meet(record, mine);
        if (met.entered) construct_claimed(met, alignment, construct);
        if (met.entered || !is_claim(met.claim)) return {met.entry, met.entered};
        if (met.claim == mine) raise_waits_for_itself(met.entry.record);
        wait_while_claimed(met, how);
    }
}

void directory::construct_claimed(taken_name& claimed,
                                  std::size_t alignment,
                                  function_ref<void(void*)> construct) const {
    auto& record = claimed.entry.record;
    try {
        auto* const block = memory_.allocate(record.n_bytes, alignment);
        record.offset = memory_.offset_of(block);
        slot(claimed.entry.index).set_offset(record.offset);
        construct(block);
    } catch (...) { // also the unwinding of a thread that is cancelled
        end_claim(claimed);
        throw;
    }
    publish(claimed);
}

// From here on everybody finds the object.
void directory::publish(taken_name const& claimed) const noexcept {
    {
        auto const hold = lock();
        slot(claimed.entry.index).set_link(0);
        ++state_->n_live;
    }
    lot().unpark(claimed.entry.record.name_hash);
}

bool directory::stands(taken_name const& claimed) const noexcept {
    auto& there = slot(claimed.entry.index);
    return there.link() == claimed.claim && there.generation() == claimed.entry.record.generation;
}

// Takes a claim away, of the caller or of a dead process, and frees the half-made block; lets those
// who wait try. Does nothing if somebody else was quicker.
void directory::end_claim(taken_name const& claimed) const {
    auto const index = claimed.entry.index;
    object_record ended{};
    {
        auto const hold = lock();
        if (!stands(claimed)) return;
        ended = slot(index).load();
        remove(probe(ended));
    }
    memory_.deallocate(memory_.at(ended.offset));
    lot().unpark(ended.name_hash);
}

void directory::wait_while_claimed(taken_name const& claimed, wait_policy const& how) const {
    auto const key = claimed.entry.record.name_hash;
    auto const claimant = claimant_of(claimed.claim);
    int n_looks = 0;
    int n_looks_since_left = 0;
    auto const check = [&](bool thorough) {
        if (!stands(claimed)) return lot().unpark(key); // who ended it died before it could say so
        if (n_looks++ != 0 && !thorough) return;
        if (who_.gone(claimant)) return end_claim(claimed);
        if (who_.state(claimant) != participant_state::left) return;
        if (++n_looks_since_left < most_looks_at_one_that_left) return;
        raise_left(claimed.entry.record, who_.departure_of(claimant));
    };
    lot().park(
        key, how, [&] { return !stands(claimed); }, check);
}

// Raises an error for a name that is taken, unless a dead process claimed it: then it is free now.
void directory::refuse(directory_entry const& other, std::uint64_t claim) const {
    if (!is_claim(claim)) raise_taken(other.record);
    if (!who_.gone(claimant_of(claim))) raise_claimed(other.record);
    end_claim({other, claim, false});
}

void directory::check_free(std::string_view name) const {
    std::uint64_t claim = 0;
    if (auto const other = look(name, claim)) refuse(*other, claim);
}

} // namespace shmwin::inline v1::detail
