// SPDX-License-Identifier: MIT
// Three at once: a process dies while it makes a slab, another one adopts what it had, and a third
// makes a slab of the same descriptor meanwhile.
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"

#include "memory/run_word.hpp"
#include "memory/slab.hpp"
#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <gmock/gmock.h>
#include <optional>
#include <signal.h> // NOLINT(modernize-deprecated-headers): POSIX's, with raise()

namespace shmwin {
namespace {

using namespace literals;
using testing::IsEmpty;

constexpr std::size_t n_bytes = 64;

struct adoption {
    static constexpr std::uint32_t slots_per_rank = 2;

    test::shared_pages pages{{.capacity = 512_KiB, .n_ranks = 3}};
    test::shared_object<std::array<std::atomic<std::uint64_t>, 8>> taken; // by the adopter
    std::optional<test::stepped_child> adopter;
    std::optional<test::stepped_child> maker;

    [[nodiscard]] detail::slab& descriptor() const {
        return pages.where().as<detail::slab>(detail::section_id::slabs)[0];
    }
    [[nodiscard]] int holder() const { return pages.control().mutex.holder(); }
    // -1: nobody, or the descriptor is not there yet
    [[nodiscard]] int owner() const {
        if (pages.control().n_slab_numbers == 0) return -1;
        auto const number = descriptor().owner.load();
        return number == detail::nobody ? -1 : static_cast<int>(number / slots_per_rank);
    }

    // -1: its page is no slab's
    [[nodiscard]] int rank_that_has(void const* block) const {
        auto const first = pages.where().header()[detail::section_id::pages].offset;
        auto const page = (pages.where().offset_of(block) - first) / detail::page_bytes;
        auto const word = pages.runs(0).word_of(page);
        if (!detail::is_slab_word(word)) return -1;
        auto const* const which = reinterpret_cast<detail::slab const*>(
            pages.where().at(detail::descriptor_offset_of(word)));
        return static_cast<int>(which->owner.load() / slots_per_rank);
    }

    // Rank 2 begins to collect: it has seen that all is in order, nobody is dead.
    [[nodiscard]] bool begin_to_collect() {
        adopter.emplace([this] {
            pages.who(2).attach();
            auto const mine = pages.memory(2);
            mine.collect();
            ::raise(SIGSTOP);
            mine.collect();
            for (auto& each : *taken) {
                each = mine.offset_of(mine.allocate(n_bytes));
            }
            return true;
        });
        if (!adopter->can_step() || !adopter->go_on()) return false;
        while (holder() != 2 && adopter->step()) {
        }
        while (holder() == 2 && adopter->step()) {
        }
        return true;
    }
    // Rank 1 begins to make a slab, and dies before it is one.
    void die_making_a_slab() {
        maker.emplace([this] {
            pages.who(1).attach();
            ::raise(SIGSTOP);
            static_cast<void>(pages.memory(1).allocate(n_bytes));
            return true;
        });
        ASSERT_TRUE(maker->go_on());
        while (owner() != 1 && maker->step()) {
        }
        ASSERT_EQ(owner(), 1);
        ASSERT_EQ(holder(), 1);
        maker.reset();
    }
    // Rank 2 makes the dead one's slabs its own, and goes on for some instructions.
    void adopt(std::size_t n_steps) {
        while (owner() != 2 && adopter->step()) {
        }
        ASSERT_EQ(owner(), 2);
        for (; n_steps > 0 && holder() != 2; --n_steps) {
            ASSERT_TRUE(adopter->step());
        }
        // How long it waits for the dead one differs: whoever stands still must not hold the lock.
        while (holder() == 2 && adopter->step()) {
        }
    }
};

// The instructions of rank 2 from there on, until it takes the lock.
std::size_t steps_to_the_lock() {
    adoption all;
    if (!all.begin_to_collect()) return 0;
    all.die_making_a_slab();
    all.adopt(0);
    std::size_t n_steps = 0;
    while (all.holder() == 1 && all.adopter->step()) {
        ++n_steps;
    }
    return n_steps;
}

TEST(SlabsAdoption, LeavesASlabThatAnotherMakesMeanwhileToIt) {
    SHMWIN_NEEDS_FORK();
    auto const n_steps = steps_to_the_lock();
    if (n_steps == 0) GTEST_SKIP() << "no ptrace() here";
    auto const n_points = static_cast<std::size_t>(4 * test::soak_factor());
    for (std::size_t i = 0; i <= n_points; ++i) {
        auto const k = (n_steps - 1) * i / n_points;
        SCOPED_TRACE(detail::text("after ", k, " of ", n_steps, " instructions"));
        adoption all;
        ASSERT_TRUE(all.begin_to_collect());
        all.die_making_a_slab();
        all.adopt(k);
        auto const memory = all.pages.memory(0);
        auto* const block = memory.allocate(n_bytes);
        EXPECT_EQ(all.rank_that_has(block), 0);
        EXPECT_TRUE(all.adopter->finish());
        EXPECT_EQ(all.rank_that_has(block), 0);
        EXPECT_EQ(memory.usable_size(block), n_bytes);
        EXPECT_THAT(memory.verify().violations, IsEmpty());
        for (auto const& each : *all.taken) {
            EXPECT_NE(each / detail::page_bytes, memory.offset_of(block) / detail::page_bytes)
                << "two own the slab";
        }
        if (testing::Test::HasFailure()) return;
    }
}

} // namespace
} // namespace shmwin
