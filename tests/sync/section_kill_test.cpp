// SPDX-License-Identifier: MIT
// Ranks that fill an array and read it, of whom one after the other is killed at a random moment:
// nobody reads what is half filled, and the rest get on. tests/soak.sh: more.
#include "shmwin/sync/section.hpp"

#include "support/killed_while.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using detail::no_deadline;

constexpr int n_workers = 4;

struct filled {
    alignas(64) std::array<std::byte, detail::section_bytes(n_workers)> section;
    alignas(64) std::array<std::uint64_t, 64> elements; // plain: guarded by the section
    std::array<std::atomic<std::uint64_t>, n_workers> n_steps;
    std::atomic<std::uint64_t> n_repairs;
};

using shared = sync_pages<filled, n_workers>;

/// A rank's way to the array.
struct user {
    user(shared const& pages, int number)
        : all(pages.state(via_of(number))), in(pages.waits(number, via_of(number))), rank(number) {}

    [[nodiscard]] detail::section_access section() const { return {&all.section, in, {"test", 0}}; }
    void finish(detail::section_access& mine) const {
        auto const version = mine.version() + 1;
        for (auto& each : all.elements) {
            each = version;
            detail::cpu_pause(); // half filled for a while
        }
        mine.finish_writing();
    }
    void fill() const {
        auto mine = section();
        static_cast<void>(mine.begin_writing(no_deadline));
        finish(mine);
    }
    void repair() const {
        auto mine = section();
        if (mine.begin_repair()) ++all.n_repairs;
        finish(mine);
    }
    // True if what it read is whole, and not older than asked for.
    [[nodiscard]] bool read(std::uint64_t at_least) const {
        auto mine = section();
        static_cast<void>(mine.begin_reading(at_least, no_deadline));
        auto const now = mine.version();
        bool const whole =
            std::ranges::all_of(all.elements, [&](auto each) { return each == now; });
        mine.finish_reading();
        return whole && now >= at_least;
    }
    // One thing or the other; what a dead one left is filled anew. False if it read what was not
    // whole, or got an error that it should not.
    [[nodiscard]] bool step(std::uint64_t number) const {
        auto const thrown = error_that_ends([&] {
            if (number % 4 == 0) {
                fill();
            } else if (!read(section().version())) {
                raise(errc::invalid_argument, "not whole");
            }
        });
        if (thrown && thrown->code != errc::owner_died) return false;
        if (thrown) repair();
        ++all.n_steps.at(static_cast<std::size_t>(rank));
        return true;
    }

    filled& all;
    detail::wait_context in;
    int rank;
};

TEST(SectionKill, TheOthersGetOnAndReadWholeVersions) {
    SHMWIN_NEEDS_FORK();
    shared const pages;
    auto& all = pages.state();
    detail::make_section(&all.section, n_workers);
    auto const worker = [&](int rank) {
        return std::make_unique<child>([&pages, rank] {
            pages.pages.who(rank).attach();
            user const me(pages, rank);
            for (std::uint64_t i = 0; me.step(i); ++i) {
            }
            return false;
        });
    };
    std::vector<std::unique_ptr<child>> workers;
    for (int rank = 0; rank < n_workers; ++rank) {
        workers.push_back(worker(rank));
    }
    longest_wait survivors;
    std::minstd_rand random(17);
    for (int i = 0; i < 60 * soak_factor(); ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        auto const which = random() % n_workers;
        workers.at(which)->kill();
        auto const killed_at = std::chrono::steady_clock::now();
        ASSERT_EQ(workers.at(which)->wait(), -SIGKILL) << "it read what was not whole";
        for (std::size_t other = 0; other < n_workers; ++other) {
            auto const before = all.n_steps.at(other).load();
            ASSERT_TRUE(other == which
                        || eventually([&] { return all.n_steps.at(other) > before; }))
                << "rank " << other << " hangs after kill " << i << " of rank " << which;
        }
        survivors.note_since(killed_at);
        // A new one in its place only now: the dead one would seem to live.
        workers.at(which) = worker(static_cast<int>(which));
    }
    workers.clear();
    pages.pages.who(0).attach();
    EXPECT_TRUE(user(pages, 0).step(1));
    RecordProperty("repairs", static_cast<int>(all.n_repairs));
}

// A version that is the dead one's to write does not come any more.
TEST(SectionKill, WhoWaitsForAVersionIsToldOfTheDead) {
    SHMWIN_NEEDS_FORK();
    longest_wait survivors;
    std::mt19937 random(18);
    for (int round = 0; round < 8 * soak_factor(); ++round) {
        shared const pages;
        detail::make_section(&pages.state().section, n_workers);
        kill_one_of(
            pages.pages,
            n_workers,
            random,
            std::chrono::microseconds(3000),
            survivors,
            [&](int rank) {
                user const me(pages, rank);
                auto& n = me.all.n_steps.at(static_cast<std::size_t>(rank));
                if ((n + 1) % n_workers == unsigned(rank)) me.fill();
                if (!me.read(n + 1)) raise(errc::invalid_argument, "not whole");
                ++n;
            },
            [](int, int victim, error_info const& thrown) {
                return (thrown.code == errc::peer_left || thrown.code == errc::owner_died)
                       && thrown.rank == victim;
            });
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
}

} // namespace
} // namespace shmwin
