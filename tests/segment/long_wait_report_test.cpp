// SPDX-License-Identifier: MIT
// What is told, once, of a wait that lasts longer than SHMWIN_WAIT_WARN or .wait_warn.
#include "shmwin/base/log.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string>& warnings() {
    static std::vector<std::string> all;
    return all;
}

// Counts the waits that were told of, where all ranks can see it.
std::atomic<std::int64_t*> n_told{nullptr};

void keep_warning(log_level /*level*/, std::string_view line) {
    warnings().emplace_back(line);
    if (line.find("SHMWIN_WAIT_WARN") == std::string_view::npos) return;
    std::atomic_ref(*n_told.load()).fetch_add(1);
}

struct LongWait : testing::Test {
    LongWait() : before_(set_log_sink(keep_warning)) {}
    LongWait(LongWait const&) = delete;
    LongWait(LongWait&&) = delete;
    LongWait& operator=(LongWait const&) = delete;
    LongWait& operator=(LongWait&&) = delete;
    ~LongWait() override {
        set_log_sink(before_);
        warnings().clear();
        seg.close();
        on.close();
    }

    node on{MPI_COMM_WORLD};
    segment seg{on, {.capacity = std::size_t{4} << 20U, .wait_warn = seconds(1)}};

  private:
    log_sink before_;
};

TEST_F(LongWait, IsToldOnEachRankAndByOneOfThemAtLength) {
    auto const told = seg.create_value<std::int64_t>("told");
    n_told = told.data();
    auto const last = on.size() - 1;
    if (on.rank() == last) {
        EXPECT_TRUE(eventually([&] { return told.load() == last; }));
    }
    seg.fence();
    auto const& mine = warnings();
    bool const at_length = mine.size() > 1;
    if (on.rank() == last) {
        EXPECT_THAT(mine, IsEmpty());
    } else {
        ASSERT_GE(mine.size(), 1U);
        EXPECT_THAT(
            mine.front(),
            AllOf(testing::ContainsRegex("rank " + std::to_string(on.rank()) + " waits for [1-9]"),
                  HasSubstr("in fence (still missing: rank "),
                  HasSubstr(std::to_string(last))));
    }
    if (at_length) {
        EXPECT_THAT(mine, testing::Contains(HasSubstr("\"told\": value int64")));
    }
    int n_at_length = at_length ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &n_at_length, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    EXPECT_EQ(n_at_length, last > 0 ? 1 : 0);
}

} // namespace
} // namespace shmwin
