// SPDX-License-Identifier: MIT
#include "shmwin/sync/rendezvous.hpp"

#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include "sync/call_text.hpp"
#include "sync/text_field.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t field_mask = 0x7fff; // of arrivals, and of failures
constexpr unsigned failure_shift = 15;
constexpr unsigned tag_shift = 32;
constexpr std::uint32_t abandoned = 0xffff'ffff; // a fate; any other is the completing rank + 1
// Where waiters spin for less, ranks share cores: whoever runs does the work.
constexpr int least_spin_to_lead = 100;
// Each looks at the words of all: of more ranks the centre's one line is no slower.
constexpr int most_without_centre = 16;

std::uint64_t n_arrived(std::uint64_t sum) noexcept {
    return sum & field_mask;
}

std::uint64_t n_failures(std::uint64_t sum) noexcept {
    return (sum >> failure_shift) & field_mask;
}

// 31 bits, never 0.
std::uint32_t tag_from(std::uint64_t hash) noexcept {
    return std::max(static_cast<std::uint32_t>(hash) >> 1U, 1U);
}

std::uint32_t tag_of(collective_call const& call, bool is_plain) noexcept {
    auto h = mix(static_cast<std::uint64_t>(call.op));
    if (is_plain) return tag_from(h);
    h = hash(call.type, hash(call.object, h));
    for (auto const extent : call.extents) {
        h = hash_with(h, static_cast<std::uint64_t>(extent));
    }
    return tag_from(hash_with(h, call.options));
}

void write_arguments(meeting_slot& mine, collective_call const& call) noexcept {
    auto const n = std::min(call.extents.size(), mine.extents.size());
    std::copy_n(call.extents.data(), n, mine.extents.data());
    mine.n_extents = static_cast<std::uint16_t>(n);
    copy_cut(mine.type, call.type);
    copy_cut(mine.object, call.object);
}

} // namespace

rendezvous::rendezvous(rendezvous_state& state,
                       std::span<meeting_slot> slots,
                       participants const& who,
                       parking_lot const& lot,
                       wait_policy const& policy,
                       call_sites* sites,
                       activity const& log) noexcept
    : state_(state),
      slots_(slots),
      words_(slots, who.self(), state.bell),
      who_(who),
      lot_(lot),
      policy_(policy),
      sites_(sites),
      log_(log) {}

meeting_slot& rendezvous::slot(int rank) const noexcept {
    return slots_[static_cast<std::size_t>(rank)];
}

struct rendezvous::part { // NOLINT(*-member-init): an aggregate, always made whole
    collective_call const& call;
    function_ref<void(meeting_values&)> completion;
    bool needs_centre;
    error_info const* failure = nullptr;
    meeting_values const& brought = nothing;
    bool is_plain = call.is_plain();
    std::uint32_t tag = tag_of(call, is_plain);

    static constexpr meeting_values nothing{};
};

void rendezvous::write_slot(part const& of) const noexcept {
    auto& mine = slot(who_.self());
    auto const& call = of.call;
    mine.tag = of.tag;
    mine.op = call.op;
    mine.options = call.options;
    mine.brought = of.brought;
    mine.site = sites_ == nullptr ? std::uint16_t{0} : sites_->enter(call.where);
    if (of.is_plain) { // fences, which are short
        mine.n_extents = 0;
        mine.type[0] = '\0';
        mine.object[0] = '\0';
    } else {
        write_arguments(mine, call);
    }
    mine.code = of.failure == nullptr ? 0 : static_cast<std::int32_t>(of.failure->code);
    if (of.failure != nullptr) copy_cut(mine.text, of.failure->text);
}

meeting_values rendezvous::meet(collective_call const& call,
                                error_info const* failure,
                                function_ref<void(meeting_values&)> completion,
                                meeting_values const& brought) const {
    enter({call, completion, true, failure, brought});
    return state_.values;
}

void rendezvous::meet(collective_call const& call,
                      function_ref<void(meeting_values&)> completion) const {
    enter({call, completion, true});
}

void rendezvous::meet(collective_call const& call,
                      bool needed,
                      function_ref<void(meeting_values&)> completion) const {
    enter({call, completion, needed});
}

void rendezvous::meet(collective_call const& call, error_info const* failure) const {
    enter({call, [](meeting_values&) {}, failure != nullptr, failure});
}

void rendezvous::meet(collective_call const& call) const {
    meet(call, nullptr);
}

void rendezvous::enter(part const& mine) const {
    prefetch_to_write(&words_.mine());
    if (state_.first_missing.load(std::memory_order_acquire) != 0) raise_missing(mine.call);
    if (observer_ != nullptr) observer_->arriving();
    write_slot(mine);
    bool const at_centre =
        mine.needs_centre || policy_.spin < least_spin_to_lead || who_.size() > most_without_centre;
    auto const word = words_.arrive(mine.tag, at_centre);
    if (word == 0) raise_missing(mine.call);
    try {
        if (at_centre || !met_without_centre(mine, word)) {
            meet_at_centre(mine, word);
            finish();
        }
    } catch (wait_interrupted const& ended) { // it has come already, and will not come again
        leave(call_text(slot(who_.self())), ended.what());
        throw;
    }
    if (observer_ != nullptr) observer_->met();
}

bool rendezvous::met_without_centre(part const& mine, std::uint64_t word) const {
    wait_note note(log_, {name(mine.call.op)}, policy_);
    auto const how = words_.wait(word, policy_, [&](bool look) {
        note.slept(look);
        if (first_missing(look)) words_.abandon(word);
    });
    if (how == arrivals::outcome::abandoned) give_up(mine, word);
    return how == arrivals::outcome::met;
}

// Nobody can be out of it before all are in it: the slots stay as they are.
void rendezvous::meet_at_centre(part const& mine, std::uint64_t word) const {
    auto const generation = state_.generation.word.load(std::memory_order_acquire);
    auto const sum = add(state_.arrivals_before,
                         1 + (mine.failure != nullptr ? 1ULL << failure_shift : 0)
                             + (std::uint64_t{mine.tag} << tag_shift));
    if (n_arrived(sum) == static_cast<std::uint64_t>(who_.size())) {
        complete(mine, word, generation, sum);
    } else {
        wait(mine, word, generation);
    }
}

// How it ended there.
void rendezvous::finish() const {
    auto const code = static_cast<errc>(state_.outcome.load(std::memory_order_relaxed));
    if (code == errc::ok) return;
    raise(error_info{code, true, state_.failure.rank, state_.failure.text.data()});
}

// What was added since the sum was `before`, with this rank's share in it.
std::uint64_t rendezvous::add(std::uint64_t before, std::uint64_t share) const noexcept {
    auto const n = static_cast<std::uint64_t>(who_.size());
    bool const leads = who_.self() == 0 && policy_.spin >= least_spin_to_lead;
    for (int i = 0; leads && i < policy_.spin; ++i) {
        auto const sum = state_.arrivals.load(std::memory_order_acquire) - before + share;
        if (n_arrived(sum) == n) return sum;
        pause_after(i);
    }
    return state_.arrivals.fetch_add(share, std::memory_order_acq_rel) + share - before;
}

// Tries to decide a meeting's fate; returns what was decided, now or before.
std::uint32_t rendezvous::decide(std::uint32_t generation, std::uint32_t how) const noexcept {
    auto seen = state_.fate.load(std::memory_order_acquire);
    for (;;) {
        auto const decided = static_cast<std::uint32_t>(seen);
        if (seen >> 32U == generation && decided != 0) return decided;
        auto const mine = (std::uint64_t{generation} << 32U) | how;
        if (state_.fate.compare_exchange_weak(seen, mine)) return how;
    }
}

void rendezvous::complete(part const& mine,
                          std::uint64_t word,
                          std::uint32_t generation,
                          std::uint64_t sum) const {
    auto const me = static_cast<std::uint32_t>(who_.self()) + 1;
    if (decide(generation, me) != me) give_up(mine, word);
    // A copy: the others look at that line meanwhile.
    auto values = slot(0).brought;
    auto const expected = mine.tag * static_cast<std::uint32_t>(who_.size());
    bool const in_step =
        n_failures(sum) == 0 && static_cast<std::uint32_t>(sum >> tag_shift) == expected;
    auto const outcome = in_step ? run(mine.completion, values) : judge();
    if (outcome.code != errc::ok) {
        state_.failure.rank = outcome.rank;
        copy_cut(state_.failure.text, outcome.text);
    }
    state_.arrivals_before = state_.arrivals.load(std::memory_order_relaxed);
    state_.values = values;
    state_.outcome.store(static_cast<std::int32_t>(outcome.code), std::memory_order_relaxed);
    state_.last_number.store(arrivals::number_of(word), std::memory_order_relaxed);
    state_.generation.publish(generation + 1);
}

error_info rendezvous::run(function_ref<void(meeting_values&)> completion,
                           meeting_values& values) const {
    try {
        completion(values);
        return {};
    } catch (error const& failed) {
        return failed.info();
    } catch (std::exception const& failed) {
        return {errc::system_failure, true, -1, failed.what()};
    } catch (...) { // of a constructor of the user's
        return {errc::system_failure,
                true,
                -1,
                text(call_text(slot(who_.self())), " failed (it threw what is no std::exception)")};
    }
}

void rendezvous::wait(part const& mine, std::uint64_t word, std::uint32_t generation) const {
    wait_note note(log_, {name(mine.call.op)}, policy_);
    wait_while(state_.generation, generation, policy_, [&](bool look) {
        note.slept(look);
        if (!first_missing(look)) return;
        auto const fate = decide(generation, abandoned);
        if (state_.generation.word.load(std::memory_order_acquire) != generation) return;
        // All were here, and it succeeds, unless the one that completes it has died.
        if (fate != abandoned && who_.alive(static_cast<int>(fate) - 1, look)) return;
        give_up(mine, word);
    });
}

// The meeting cannot be met: whoever waits in it looks and finds that, too.
void rendezvous::give_up(part const& mine, std::uint64_t word) const {
    words_.withdraw(word);
    words_.wake();
    state_.generation.wake();
    raise_missing(mine.call);
}

// Enters `rank` as the first one missing, unless another one is. Returns whoever is.
int rendezvous::note_missing(int rank) const noexcept {
    std::int32_t noted = 0;
    bool const first = state_.first_missing.compare_exchange_strong(noted, rank + 1);
    return first ? rank : noted - 1;
}

std::optional<participants::departure> rendezvous::first_missing(bool look) const {
    auto const noted = state_.first_missing.load(std::memory_order_acquire);
    if (noted != 0) return departure_of(noted - 1);
    auto const who = who_.missing(look);
    if (!who) return std::nullopt;
    return departure_of(note_missing(who->rank));
}

void rendezvous::check_peers(collective_call const& waiting_in, bool look) const {
    if (first_missing(look)) raise_missing(waiting_in);
}

void rendezvous::leave(std::string_view call, std::string_view text) const noexcept {
    if (!who_.leave(call, text)) return;
    note_missing(who_.self());
    state_.generation.wake();
    words_.wake();
    lot_.unpark_all();
}

} // namespace shmwin::inline v1::detail
