// SPDX-License-Identifier: MIT
#include "shmwin/sync/barrier.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <new>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint32_t broken_bit = 1;
constexpr std::uint32_t parity_bit = 2;
constexpr std::uint32_t gave_up_bit = 4;
constexpr unsigned rank_shift = 3;
constexpr std::uint32_t one_meeting = 2;
// Where waiters spin for less, ranks share cores: whoever runs does the work.
constexpr int least_spin_to_lead = 100;

std::size_t n_words_for(int n_ranks) noexcept {
    return (static_cast<std::size_t>(n_ranks) + 63) / 64;
}

std::uint32_t broken_word(std::uint32_t fate, breach const& why) noexcept {
    return broken_bit | (fate & parity_bit) | (why.gave_up ? gave_up_bit : 0U)
           | static_cast<std::uint32_t>(why.rank) << rank_shift;
}

breach breach_of(std::uint32_t fate) noexcept {
    return {static_cast<int>(fate >> rank_shift), (fate & gave_up_bit) != 0};
}

void enter_member(std::span<std::uint64_t> words, int n_ranks, int rank) {
    if (rank < 0 || rank >= n_ranks) {
        raise(errc::invalid_argument,
              text("no such rank (", rank, "; the ranks are 0 to ", n_ranks - 1, ")"));
    }
    auto& word = words[static_cast<std::size_t>(rank) / 64];
    auto const bit = std::uint64_t{1} << static_cast<unsigned>(rank % 64);
    if ((word & bit) != 0) {
        raise(errc::invalid_argument,
              text("rank ",
                   rank,
                   " is given twice (a barrier counts each rank once; leave one out)"));
    }
    word |= bit;
}

[[noreturn]] void
raise_no_member(awaited const& what, barrier_state const& barrier, participants const& who) {
    std::string all;
    for (int rank = 0; rank < who.size(); ++rank) {
        if (contains(barrier.members(), rank)) all += text(all.empty() ? "" : ", ", rank);
    }
    raise(errc::invalid_argument,
          text(what.call, " is not for this rank (rank ", who.self(), " is not among ", all, ")"));
}

// True if all the others are there, too; then nobody comes or goes until the fate is decided.
bool arrive_last(barrier_state& barrier, wait_context const& in) noexcept {
    auto const before = barrier.arrivals_before.load(std::memory_order_relaxed);
    auto const others = before + barrier.n_members - 1;
    auto const n_looks = in.policy().spin;
    bool const leads = in.self() == barrier.lowest_member && n_looks >= least_spin_to_lead;
    for (int i = 0; leads && i < n_looks; ++i) {
        if (barrier.arrivals.load(std::memory_order_acquire) == others) return true;
        pause_after(i);
    }
    return barrier.arrivals.fetch_add(1, std::memory_order_acq_rel) == others;
}

// Decides the meeting unless it is; what is decided.
std::uint32_t decide(barrier_state& barrier, std::uint32_t fate, std::uint32_t how) noexcept {
    if (!barrier.fate.word.compare_exchange_strong(fate, how)) return fate;
    barrier.fate.wake();
    return how;
}

std::uint32_t complete(barrier_state& barrier, std::uint32_t fate) noexcept {
    barrier.arrivals_before.store(barrier.arrivals.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
    return decide(barrier, fate, fate + one_meeting);
}

// What is decided; at `until`, that this rank gives up.
std::uint32_t wait_for_fate(barrier_state& barrier,
                            std::uint32_t fate,
                            wait_context const& in,
                            awaited const& what,
                            wait_deadline until) {
    auto const check = [&](bool look) {
        auto const gone = first_gone(in.who(), barrier.members(), look);
        if (gone) decide(barrier, fate, broken_word(fate, {*gone, false}));
    };
    if (in.wait_while(barrier.fate, fate, what, check, until)) {
        return barrier.fate.word.load(std::memory_order_acquire);
    }
    return decide(barrier, fate, broken_word(fate, {in.self(), true}));
}

} // namespace

std::size_t barrier_bytes(int n_ranks) noexcept {
    auto const bits = n_words_for(n_ranks) * sizeof(std::uint64_t);
    auto const unit = sizeof(barrier_state);
    return unit + (bits + unit - 1) / unit * unit;
}

void make_barrier(void* at, int n_ranks, std::span<int const> members) {
    auto& made = *new (at) barrier_state{};
    auto const n_words = n_words_for(n_ranks);
    std::span const words(reinterpret_cast<std::uint64_t*>(&made + 1), n_words);
    std::ranges::fill(words, 0);
    for (auto const rank : members) {
        enter_member(words, n_ranks, rank);
    }
    if (members.empty())
        raise(errc::invalid_argument, "no ranks are given (it needs at least one)");
    made.n_members = static_cast<std::uint32_t>(members.size());
    made.n_words = static_cast<std::uint32_t>(n_words);
    made.lowest_member = *std::ranges::min_element(members);
}

bool meet_at(barrier_state& barrier,
             wait_context const& in,
             awaited const& what,
             wait_deadline until) {
    auto const members = barrier.members();
    if (!contains(members, in.self())) raise_no_member(what, barrier, in.who());
    auto const fate = barrier.fate.word.load(std::memory_order_acquire);
    if ((fate & broken_bit) != 0) raise_broken(in, what, members, breach_of(fate));
    auto const now = arrive_last(barrier, in) ? complete(barrier, fate)
                                              : wait_for_fate(barrier, fate, in, what, until);
    if (now == broken_word(fate, {in.self(), true})) return false;
    // Also if the next meeting is broken already: this one was met.
    if ((now & broken_bit) == 0 || (now & parity_bit) != (fate & parity_bit)) return true;
    raise_broken(in, what, members, breach_of(now));
}

bool is_broken(barrier_state const& barrier) noexcept {
    return (barrier.fate.word.load(std::memory_order_acquire) & broken_bit) != 0;
}

} // namespace shmwin::inline v1::detail
