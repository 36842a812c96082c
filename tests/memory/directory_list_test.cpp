// SPDX-License-Identifier: MIT
// What there is, by name, as far as names nest.
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/crash_states.hpp"
#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct DirectoryList : testing::Test {
    test::shared_pages pages{{.capacity = 16_MiB, .n_ranks = 3}};
    detail::directory names = pages.names(0);

    void insert(std::string_view name) const {
        auto record = test::record_of(name);
        record.n_bytes = 0;
        names.insert(record);
    }
    [[nodiscard]] std::vector<std::string> listed(std::string_view beginning) const {
        std::vector<std::string> all;
        for (auto const& each : names.list(beginning)) {
            EXPECT_TRUE(names.contains(each.index, each.record.generation));
            all.emplace_back(each.record.name_text());
        }
        return all;
    }
};

TEST_F(DirectoryList, IsOfTheNamesThatBeginSo) {
    for (auto const* const name : {"a/z", "a-b", "a/b/c", "a", "ab", "b", "a/b", "a/bc"}) {
        insert(name);
    }
    EXPECT_THAT(listed("a/"), ElementsAre("a/b", "a/b/c", "a/bc", "a/z"));
    EXPECT_THAT(listed("a/b/"), ElementsAre("a/b/c"));
    EXPECT_THAT(listed("a/b/c"), ElementsAre("a/b/c"));
    EXPECT_THAT(listed("a/b/c/"), IsEmpty());
    EXPECT_THAT(listed("c"), IsEmpty());
    EXPECT_THAT(listed(""), ElementsAre("a", "a-b", "a/b", "a/b/c", "a/bc", "a/z", "ab", "b"));
}

// Of every length around the words in which names are compared.
TEST_F(DirectoryList, ComparesBeginningsOfAnyLength) {
    auto const longest = std::string(254, 'n') + '/';
    insert(longest.substr(0, 254) + 'x');
    insert(std::string(3, 'n'));
    for (std::size_t n = 1; n <= 254; ++n) {
        auto const beginning = longest.substr(0, n);
        ASSERT_EQ(listed(beginning).size(), n <= 3 ? 2U : 1U) << n;
        ASSERT_THAT(listed(beginning + 'm'), IsEmpty()) << n;
    }
    EXPECT_THAT(listed(std::string(256, 'n')), IsEmpty());
    EXPECT_THAT(listed(std::string(1000, 'n')), IsEmpty());
}

// A longer name stood in the record before: what is behind the new one's end is no part of it.
TEST_F(DirectoryList, DoesNotSeeWhatWasBehindAName) {
    insert("abcdefghijklmnopqrstuvwxyz");
    auto const old = names.find("abcdefghijklmnopqrstuvwxyz").value();
    names.erase(old.index, old.record.generation);
    insert("abc");
    ASSERT_EQ(names.find("abc")->index, old.index);
    EXPECT_THAT(listed("abcd"), IsEmpty());
    EXPECT_THAT(listed("abc"), ElementsAre("abc"));
}

// The table is changed more often than it can be read.
TEST_F(DirectoryList, IsMadeUnderTheLockWhenOthersNeverStop) {
    SHMWIN_NEEDS_FORK();
    for (auto const* const name : {"a/b", "a/c"}) {
        insert(name);
    }
    auto const& state = pages.where().as<detail::directory_state>(detail::section_id::directory)[0];
    test::stepped_child lister([&] {
        pages.who(1).attach();
        return pages.names(1).list("a/").size() == 2;
    });
    if (!lister.can_step()) GTEST_SKIP() << "no ptrace() here";
    int n_changes = 0;
    for (int n_steps = 1; state.mutex.holder() != 1 && lister.step(); ++n_steps) {
        if (n_steps % 2000 != 0) continue;
        ASSERT_LT(++n_changes, 1000) << "it never ends";
        insert("b");
        auto const b = names.find("b").value();
        ASSERT_TRUE(names.erase(b.index, b.record.generation));
    }
    EXPECT_EQ(state.mutex.holder(), 1);
    EXPECT_GE(n_changes, 3);
    EXPECT_TRUE(lister.finish());
    EXPECT_EQ(state.mutex.holder(), -1);
}

} // namespace
} // namespace shmwin
