// SPDX-License-Identifier: MIT
#include "shmwin/sync/arrivals.hpp"

#include "sync/counted_sleeper.hpp"

#include <sched.h>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t centre_bit = std::uint64_t{1} << 32U;
constexpr unsigned tag_shift = 33;

// How far the meeting of one word is after the other's. Numbers wrap; no two ranks are more than
// one meeting apart.
std::int32_t distance(std::uint32_t to, std::uint32_t from) noexcept {
    return static_cast<std::int32_t>(to - from);
}

} // namespace

std::uint64_t arrivals::arrive(std::uint32_t tag, bool at_centre) const noexcept {
    auto before = mine().load(std::memory_order_relaxed);
    if (is_abandoned(before)) return 0;
    auto const word =
        std::uint64_t{tag} << tag_shift | (at_centre ? centre_bit : 0U) | (number_of(before) + 1U);
    // Sequentially consistent, as all of these: ordered against a sleeper's count and look.
    if (!mine().compare_exchange_strong(before, word)) return 0;
    wake();
    return word;
}

void arrivals::wake() const noexcept {
    if (bell_.n_sleepers.load() == 0) return;
    bell_.word.fetch_add(1);
    bell_.wake();
}

// From `rank` on, which becomes the first that is not known to have come. Who has come to the
// next meeting, or was abandoned there, shows that this one was met.
arrivals::outcome arrivals::look(std::uint64_t mine, int& rank) const noexcept {
    for (; rank < size(); ++rank) {
        auto const seen = word(rank).load();
        if (seen == mine) continue;
        auto const ahead = distance(number_of(seen), number_of(mine));
        if (ahead > 0) return outcome::met;
        if (ahead < 0) return outcome::open;
        return is_abandoned(seen) ? outcome::abandoned : outcome::differs;
    }
    return outcome::met;
}

arrivals::outcome arrivals::wait(std::uint64_t word,
                                 wait_policy const& policy,
                                 function_ref<void(bool)> check) const {
    auto seen = outcome::open;
    int rank = 0;
    auto const decided = [&] { return (seen = look(word, rank)) != outcome::open; };
    for (int i = 0; i < policy.spin; ++i) {
        if (decided()) return seen;
        pause_after(i);
    }
    for (int i = 0; i < policy.yield; ++i) {
        if (decided()) return seen;
        ::sched_yield();
    }
    sleep(decided, policy, check);
    return seen;
}

// Counts itself before it looks: who arrives after the look changes the word that it sleeps on.
void arrivals::sleep(function_ref<bool()> decided,
                     wait_policy const& policy,
                     function_ref<void(bool)> check) const {
    counted_sleeper const counted(bell_);
    for (;;) {
        auto const heard = bell_.word.load();
        if (decided()) return;
        auto const woken = [&] { return bell_.word.load() != heard || decided(); };
        sleep_on(bell_.word, heard, woken, policy, check);
    }
}

void arrivals::abandon(std::uint64_t word) const noexcept {
    for (int rank = 0; rank < size(); ++rank) {
        auto& theirs = this->word(rank);
        auto seen = theirs.load();
        if (distance(number_of(seen), number_of(word)) != -1) continue;
        theirs.compare_exchange_strong(seen, abandoned_at(word));
    }
    wake();
}

std::uint32_t arrivals::last_number() const noexcept {
    auto last = number_of(mine().load());
    for (int rank = 0; rank < size(); ++rank) {
        auto const theirs = number_of(word(rank).load());
        if (distance(theirs, last) > 0) last = theirs;
    }
    return last;
}

bool arrivals::is_in(int rank, std::uint32_t number) const noexcept {
    auto const theirs = word(rank).load();
    if (number_of(theirs) != number || is_abandoned(theirs)) return false;
    int first = 0;
    return look(theirs, first) != outcome::met || (theirs & centre_bit) != 0;
}

} // namespace shmwin::inline v1::detail
