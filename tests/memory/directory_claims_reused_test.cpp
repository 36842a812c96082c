// SPDX-License-Identifier: MIT
// A claim is one call's, not one thread's: the same thread may claim the same record again, for
// another name, before those who waited for the first claim look.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <gmock/gmock.h>
#include <optional>
#include <signal.h> // NOLINT(modernize-deprecated-headers): POSIX's, with kill()
#include <stdexcept>

namespace shmwin {
namespace {

using namespace literals;
using test::find_or_construct;

TEST(DirectoryClaimsReused, AreNotWhatOthersWaitFor) {
    SHMWIN_NEEDS_FORK();
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 2}};
    auto const names = pages.names(0);
    std::optional<test::child> waiting;
    auto const let_it_wait = [&] {
        waiting.emplace([&] {
            pages.who(1).attach();
            return find_or_construct(pages.names(1), "given up", 1).created;
        });
        EXPECT_TRUE(test::eventually([&] { return test::somebody_is_parked(pages); }));
        waiting->stop(); // so that it looks only when the record has its second claim
        throw std::runtime_error("no reason");
    };
    EXPECT_THROW(find_or_construct(names, "given up", 0, let_it_wait), std::runtime_error);
    bool made_by_the_other = false;
    auto const let_it_look = [&] {
        ::kill(waiting->pid(), SIGCONT);
        made_by_the_other = test::eventually([&] { return names.find("given up").has_value(); });
    };
    EXPECT_TRUE(find_or_construct(names, "another", 0, let_it_look).created);
    EXPECT_TRUE(made_by_the_other);
    EXPECT_EQ(waiting->wait(), 0);
    EXPECT_THAT(test::violations_of(names), testing::IsEmpty());
}

} // namespace
} // namespace shmwin
