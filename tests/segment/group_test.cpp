// SPDX-License-Identifier: MIT
#include "shmwin/segment/group.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

struct Group : open_segment {
    static std::vector<std::string> names_of(std::vector<object_info> const& all) {
        std::vector<std::string> names;
        for (auto const& each : all) {
            names.push_back(each.name);
        }
        return names;
    }
};

TEST_F(Group, PutsItsNameBeforeOthers) {
    auto const solver = seg.group("solver");
    auto const fields = solver.group("fields");
    EXPECT_EQ(seg.prefix(), "");
    EXPECT_EQ(fields.prefix(), "solver/fields");
    auto const u = fields.create_array<int>("u", shape(3));
    EXPECT_TRUE(seg.contains("solver/fields/u"));
    EXPECT_TRUE(solver.contains("fields/u"));
    EXPECT_FALSE(seg.contains("u"));
    EXPECT_EQ((seg.find_array<int, 1>("solver/fields/u").data()), u.data());
    EXPECT_EQ((solver.find_array<int, 1>("fields/u").data()), u.data());
    EXPECT_EQ(solver.info("fields/u")->name, "solver/fields/u");
}

TEST_F(Group, EachKindOfObjectGoesIntoIt) {
    auto const g = seg.group("g");
    static_cast<void>(g.create_array<int>("array", shape(2)));
    static_cast<void>(g.create_levels<int>("levels", shape(2)));
    static_cast<void>(g.create_value<int>("value"));
    g.create_object<int>("object");
    if (rank == 0) g.construct<int>("constructed");
    seg.fence();
    EXPECT_THAT(names_of(g.list()),
                ElementsAre("g/array", "g/constructed", "g/levels", "g/object", "g/value"));
    EXPECT_EQ(*g.find<int>("object"), 0);
    seg.fence();
    if (rank == last) g.destroy<int>("constructed");
    g.destroy(g.find_array<int, 1>("array"));
    g.destroy(g.find_levels<int, 1>("levels"));
    EXPECT_THAT(names_of(seg.list()), ElementsAre("g/object", "g/value"));
}

TEST_F(Group, ListsItsOwnInOrder) {
    for (auto const* name : {"b/x", "a", "b/w", "bb", "b", "c/y"}) {
        static_cast<void>(seg.create_value<int>(name));
    }
    EXPECT_THAT(names_of(seg.list()), ElementsAre("a", "b", "b/w", "b/x", "bb", "c/y"));
    EXPECT_THAT(names_of(seg.group("b").list()), ElementsAre("b/w", "b/x"));
    EXPECT_THAT(seg.group("nothing").list(), IsEmpty());
}

TEST_F(Group, ListTellsWhatEachObjectIs) {
    static_cast<void>(seg.create_array<double>("array", shape(3, 4)));
    static_cast<void>(seg.create_value<std::uint16_t>("value"));
    if (rank == last) seg.construct<bool>("flag", true);
    seg.fence();
    auto const all = seg.list();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].kind, object_kind::array);
    EXPECT_EQ(all[0].type, "float64");
    EXPECT_THAT(all[0].shape, ElementsAre(3, 4));
    EXPECT_EQ(all[0].n_bytes, 96U);
    EXPECT_TRUE(all[0].saved);
    EXPECT_EQ(all[1].kind, object_kind::object);
    EXPECT_EQ(all[1].type, "bool");
    EXPECT_EQ(all[1].creator, last);
    EXPECT_EQ(all[2].kind, object_kind::value);
    EXPECT_EQ(all[2].type, "uint16");
    EXPECT_EQ(all[2].n_bytes, 2U);
    EXPECT_THAT(all[2].shape, IsEmpty());
    EXPECT_EQ(all[2].creator, -1);
    EXPECT_LE(all[0].created_ns, all[2].created_ns);
    // Of this century.
    EXPECT_GT(all[0].created_ns, std::int64_t{1'600'000'000} * 1'000'000'000);
}

TEST_F(Group, OfAnImpossibleNameIsRefused) {
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.group("")); })->code, errc::invalid_argument);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.group("a//b")); })->code,
              errc::invalid_argument);
}

TEST_F(Group, NamesAreBoundedAsAWhole) {
    auto const g = seg.group(std::string(200, 'g'));
    static_cast<void>(g.create_value<int>(std::string(54, 'x')));
    auto const thrown = agreed_error_of(
        world, [&] { static_cast<void>(g.create_value<int>(std::string(55, 'x'))); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
}

TEST_F(Group, OutlivesTheSegmentForLookUps) {
    auto const kept = [&] {
        segment other(on, {.capacity = std::size_t{1} << 20U});
        auto const g = other.group("g");
        static_cast<void>(g.create_value<int>("v", 5));
        other.close();
        return g;
    }();
    EXPECT_EQ(kept.find_value<int>("v").load(), 5);
    EXPECT_EQ(error_of([&] { static_cast<void>(kept.create_value<int>("w")); })->code,
              errc::closed);
}

} // namespace
} // namespace shmwin
