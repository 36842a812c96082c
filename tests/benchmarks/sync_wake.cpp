// SPDX-License-Identifier: MIT
// Two ranks that wait for each other in turn; with more ranks, several such pairs at once.
#include "sync_peers.hpp"
#include "sync_rounds.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace shmwin::literals;
using bench::context;

// There and back: two who wait are woken.
constexpr double wakes = 2;

using value = shmwin::value<std::uint32_t>;

// Collective. A value for each rank, that the other one of its pair changes.
std::vector<value> values_of_all(shmwin::segment& seg) {
    std::vector<value> all;
    all.reserve(static_cast<std::size_t>(seg.n_ranks()));
    for (int rank = 0; rank < seg.n_ranks(); ++rank) {
        all.push_back(seg.create_value<std::uint32_t>("of/" + std::to_string(rank)));
    }
    return all;
}

bench::side
over_values(context const& on, value const& mine, value const& others, std::uint32_t& turn) {
    auto const wake = [others](std::uint32_t now) {
        others.store(now);
        others.notify();
    };
    bool const first = on.rank() % 2 == 0;
    return bench::repeat(
        on,
        "shmwin",
        [=, &turn] {
            ++turn;
            if (first) wake(turn);
            mine.wait(turn - 1);
            if (!first) wake(turn);
        },
        wakes);
}

bench::side over_pipes(context const& on, bench::pipes const& pipes) {
    bool const first = on.rank() % 2 == 0;
    auto const self = on.rank();
    auto const other = self ^ 1;
    return bench::repeat(
        on,
        "pipe",
        [=, &pipes] {
            if (first) pipes.send(other);
            pipes.receive(self);
            if (!first) pipes.send(other);
        },
        wakes);
}

void wake(context const& on) {
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB});
    bench::shared_parts parts(on);
    bench::pipes const pipes(on);
    auto const all = values_of_all(seg);
    auto const self = static_cast<std::size_t>(on.rank());
    std::vector<bench::side> sides;
    std::uint32_t n_turns = 0;
    sides.push_back(over_values(on, all[self], all[self ^ 1U], n_turns));
    sides.push_back(over_pipes(on, pipes));
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    auto* const turn = parts.same(on, parts.place<bench::boost_turn>(on), on.rank() & ~1);
    sides.push_back(bench::repeat(
        on, "boost_interprocess", [turn, me = on.rank() % 2] { turn->take_and_pass(me); }, wakes));
#endif
    on.compare(bench::microseconds, sides);
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, {{"sync/wake", {2, 4, 8}, wake}});
}
