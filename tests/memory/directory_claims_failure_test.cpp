// SPDX-License-Identifier: MIT
// Constructors that fail, and claims that get no memory: nothing stays, and the next one may try.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"

#include "support/claims_fixture.hpp"
#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>

namespace shmwin {
namespace {

using namespace literals;
using test::find_or_construct;

using DirectoryClaims = test::claims_fixture;

TEST_F(DirectoryClaims, AConstructorThatThrowsLeavesNothing) {
    find_or_construct(names, "warm");
    auto const before = memory.stats();
    auto const fail = [] { throw std::runtime_error("no reason"); };
    EXPECT_THROW(find_or_construct(names, "u", 0, fail), std::runtime_error);
    EXPECT_THROW(find_or_construct(names, "u", 0, [] { throw 42; }), int);
    EXPECT_FALSE(names.find("u"));
    EXPECT_NO_THROW(names.check_free("u"));
    EXPECT_EQ(memory.stats().n_blocks, before.n_blocks);
    EXPECT_EQ(memory.stats().used, before.used);
    EXPECT_EQ(names.size(), 1U);
    expect_well();
    EXPECT_TRUE(find_or_construct(names, "u").created);
}

// Of 4 that want it, 3 in turn fail.
TEST_F(DirectoryClaims, OneOfThoseWhoWaitTakesOverFromAConstructorThatThrows) {
    for (int round = 0; round < 20; ++round) {
        auto const name = detail::text("objects/", round);
        std::atomic<int> n_tries{0};
        std::atomic<int> n_thrown{0};
        std::atomic<int> n_created{0};
        test::as_threads(4, [&](int rank) {
            try {
                auto const made = find_or_construct(
                    pages.names(rank), name, static_cast<std::uint64_t>(rank), [&] {
                        if (++n_tries == 4) return;
                        std::this_thread::yield();
                        throw std::runtime_error("no reason");
                    });
                if (made.created) ++n_created;
            } catch (std::runtime_error const&) {
                ++n_thrown;
            }
        });
        EXPECT_EQ(n_tries, 4);
        EXPECT_EQ(n_thrown, 3);
        EXPECT_EQ(n_created, 1);
    }
    EXPECT_EQ(names.size(), 20U);
    expect_well();
}

TEST_F(DirectoryClaims, ASegmentThatIsFullGivesTheClaimBack) {
    find_or_construct(names, "warm");
    auto record = test::record_of("u");
    record.n_bytes = 1_GiB;
    auto const ask = [&] {
        names.find_or_construct(record, 8, test::shared_pages::policy(), [](void*) { FAIL(); });
    };
    EXPECT_THROW(ask(), out_of_memory);
    EXPECT_NO_THROW(names.check_free("u"));
    EXPECT_TRUE(find_or_construct(names, "u").created);
    expect_well();
}

} // namespace
} // namespace shmwin
