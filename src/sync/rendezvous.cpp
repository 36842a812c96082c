// SPDX-License-Identifier: MIT
#include "shmwin/sync/rendezvous.hpp"

#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <exception>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t arrived_mask = 0x7fff;
constexpr std::uint64_t broken_bit = 0x8000;
constexpr std::uint64_t one_failure = 1ULL << 16U;
constexpr unsigned tag_shift = 32;

std::uint64_t n_arrived(std::uint64_t arrivals) noexcept {
    return arrivals & arrived_mask;
}

std::uint64_t n_failures(std::uint64_t arrivals) noexcept {
    return (arrivals >> 16U) & 0xffffU;
}

std::uint32_t tag_of(collective_call const& call) noexcept {
    if (call.object.empty() && call.type.empty() && call.extents.empty() && call.options == 0) {
        return static_cast<std::uint32_t>(mix(static_cast<std::uint64_t>(call.op)));
    }
    auto h = hash_with(hash(call.object), hash(call.type));
    for (auto const extent : call.extents) {
        h = hash_with(h, static_cast<std::uint64_t>(extent));
    }
    h = hash_with(hash_with(h, call.options), static_cast<std::uint64_t>(call.op));
    return static_cast<std::uint32_t>(h);
}

template <std::size_t N>
std::size_t copy_cut(std::array<char, N>& field, std::string_view value) noexcept {
    auto const n = std::min(value.size(), N - 1);
    std::copy_n(value.data(), n, field.data());
    field.at(n) = '\0';
    return n;
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
                       wait_policy const& policy) noexcept
    : state_(state), slots_(slots), who_(who), lot_(lot), policy_(policy) {}

meeting_slot& rendezvous::slot(std::uint32_t parity, int rank) const noexcept {
    return slots_[2 * static_cast<std::size_t>(rank) + parity];
}

void rendezvous::write_slot(std::uint32_t parity,
                            std::uint32_t tag,
                            collective_call const& call,
                            error_info const* failure) const noexcept {
    auto& mine = slot(parity, who_.self());
    mine.tag = tag;
    mine.op = call.op;
    mine.options = call.options;
    auto const n = std::min(call.extents.size(), mine.extents.size());
    std::copy_n(call.extents.data(), n, mine.extents.data());
    mine.n_extents = static_cast<std::uint16_t>(n);
    copy_cut(mine.type, call.type);
    mine.n_object_bytes = static_cast<std::uint16_t>(copy_cut(mine.object, call.object));
    mine.code = failure == nullptr ? 0 : static_cast<std::int32_t>(failure->code);
    if (failure != nullptr) copy_cut(mine.text, failure->text);
}

meeting_values rendezvous::meet(collective_call const& call,
                                error_info const* failure,
                                function_ref<void(meeting_values&)> completion,
                                meeting_values const& brought) const {
    auto const generation = state_.generation.word.load(std::memory_order_acquire);
    arrive(call, failure, completion, generation, brought);
    auto const parity = generation & 1U;
    auto const code = static_cast<errc>(state_.outcomes.at(parity).load(std::memory_order_relaxed));
    auto const& result = state_.results.at(parity);
    if (code != errc::ok) raise(error_info{code, true, result.rank, result.text.data()});
    return result.values;
}

void rendezvous::meet(collective_call const& call) const {
    auto const generation = state_.generation.word.load(std::memory_order_acquire);
    arrive(call, nullptr, [](meeting_values&) {}, generation, {});
    auto const parity = generation & 1U;
    auto const code = static_cast<errc>(state_.outcomes.at(parity).load(std::memory_order_relaxed));
    if (code == errc::ok) return;
    auto const& result = state_.results.at(parity);
    raise(error_info{code, true, result.rank, result.text.data()});
}

void rendezvous::arrive(collective_call const& call,
                        error_info const* failure,
                        function_ref<void(meeting_values&)> completion,
                        std::uint32_t generation,
                        meeting_values const& brought) const {
    auto const tag = tag_of(call);
    write_slot(generation & 1U, tag, call, failure);
    slot(generation & 1U, who_.self()).brought = brought;
    auto const mine =
        1 + (failure != nullptr ? one_failure : 0) + (std::uint64_t{tag} << tag_shift);
    auto const arrivals = state_.arrivals.fetch_add(mine, std::memory_order_acq_rel) + mine;
    if ((arrivals & broken_bit) != 0) {
        state_.arrivals.fetch_sub(mine, std::memory_order_relaxed); // waiters count who is here
        raise_missing(call);
    }
    if (n_arrived(arrivals) == static_cast<std::uint64_t>(who_.size())) {
        complete(arrivals, generation, tag, completion);
    } else {
        wait(call, generation);
    }
}

void rendezvous::complete(std::uint64_t arrived,
                          std::uint32_t generation,
                          std::uint32_t tag,
                          function_ref<void(meeting_values&)> completion) const {
    auto const parity = generation & 1U;
    auto& result = state_.results.at(parity);
    error_info outcome;
    auto const expected = tag * static_cast<std::uint32_t>(who_.size());
    if (n_failures(arrived) != 0 || static_cast<std::uint32_t>(arrived >> tag_shift) != expected) {
        outcome = judge(parity);
    } else {
        try {
            result.values = slot(parity, 0).brought;
            completion(result.values);
        } catch (error const& failed) {
            outcome = failed.info();
        } catch (std::exception const& failed) {
            outcome = {errc::system_failure, true, -1, failed.what()};
        } catch (...) { // of a constructor of the user's
            outcome = {errc::system_failure,
                       true,
                       -1,
                       text(call_text(slot(parity, who_.self())),
                            " failed (it threw what is no std::exception)")};
        }
    }
    if (outcome.code != errc::ok) {
        result.rank = outcome.rank;
        copy_cut(result.text, outcome.text);
    }
    state_.outcomes.at(parity).store(static_cast<std::int32_t>(outcome.code),
                                     std::memory_order_relaxed);
    state_.arrivals.fetch_and(broken_bit, std::memory_order_relaxed);
    state_.generation.publish(generation + 1);
}

error_info rendezvous::judge(std::uint32_t parity) const {
    auto const& first = slot(parity, 0);
    int failed = -1;
    int different = -1;
    for (int rank = 0; rank < who_.size(); ++rank) {
        auto const& other = slot(parity, rank);
        if (other.op != first.op) {
            return {errc::disagreement,
                    true,
                    rank,
                    text("ranks are in different collective calls (rank 0: ",
                         call_text(first),
                         "; rank ",
                         rank,
                         ": ",
                         call_text(other),
                         ")")};
        }
        if (other.code != 0 && failed < 0) failed = rank;
        if (other.tag != first.tag && different < 0) different = rank;
    }
    if (failed >= 0) {
        auto const& other = slot(parity, failed);
        return {static_cast<errc>(other.code), true, failed, other.text.data()};
    }
    auto const& other = slot(parity, different < 0 ? 0 : different);
    auto const theirs = call_text(other);
    auto const ours = call_text(first);
    return {errc::disagreement,
            true,
            different,
            text("ranks disagree in a collective call (rank 0: ",
                 ours,
                 "; rank ",
                 different,
                 ": ",
                 theirs,
                 ours == theirs ? ", with other options)" : ")")};
}

void rendezvous::wait(collective_call const& call, std::uint32_t generation) const {
    int looks_since_all_arrived = 0;
    wait_while(state_.generation, generation, policy_, [&](bool look) {
        if (!first_missing(look)) return;
        auto const arrivals = state_.arrivals.fetch_or(broken_bit, std::memory_order_acq_rel);
        if (state_.generation.word.load(std::memory_order_acquire) != generation) return;
        // All are here: this meeting still succeeds, unless the one that completes it has died.
        bool const all_arrived = n_arrived(arrivals) == static_cast<std::uint64_t>(who_.size());
        if (all_arrived && (!look || ++looks_since_all_arrived < 3)) return;
        state_.generation.wake();
        raise_missing(call);
    });
}

// Enters `rank` as the first one missing, unless another one is. Returns whoever is.
int rendezvous::note_missing(int rank) const noexcept {
    std::int32_t noted = 0;
    bool const first = state_.first_missing.compare_exchange_strong(noted, rank + 1);
    return first ? rank : noted - 1;
}

std::optional<participants::departure> rendezvous::first_missing(bool look) const {
    auto const noted = state_.first_missing.load(std::memory_order_acquire);
    if (noted != 0) return who_.departure_of(noted - 1);
    auto const who = who_.missing(look);
    if (!who) return std::nullopt;
    return who_.departure_of(note_missing(who->rank));
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

void rendezvous::check_peers(collective_call const& waiting_in, bool look) const {
    if (first_missing(look)) raise_missing(waiting_in);
}

void rendezvous::leave(std::string_view call, std::string_view text) const noexcept {
    if (!who_.leave(call, text)) return;
    note_missing(who_.self());
    state_.arrivals.fetch_or(broken_bit, std::memory_order_acq_rel);
    state_.generation.wake();
    lot_.unpark_all();
}

} // namespace shmwin::inline v1::detail
