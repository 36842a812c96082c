// SPDX-License-Identifier: MIT
// Very many objects: what is done for each name must not grow with their number. In the soak five
// times as many.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;

constexpr std::size_t capacity = std::size_t{512} << 20U;

struct many_names : open_segment_as<testing::Test, capacity> {
    std::filesystem::path const directory =
        empty_directory(world, testing::UnitTest::GetInstance()->current_test_info()->name());
};

struct ManyNames : many_names {
    int const n = 20'000 * std::min(soak_factor(), 5);
    checkpoint_store store{world, directory / "state", {.durable = false}};

    static std::string name_of(int i) {
        return "group" + std::to_string(i % 100) + "/n" + std::to_string(i);
    }
    // Each rank its own; object i holds `add` + i.
    void create(segment& in, int add) const {
        for (int i = rank; i < n; i += size) {
            in.construct<int>(name_of(i), i + add);
        }
        in.fence();
    }
    [[nodiscard]] bool holds(segment& in, int add) const {
        in.fence();
        bool right = true;
        for (int i = 0; i < n; ++i) {
            right = right && *in.find<int>(name_of(i)) == i + add;
        }
        in.fence();
        return right;
    }
};

TEST_F(ManyNames, AreSavedListedAndRestored) {
    auto const n_all = static_cast<std::size_t>(n);
    create(seg, 5);
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, SizeIs(n_all));
    EXPECT_EQ(store.latest()->step, 1);
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    segment in_place(on, {.capacity = capacity});
    create(in_place, 0);
    EXPECT_THAT(store.restore(in_place, report.file).only_in_file, IsEmpty());
    EXPECT_TRUE(holds(in_place, 5));
    in_place.close();
    segment empty(on, {.capacity = capacity});
    auto const some = store.restore(empty, report.file, {.only = {"group7/*"}});
    EXPECT_THAT(some.only_in_file, SizeIs(n_all / 100));
    EXPECT_THAT(store.restore(empty, report.file).only_in_file, SizeIs(n_all - n_all / 100));
    EXPECT_TRUE(holds(empty, 5));
    EXPECT_THAT(empty.list(), SizeIs(n_all));
    empty.close();
}

} // namespace
} // namespace shmwin
