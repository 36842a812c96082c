// SPDX-License-Identifier: MIT
// Locks: one for each rank, and one that all ranks want.
#include "sync_peers.hpp"
#include "sync_rounds.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace shmwin::literals;
using bench::context;

// --- each rank its own ---------------------------------------------------------------------------

template <typename Lock>
bench::side pairs_alone(context const& on, char const* name, Lock* lock) {
    return bench::repeat_alone(on, name, [lock] {
        lock->lock();
        lock->unlock();
    });
}

// Collective, as all ranks make the locks of all.
shmwin::mutex own_mutex(shmwin::segment& seg) {
    for (int rank = 0; rank < seg.n_ranks(); ++rank) {
        seg.create_mutex("own/" + std::to_string(rank));
    }
    return seg.find_mutex("own/" + std::to_string(seg.rank()));
}

void uncontended(context const& on) {
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB});
    bench::shared_parts parts(on);
    auto mine = own_mutex(seg);
    bench::mpi_win_lock own_part{parts.window(), on.rank()};
    std::vector<bench::side> sides;
    sides.push_back(pairs_alone(on, "shmwin", &mine));
    sides.push_back(pairs_alone(on, "pthread_robust", parts.place<bench::pthread_robust>(on)));
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    using boost::interprocess::interprocess_mutex;
    sides.push_back(pairs_alone(on, "boost_interprocess", parts.place<interprocess_mutex>(on)));
#endif
    sides.push_back(pairs_alone(on, "mpi_win_lock", &own_part));
    on.compare(bench::nanoseconds, sides);
    seg.close();
}

// --- one for all ---------------------------------------------------------------------------------

constexpr int steps_of_own_work = 100; // about 100 ns

struct turns {
    double all;
    double poorest; // rank's
};
turns sum_up(context const& on, std::int64_t mine) {
    auto const here = static_cast<double>(mine);
    turns found{here, here};
    MPI_Allreduce(&here, &found.all, 1, MPI_DOUBLE, MPI_SUM, on.comm());
    MPI_Allreduce(&here, &found.poorest, 1, MPI_DOUBLE, MPI_MIN, on.comm());
    return found;
}

// Collective. All ranks add to a number under the lock, with a little work of their own between,
// until the time is over. Costs: seconds for a turn of anybody; how often the poorest rank's turns
// go into its fair share.
template <typename Lock>
bench::cost round_of_all(context const& on, Lock& lock, std::int64_t& number, int turns_per_look) {
    using clock = std::chrono::steady_clock;
    std::chrono::milliseconds const how_long(on.quick() ? 50 : 250);
    auto const before = number;
    std::int64_t mine = 0;
    auto own = static_cast<std::uint64_t>(on.rank());
    auto const took = bench::time_of_all(on, [&] {
        auto const end = clock::now() + how_long;
        do {
            for (int i = 0; i < turns_per_look; ++i) {
                lock.lock();
                ++number;
                lock.unlock();
                own = bench::work(own, steps_of_own_work);
            }
            mine += turns_per_look;
        } while (clock::now() < end);
    });
    bench::keep(own);
    auto const [all, poorest] = sum_up(on, mine);
    if (static_cast<double>(number - before) != all) throw std::runtime_error("a turn was lost");
    return {took.last / all, all / on.n_ranks() / poorest};
}

template <typename Lock>
bench::side
turns_of_all(context const& on, char const* name, Lock* lock, std::int64_t* number, int per_look) {
    return {name, 1.0, [=, &on] { return round_of_all(on, *lock, *number, per_look); }};
}

void contended(context const& on) {
    constexpr int look_seldom = 16; // at the clock
    constexpr int look_always = 1;  // some locks are handed from core to core in milliseconds
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB});
    bench::shared_parts parts(on);
    auto* const number = parts.same(on, parts.place<std::int64_t>(on, 0), 0);
    auto ours = seg.create_mutex("of all");
    bench::mpi_win_lock part_of_first{parts.window(), 0};
    auto* const robust = parts.same(on, parts.place<bench::pthread_robust>(on), 0);
    std::vector<bench::side> sides;
    sides.push_back(turns_of_all(on, "shmwin", &ours, number, look_seldom));
    sides.push_back(turns_of_all(on, "pthread_robust", robust, number, look_seldom));
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    using boost::interprocess::interprocess_mutex;
    auto* const boosts = parts.same(on, parts.place<interprocess_mutex>(on), 0);
    sides.push_back(turns_of_all(on, "boost_interprocess", boosts, number, look_seldom));
#endif
    sides.push_back(turns_of_all(on, "mpi_win_lock", &part_of_first, number, look_always));
    bench::second_line const poorest{bench::share, "_poorest_share", false};
    on.compare(bench::millions_per_second, sides, &poorest);
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    std::vector<int> const ranks{2, 4, 8};
    return bench::run(
        argc,
        argv,
        {{"sync/lock_uncontended", ranks, uncontended}, {"sync/lock_contended", ranks, contended}});
}
