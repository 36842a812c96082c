// SPDX-License-Identifier: MIT
#include "shmwin/sync/rendezvous.hpp"

#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

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

std::uint64_t n_arrived(std::uint64_t sum) noexcept {
    return sum & field_mask;
}

std::uint64_t n_failures(std::uint64_t sum) noexcept {
    return (sum >> failure_shift) & field_mask;
}

std::uint32_t tag_of(collective_call const& call) noexcept {
    auto h = mix(static_cast<std::uint64_t>(call.op));
    if (call.object.empty() && call.type.empty() && call.extents.empty() && call.options == 0) {
        return static_cast<std::uint32_t>(h);
    }
    h = hash(call.type, hash(call.object, h));
    for (auto const extent : call.extents) {
        h = hash_with(h, static_cast<std::uint64_t>(extent));
    }
    return static_cast<std::uint32_t>(hash_with(h, call.options));
}

template <std::size_t N>
void copy_cut(std::array<char, N>& field, std::string_view value) noexcept {
    auto const n = std::min(value.size(), N - 1);
    std::copy_n(value.data(), n, field.data());
    field.at(n) = '\0';
}

// create_array("u", float64, 4 x 5)
std::string call_text(operation op,
                      std::string_view object,
                      std::string_view type,
                      std::span<std::int64_t const> extents) {
    std::string arguments;
    if (!object.empty()) arguments += text('"', object, '"');
    if (!type.empty()) arguments += text(arguments.empty() ? "" : ", ", type);
    if (!extents.empty()) arguments += text(arguments.empty() ? "" : ", ", shape_text(extents));
    return arguments.empty() ? std::string(name(op)) : text(name(op), '(', arguments, ')');
}

std::string call_text(collective_call const& call) {
    return call_text(call.op, call.object, call.type, call.extents);
}

std::string call_text(meeting_slot const& slot) {
    return call_text(slot.op,
                     slot.object.data(),
                     slot.type.data(),
                     std::span(slot.extents).first(std::min<std::size_t>(slot.n_extents, 8)));
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
      who_(who),
      lot_(lot),
      policy_(policy),
      sites_(sites),
      log_(log) {}

meeting_slot& rendezvous::slot(int rank) const noexcept {
    return slots_[static_cast<std::size_t>(rank)];
}

// What this rank adds to which meeting.
struct rendezvous::meeting {
    collective_call const& call;
    std::uint32_t generation;
    std::uint32_t tag;
    std::uint64_t before; ///< the sum when it began
    std::uint64_t share;  ///< what this rank adds
};

void rendezvous::write_slot(std::uint32_t tag,
                            std::uint32_t generation,
                            collective_call const& call,
                            error_info const* failure,
                            meeting_values const& brought) const noexcept {
    auto& mine = slot(who_.self());
    mine.tag = tag;
    mine.op = call.op;
    mine.options = call.options;
    mine.brought = brought;
    mine.site = sites_ == nullptr ? std::uint16_t{0} : sites_->enter(call.where);
    auto const n = std::min(call.extents.size(), mine.extents.size());
    std::copy_n(call.extents.data(), n, mine.extents.data());
    mine.n_extents = static_cast<std::uint16_t>(n);
    copy_cut(mine.type, call.type);
    copy_cut(mine.object, call.object);
    mine.code = failure == nullptr ? 0 : static_cast<std::int32_t>(failure->code);
    if (failure != nullptr) copy_cut(mine.text, failure->text);
    mine.came_to.store(number_of(generation), std::memory_order_release);
}

// The words are plain memory, which its rank may write to now: read byte by byte, unseen by
// ThreadSanitizer.
[[gnu::no_sanitize("thread")]] meeting_words rendezvous::words_of(int rank) const noexcept {
    auto const& from = slot(rank);
    meeting_words words;
    words.op = static_cast<operation const volatile&>(from.op);
    for (std::size_t i = 0; i + 1 < words.object.size(); ++i) {
        words.object[i] = static_cast<char const volatile&>(from.object[i]);
        if (words.object[i] == '\0') break;
    }
    return words;
}

meeting_values rendezvous::meet(collective_call const& call,
                                error_info const* failure,
                                function_ref<void(meeting_values&)> completion,
                                meeting_values const& brought) const {
    arrive(call, failure, completion, brought);
    finish();
    return state_.values;
}

void rendezvous::meet(collective_call const& call,
                      function_ref<void(meeting_values&)> completion) const {
    arrive(call, nullptr, completion, {});
    finish();
}

void rendezvous::meet(collective_call const& call) const {
    arrive(call, nullptr, [](meeting_values&) {}, {});
    finish();
}

void rendezvous::finish() const {
    auto const code = static_cast<errc>(state_.outcome.load(std::memory_order_relaxed));
    if (code == errc::ok) {
        if (observer_ != nullptr) observer_->met();
        return;
    }
    raise(error_info{code, true, state_.failure.rank, state_.failure.text.data()});
}

// The sum of this meeting, with this rank in it.
std::uint64_t rendezvous::add(meeting const& mine) const noexcept {
    auto const n = static_cast<std::uint64_t>(who_.size());
    bool const leads = who_.self() == 0 && policy_.spin >= least_spin_to_lead;
    for (int i = 0; leads && i < policy_.spin; ++i) {
        auto const sum = state_.arrivals.load(std::memory_order_acquire) - mine.before + mine.share;
        if (n_arrived(sum) == n) return sum;
        pause_after(i);
    }
    return state_.arrivals.fetch_add(mine.share, std::memory_order_acq_rel) + mine.share
           - mine.before;
}

void rendezvous::arrive(collective_call const& call,
                        error_info const* failure,
                        function_ref<void(meeting_values&)> completion,
                        meeting_values const& brought) const {
    if (state_.first_missing.load(std::memory_order_acquire) != 0) raise_missing(call);
    if (observer_ != nullptr) observer_->arriving();
    auto const generation = state_.generation.word.load(std::memory_order_acquire);
    auto const tag = tag_of(call);
    write_slot(tag, generation, call, failure, brought);
    meeting const mine{call,
                       generation,
                       tag,
                       state_.arrivals_before,
                       1 + (failure != nullptr ? 1ULL << failure_shift : 0)
                           + (std::uint64_t{tag} << tag_shift)};
    auto const sum = add(mine);
    if (n_arrived(sum) == static_cast<std::uint64_t>(who_.size())) {
        complete(mine, sum, completion);
    } else {
        wait(mine);
    }
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

void rendezvous::complete(meeting const& mine,
                          std::uint64_t sum,
                          function_ref<void(meeting_values&)> completion) const {
    auto const me = static_cast<std::uint32_t>(who_.self()) + 1;
    if (decide(mine.generation, me) != me) raise_missing(mine.call);
    // A copy: the others look at that line meanwhile.
    auto values = slot(0).brought;
    auto const expected = mine.tag * static_cast<std::uint32_t>(who_.size());
    bool const in_step =
        n_failures(sum) == 0 && static_cast<std::uint32_t>(sum >> tag_shift) == expected;
    auto const outcome = in_step ? run(completion, values) : judge();
    if (outcome.code != errc::ok) {
        state_.failure.rank = outcome.rank;
        copy_cut(state_.failure.text, outcome.text);
    }
    state_.arrivals_before = state_.arrivals.load(std::memory_order_relaxed);
    state_.values = values;
    state_.outcome.store(static_cast<std::int32_t>(outcome.code), std::memory_order_relaxed);
    state_.generation.publish(mine.generation + 1);
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

void rendezvous::wait(meeting const& mine) const {
    wait_note note(log_, {name(mine.call.op)}, policy_);
    wait_while(state_.generation, mine.generation, policy_, [&](bool look) {
        note.slept(look);
        if (!first_missing(look)) return;
        auto const fate = decide(mine.generation, abandoned);
        if (state_.generation.word.load(std::memory_order_acquire) != mine.generation) return;
        // All were here, and it succeeds, unless the one that completes it has died.
        if (fate != abandoned && who_.alive(static_cast<int>(fate) - 1, look)) return;
        state_.generation.wake();
        raise_missing(mine.call);
    });
}

// Of one that was killed: where, too.
participants::departure rendezvous::departure_of(int rank) const {
    auto found = who_.departure_of(rank);
    if (found.how == participant_state::died && !place_of(rank).empty())
        found.call = last_call(rank);
    return found;
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

void rendezvous::raise_missing(collective_call const& call) const {
    slot(who_.self()).came_to.store(0, std::memory_order_relaxed); // it goes without a meeting
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

void rendezvous::check_peers(collective_call const& waiting_in, bool look) const {
    if (first_missing(look)) raise_missing(waiting_in);
}

void rendezvous::leave(std::string_view call, std::string_view text) const noexcept {
    if (!who_.leave(call, text)) return;
    note_missing(who_.self());
    state_.generation.wake();
    lot_.unpark_all();
}

} // namespace shmwin::inline v1::detail
