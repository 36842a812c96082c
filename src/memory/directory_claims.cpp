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
        auto const met = enter_or_meet(record, mine);
        if (met.entered) {
            directory_made made{{met.index, record}, true};
            made.entry.record.generation = met.generation;
            construct_claimed(met, made.entry.record, alignment, construct);
            return made;
        }
        if (is_claim(met.claim)) {
            wait_while_claimed(met, record, mine, how);
        } else if (auto const there = find(record.name_text())) {
            return {*there, false};
        }
    }
}

void directory::construct_claimed(taken_name const& claimed,
                                  object_record& record,
                                  std::size_t alignment,
                                  function_ref<void(void*)> construct) const {
    try {
        auto* const block = memory_.allocate(record.n_bytes, alignment);
        record.offset = memory_.offset_of(block);
        slot(claimed.index).set_offset(record.offset);
        construct(block);
    } catch (...) { // also the unwinding of a thread that is cancelled
        end_claim(claimed);
        throw;
    }
    publish(claimed.index, record.name_hash);
}

// From here on everybody finds the object.
void directory::publish(std::uint32_t index, std::uint64_t name_hash) const noexcept {
    {
        auto const hold = lock();
        slot(index).set_link(0);
        ++state_->n_live;
    }
    lot().unpark(name_hash);
}

bool directory::stands(taken_name const& claimed) const noexcept {
    auto const there = slot(claimed.index);
    return there.link() == claimed.claim && there.generation() == claimed.generation;
}

// Takes a claim away, of the caller or of a dead process, and frees the half-made block; lets those
// who wait try. Does nothing if somebody else was quicker.
void directory::end_claim(taken_name const& claimed) const {
    object_head ended{};
    {
        auto const hold = lock();
        if (!stands(claimed)) return;
        ended = slot(claimed.index).load_head();
        remove(place_of(claimed.index, ended.name_hash));
    }
    memory_.deallocate(memory_.at(ended.offset));
    lot().unpark(ended.name_hash);
}

void directory::wait_while_claimed(taken_name const& claimed,
                                   object_record const& record,
                                   std::uint64_t mine,
                                   wait_policy const& how) const {
    if (claimed.claim == mine) raise_waits_for_itself(slot(claimed.index).load()); // it stays so
    auto const key = record.name_hash;
    auto const claimant = claimant_of(claimed.claim);
    wait_note note(log_, {"find_or_construct", slot(claimed.index).load_head().offset}, how);
    int n_looks = 0;
    int n_looks_since_left = 0;
    auto const check = [&](bool thorough) {
        note.slept(thorough);
        if (!stands(claimed)) return lot().unpark(key); // who ended it died before it could say so
        if (n_looks++ != 0 && !thorough) return;
        if (who_.gone(claimant)) return end_claim(claimed);
        if (who_.state(claimant) != participant_state::left) return;
        if (++n_looks_since_left < most_looks_at_one_that_left) return;
        raise_left(record, who_.departure_of(claimant));
    };
    lot().park(
        key, how, [&] { return !stands(claimed); }, check);
}

// A dead process's claim ends here: then the name is free now.
void directory::check_free(std::string_view name) const {
    if (is_free(name)) return;
    std::uint64_t claim = 0;
    auto const other = look(name, claim);
    if (!other) return;
    if (!is_claim(claim)) raise_taken(other->record);
    if (!who_.gone(claimant_of(claim))) raise_claimed(other->record);
    end_claim({other->index, other->record.generation, claim, false});
}

} // namespace shmwin::inline v1::detail
