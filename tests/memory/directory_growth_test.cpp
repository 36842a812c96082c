// SPDX-License-Identifier: MIT
// The table grows while others look things up in it: those who are still in an old one find what
// it held, and everybody finds what was entered before the look began.
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/crash_states.hpp"
#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <gmock/gmock.h>
#include <random>
#include <string>

namespace shmwin {
namespace {

using namespace literals;
using detail::directory;
using testing::IsEmpty;

constexpr int n_growers = 2;
constexpr int n_lookers = 2;
constexpr std::uint64_t n_names = 3000; // of each grower

std::string name_of(std::uint64_t grower, std::uint64_t i) {
    return detail::text("of ", grower, "/u", i);
}

// How many names of each grower are there, at least.
using progress = std::array<std::atomic<std::uint64_t>, n_growers>;

struct GrowingDirectory : testing::Test {
    test::shared_pages pages{{.capacity = 32_MiB, .n_ranks = n_growers + n_lookers}};
    directory names = pages.names(0);
    detail::directory_state& state =
        pages.where().as<detail::directory_state>(detail::section_id::directory)[0];

    [[nodiscard]] std::uint64_t n_slots() const {
        return *reinterpret_cast<std::uint64_t*>(pages.where().at(state.table));
    }

    // Enters its names; constructs one of them now and then, so that claims move too.
    void grow(int rank, progress& so_far) const {
        auto const mine = pages.names(rank);
        auto const grower = static_cast<std::uint64_t>(rank);
        for (std::uint64_t i = 0; i < n_names; ++i) {
            if (i % 8 == 0) {
                test::find_or_construct(mine, name_of(grower, i), i);
            } else {
                auto record = test::record_of(name_of(grower, i));
                record.n_bytes = 0;
                mine.insert(record);
            }
            so_far.at(grower).store(i + 1);
        }
    }

    // False if a name that was there is not found.
    [[nodiscard]] bool look(int rank, progress const& so_far) const {
        auto const mine = pages.names(rank);
        std::minstd_rand random(static_cast<unsigned>(rank));
        for (std::uint64_t done = 0; done < n_growers;) {
            done = 0;
            for (std::uint64_t grower = 0; grower < n_growers; ++grower) {
                auto const n = so_far.at(grower).load();
                if (n == n_names) ++done;
                if (n == 0) continue;
                auto const name = name_of(grower, random() % n);
                auto const found = mine.find(name);
                if (!found || found->record.name_text() != name) return false;
                if (!mine.contains(found->index, found->record.generation)) return false;
                if (mine.find(name_of(grower, n_names))) return false;
            }
        }
        return true;
    }

    void expect_all() const {
        EXPECT_EQ(names.size(), n_growers * n_names);
        EXPECT_GE(n_slots(), 2 * n_growers * n_names);
        EXPECT_THAT(test::violations_of(names), IsEmpty());
        for (std::uint64_t grower = 0; grower < n_growers; ++grower) {
            EXPECT_EQ(names.list(detail::text("of ", grower, '/')).size(), n_names);
        }
    }
};

TEST_F(GrowingDirectory, HidesNoNameFromThreads) {
    progress so_far{};
    test::as_threads(n_growers + n_lookers, [&](int rank) {
        if (rank < n_growers) {
            grow(rank, so_far);
        } else {
            EXPECT_TRUE(look(rank, so_far));
        }
    });
    expect_all();
}

TEST_F(GrowingDirectory, HidesNoNameFromProcesses) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<progress> so_far;
    EXPECT_TRUE(test::as_processes(pages, n_growers + n_lookers, [&](int rank) {
        if (rank >= n_growers) return look(rank, *so_far);
        grow(rank, *so_far);
        return true;
    }));
    expect_all();
}

// A look is stopped at some instruction; before it goes on, the table has been replaced twice.
TEST(GrownDirectory, KeepsItsOldTablesForThoseWhoAreInThem) {
    SHMWIN_NEEDS_FORK();
    constexpr int n_stops = 4;
    int n_all = 0;
    for (int stop = 0; stop <= n_stops; ++stop) {
        test::shared_pages const pages({.capacity = 4_MiB, .n_ranks = 1});
        auto const names = pages.names(0);
        auto const& table =
            pages.where().as<detail::directory_state>(detail::section_id::directory)[0].table;
        test::find_or_construct(names, "u", 1);
        test::stepped_child look([&] {
            auto const found = names.find("u");
            return found && test::is_whole(pages.memory(0), *found);
        });
        if (!look.can_step()) GTEST_SKIP() << "no ptrace() here";
        int n_steps = 0;
        while ((stop == 0 || n_steps < n_all * stop / (n_stops + 1)) && look.step()) {
            ++n_steps;
        }
        if (stop == 0) n_all = n_steps; // all of it, to know how many there are
        auto before = table.load();
        int n_tables = 0;
        for (std::uint64_t i = 0; n_tables < 2; ++i) {
            auto record = test::record_of(name_of(0, i));
            record.n_bytes = 0;
            names.insert(record);
            auto const now = table.load();
            if (now != before) ++n_tables;
            before = now;
        }
        EXPECT_TRUE(look.finish()) << "stopped at " << stop << " of " << n_stops;
    }
}

} // namespace
} // namespace shmwin
