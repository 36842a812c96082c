// SPDX-License-Identifier: MIT
// Those who wait while another constructs what they want: asleep, awakened, at MPI's service, and
// told when it never comes.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/parking_lot.hpp"

#include "support/claims_fixture.hpp"
#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using test::find_or_construct;
using testing::AllOf;
using testing::HasSubstr;

using DirectoryClaims = test::claims_fixture;

TEST_F(DirectoryClaims, WhoWaitsSleepsAndThenHasTheObject) {
    std::atomic<bool> began{false};
    test::as_threads(4, [&](int rank) {
        auto const mine = pages.names(rank);
        if (rank == 0) {
            find_or_construct(mine, "u", 9, [&] {
                began = true;
                EXPECT_TRUE(test::eventually([&] { return test::somebody_is_parked(pages); }));
            });
        } else {
            ASSERT_TRUE(test::eventually([&] { return began.load(); }));
            auto const found = find_or_construct(mine, "u", 1);
            EXPECT_FALSE(found.created);
            EXPECT_EQ(test::object_at(memory, found.entry).number(), 9U);
        }
    });
    expect_well();
}

TEST_F(DirectoryClaims, WhoEndsAClaimWakesThoseWhoWait) {
    auto const n_wakes = [&] {
        std::uint64_t n = 0;
        for (auto const& line :
             pages.where().as<detail::parking_line>(detail::section_id::parking_lot)) {
            n += line.sequence.word.load();
        }
        return n;
    };
    find_or_construct(names, "u", 0, [&] { EXPECT_EQ(n_wakes(), 0U); });
    EXPECT_EQ(n_wakes(), 1U);
    EXPECT_THROW(find_or_construct(names, "v", 0, [] { throw 42; }), int);
    EXPECT_EQ(n_wakes(), 2U);
}

TEST_F(DirectoryClaims, WhoWaitsDrivesMpi) {
    std::atomic<bool> began{false};
    std::atomic<int> n_calls{0};
    test::as_threads(2, [&](int rank) {
        auto const mine = pages.names(rank);
        if (rank == 0) {
            find_or_construct(mine, "u", 0, [&] {
                began = true;
                EXPECT_TRUE(test::eventually([&] { return n_calls > 2; }));
            });
            return;
        }
        ASSERT_TRUE(test::eventually([&] { return began.load(); }));
        auto how = test::shared_pages::policy();
        how.progress = [](void* context) { ++*static_cast<std::atomic<int>*>(context); };
        how.progress_context = &n_calls;
        auto const found = mine.find_or_construct(test::record_of("u"), 8, how, [](void*) {});
        EXPECT_FALSE(found.created);
    });
}

TEST_F(DirectoryClaims, WhoWaitsForOneThatLeftIsTold) {
    std::atomic<bool> began{false};
    std::atomic<bool> told{false};
    test::as_threads(2, [&](int rank) {
        auto const mine = pages.names(rank);
        if (rank == 0) {
            find_or_construct(mine, "u", 0, [&] {
                pages.who(0).leave("the code after fence", "an exception left its scope");
                began = true;
                EXPECT_TRUE(test::eventually([&] { return told.load(); }));
            });
            return;
        }
        ASSERT_TRUE(test::eventually([&] { return began.load(); }));
        try {
            find_or_construct(mine, "u", 1);
            ADD_FAILURE() << "nothing was thrown";
        } catch (peer_left const& failed) {
            EXPECT_EQ(failed.rank(), 0);
            EXPECT_THAT(failed.what(),
                        AllOf(HasSubstr("\"u\" is never constructed"), HasSubstr("rank 0 left")));
        }
        told = true;
    });
    EXPECT_TRUE(names.find("u")) << "it lived on, and made it";
    expect_well();
}

} // namespace
} // namespace shmwin
