// SPDX-License-Identifier: MIT
// All names for those who may neither lock nor allocate.
#include "support/directory_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using detail::directory_entry;
using test::record_of;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct DirectoryWalk : test::directory_fixture {
    // Names, and who is constructing them.
    [[nodiscard]] std::vector<std::pair<std::string, int>> walked() const {
        std::vector<std::pair<std::string, int>> all;
        names.for_each([&](directory_entry const& entry, int claimant) {
            all.emplace_back(entry.record.name_text(), claimant);
        });
        return all;
    }
    detail::directory_place insert(char const* name) const {
        auto record = record_of(name);
        record.n_bytes = 0;
        return names.insert(record);
    }
};

TEST_F(DirectoryWalk, OfNoNamesTellsNothing) {
    EXPECT_THAT(walked(), IsEmpty());
}

TEST_F(DirectoryWalk, TellsObjectsInTheOrderOfTheirMaking) {
    insert("z");
    auto const gone = insert("gone");
    insert("a/b");
    insert("m");
    EXPECT_TRUE(test::erase(names, gone));
    EXPECT_THAT(walked(), ElementsAre(Pair("z", -1), Pair("a/b", -1), Pair("m", -1)));
}

TEST_F(DirectoryWalk, TellsWhoIsConstructingWhat) {
    auto record = record_of("u");
    record.n_bytes = 8;
    static_cast<void>(
        pages.names(3).find_or_construct(record, 8, test::shared_pages::policy(), [&](void*) {
            EXPECT_THAT(walked(), ElementsAre(Pair("u", 3)));
        }));
    EXPECT_THAT(walked(), ElementsAre(Pair("u", -1)));
}

// As a writer leaves it that is killed before the table names the record.
TEST_F(DirectoryWalk, LeavesOutARecordThatIsNotNamedYet) {
    insert("whole");
    auto& state = pages.names_state();
    auto const next = state.n_records;
    auto* const near = pages.where().base() + state.chunks[0].load() + 64 * next;
    reinterpret_cast<std::uint64_t*>(near)[1] = detail::hash("half"); // behind its link
    state.n_records = next + 1;
    EXPECT_THAT(walked(), ElementsAre(Pair("whole", -1)));
}

// Records are used again all the time; each of them is seen whole or not at all.
TEST_F(DirectoryWalk, SeesNoHalfOfARecord) {
    insert("stays");
    std::atomic<bool> done{false};
    std::thread other([&] {
        for (std::uint64_t i = 0; !done; ++i) {
            auto record = record_of(test::numbered(i % 5), i);
            test::erase(names, names.insert(record));
        }
    });
    int n_seen = 0;
    int n_others = 0;
    for (int i = 0; i < 2000 || (n_others == 0 && i < 2'000'000); ++i) {
        names.for_each([&](directory_entry const& entry, int) {
            std::string const name(entry.record.name_text());
            if (name == "stays") {
                ++n_seen;
                return;
            }
            ++n_others;
            EXPECT_TRUE(test::is_whole(entry.record, name)) << name;
        });
    }
    done = true;
    other.join();
    EXPECT_GT(n_seen, 0);
    EXPECT_GT(n_others, 0);
}

} // namespace
} // namespace shmwin
