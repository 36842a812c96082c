// SPDX-License-Identifier: MIT
// Words that are wrong are found by verify(), each by its own sentence.
#include "shmwin/memory/page_runs.hpp"

#include "support/page_runs_fixture.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <gmock/gmock.h>
#include <span>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using detail::page_index;
using detail::section_id;
using test::violations_of;
using testing::Contains;
using testing::HasSubstr;

struct PageRunsVerify : test::page_runs_fixture {
    page_index a = take(5);
    page_index b = take(1);
    page_index c = take(20);
    std::span<std::uint64_t> words = pages.where().as<std::uint64_t>(section_id::page_map);
    std::span<std::uint64_t> links = pages.where().as<std::uint64_t>(section_id::page_links);

    PageRunsVerify() { EXPECT_TRUE(runs.free(b)); } // two free runs: b and the rest
};

TEST_F(PageRunsVerify, FindsAWrongHead) {
    words[a] = 0;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("no run begins at page")));
}

TEST_F(PageRunsVerify, FindsALengthPastTheEnd) {
    words[c] = (std::uint64_t{3} << 60U) | n_pages;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("no run begins at page")));
}

TEST_F(PageRunsVerify, FindsAWrongTail) {
    words[c + 19] = 0;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("wrong tail")));
}

TEST_F(PageRunsVerify, FindsAWordInsideARun) {
    words[c + 3] = words[c];
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("inside the run")));
}

TEST_F(PageRunsVerify, FindsFreeRunsThatMeet) {
    words[a] = std::uint64_t{1} << 60U | 5;
    words[a + 4] = std::uint64_t{2} << 60U | 5;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("two free runs meet")));
}

TEST_F(PageRunsVerify, FindsWrongCounts) {
    ++pages.control().n_free_pages; // 2000 - 5 - 20 are free
    ++pages.control().n_used_runs;
    EXPECT_THAT(violations_of(runs),
                Contains(HasSubstr("miscounted (1976 free pages and 3 runs, found 1975 and 2)")));
}

TEST_F(PageRunsVerify, FindsARunThatIsInNoBin) {
    pages.control().bins.at(1) = 0;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("bin 1 is marked wrongly")));
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("not all free ones")));
}

TEST_F(PageRunsVerify, FindsARunInTheWrongBin) {
    pages.control().bins.at(1) = a + 1;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("does not belong to bin 1")));
}

TEST_F(PageRunsVerify, FindsABinThatLeadsOutOfTheSegment) {
    pages.control().bins.at(1) = ~page_index{0};
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("does not belong to bin 1")));
}

TEST_F(PageRunsVerify, FindsLinksInACircleAndComesToAnEnd) {
    links[b] = b + 1; // next: itself
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("does not belong to bin 1 there")));
}

TEST_F(PageRunsVerify, ReportsNoMoreThanAsked) {
    for (auto page = c + 1; page < c + 19; ++page) {
        words[page] = 1;
    }
    std::vector<std::string> all;
    runs.verify(all, 3);
    EXPECT_EQ(all.size(), 3U);
}
} // namespace
} // namespace shmwin
