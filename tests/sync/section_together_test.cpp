// SPDX-License-Identifier: MIT
// An array that one rank after the other fills and all read: each version is whole, and none is
// missed by who waits for it.
#include "shmwin/sync/section.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <sched.h>

namespace shmwin {
namespace {

using namespace test;
using detail::no_deadline;

constexpr int max_ranks = 8;

struct filled {
    alignas(64) std::array<std::byte, detail::section_bytes(max_ranks)> section;
    alignas(64) std::array<std::uint64_t, 64> elements; // plain: guarded by the section
};

class SectionTogether : public Together {
  protected:
    using shared = sync_pages<filled, max_ranks>;

    /// A rank's way to the array.
    struct user {
        user(shared const& pages, int rank)
            : all(pages.state(via_of(rank))), in(pages.waits(rank, via_of(rank))) {}

        [[nodiscard]] detail::section_access section() const {
            return {&all.section, in, {"test", 0}};
        }
        // Element by element, so that who should not be there finds it half done.
        void fill(std::uint64_t version) const {
            auto mine = section();
            static_cast<void>(mine.begin_writing(no_deadline));
            for (auto& each : all.elements) {
                each = version;
            }
            if (version % 8 == 0) ::sched_yield(); // on one core, too, others find it held
            mine.finish_writing();
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

        filled& all;
        detail::wait_context in;
    };

    // They fill in turn; all wait for each version.
    static void expect_whole_versions(wait_policy const& how, int n_versions) {
        shared const pages(how);
        detail::make_section(&pages.state().section, max_ranks);
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            user const me(pages, rank);
            auto const n = static_cast<std::uint64_t>(n_versions);
            for (std::uint64_t version = 1; version <= n; ++version) {
                bool const mine = version % unsigned(n_ranks()) == unsigned(rank);
                if (mine) me.fill(version);
                if (!me.read(version) || !me.read(0)) return false;
            }
            return true;
        }));
        EXPECT_EQ(user(pages, 0).section().version(), static_cast<std::uint64_t>(n_versions));
    }

    // They fill when they like: no version is lost.
    static void expect_all_versions(wait_policy const& how, int n) {
        shared const pages(how);
        detail::make_section(&pages.state().section, max_ranks);
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            user const me(pages, rank);
            for (int i = 0; i < n; ++i) {
                auto mine = me.section();
                static_cast<void>(mine.begin_writing(no_deadline));
                auto const next = me.all.elements[0] + 1;
                std::ranges::fill(me.all.elements, next);
                if (i % 32 == rank) ::sched_yield();
                mine.finish_writing();
                if (!me.read(next)) return false;
            }
            return true;
        }));
        EXPECT_EQ(user(pages, 0).section().version(),
                  static_cast<std::uint64_t>(n_ranks()) * unsigned(n));
    }
};

TEST_P(SectionTogether, AllReadEachVersionWhole) {
    expect_whole_versions(shared_pages::policy(), n_turns(6000));
}

TEST_P(SectionTogether, SleepersAreToldOfTheirVersion) {
    expect_whole_versions(sleepy(), n_turns(3000));
}

TEST_P(SectionTogether, NoVersionIsLost) {
    expect_all_versions(shared_pages::policy(), n_turns(6000));
    expect_all_versions(sleepy(), n_turns(1000));
}

INSTANTIATE_TEST_SUITE_P(Crowd, SectionTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
