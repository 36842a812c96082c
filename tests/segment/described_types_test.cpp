// SPDX-License-Identifier: MIT
// Structures of the program in a segment: arrays, levels, values and objects of them, found by
// other ranks by what they are.
#include "shmwin/segment/segment.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <gmock/gmock.h>
#include <string>

namespace app {
struct nameless {
    int hidden = 0;
};
struct particle_of_another { // as test::particle, but for one name
    shmwin::test::point where;
    float mass = 0;
    bool charged = false;
    std::int32_t number = 0;
};
} // namespace app

SHMWIN_NAME(app::nameless, "app.nameless");
SHMWIN_DESCRIBE(app::particle_of_another, where, mass, charged, number);

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

using DescribedTypes = open_segment;

TEST_F(DescribedTypes, AreElementsOfArrays) {
    auto const a = seg.create_array<particle>("swarm", shmwin::shape(100));
    for (auto const i : a.rows()) {
        a(i) = {{double(i), -double(i)}, 0.5F, i % 2 == 0, static_cast<std::int32_t>(i)};
    }
    seg.fence();
    auto const found = seg.find_array<particle const, 1>("swarm");
    for (std::int64_t i = 0; i < 100; ++i) {
        particle const expected{
            {double(i), -double(i)}, 0.5F, i % 2 == 0, static_cast<std::int32_t>(i)};
        EXPECT_EQ(found(i), expected);
    }
}

TEST_F(DescribedTypes, AreElementsOfLargeArraysAndLevels) {
    auto const a = seg.create_array<everything>("large", shmwin::shape(2000));
    ASSERT_GT(sizeof(everything) * 2000, 262144U) << "made by all ranks";
    auto u = seg.create_levels<particle>("u", shmwin::shape(10, 3));
    u.init([](auto level, range rows) {
        for (auto const i : rows)
            level(i, 0).mass = float(i);
    });
    EXPECT_EQ((seg.find_levels<particle, 2>("u").now()(7, 0).mass), 7.0F);
    EXPECT_EQ((seg.find_array<everything, 1>("large").extent(0)), 2000);
}

TEST_F(DescribedTypes, AreValuesIfTheyFit) {
    auto const v = seg.create_value<small>("v", {7, 0.5F});
    EXPECT_EQ(seg.find_value<small>("v").load().key, 7);
    seg.fence();
    if (rank == last) v.store({8, 1.5F});
    seg.fence();
    EXPECT_EQ(v.load().weight, 1.5F);
    auto const e = seg.create_value<colour>("e", colour::green);
    EXPECT_EQ(e.load(), colour::green);
}

TEST_F(DescribedTypes, AreObjectsThatOneRankConstructs) {
    if (rank == 0) {
        seg.construct<particle>("leader", particle{{1, 2}, 3, true, 4});
        seg.construct<std::array<forty, 2>>("pair");
        EXPECT_TRUE(seg.info("leader")->saved);
    }
    seg.fence();
    EXPECT_EQ(*seg.find<particle>("leader"), (particle{{1, 2}, 3, true, 4}));
    EXPECT_EQ((seg.find<std::array<forty, 2>>("pair")->at(1).m39), 0);
    auto const made = seg.find_or_construct<everything>("one of all");
    EXPECT_EQ(*made.handle, everything{});
    seg.fence();
    EXPECT_EQ(seg.find<everything>("one of all"), made.handle);
}

TEST_F(DescribedTypes, OfOtherMembersAreNotFoundAndBothAreNamed) {
    seg.create_array<particle>("swarm", shmwin::shape(10));
    try {
        static_cast<void>(seg.find_array<app::particle_of_another, 1>("swarm"));
        ADD_FAILURE() << "was found";
    } catch (argument_error const& refused) {
        EXPECT_EQ(refused.code(), errc::type_mismatch);
        EXPECT_THAT(refused.what(), HasSubstr("charged bool @20, id int32 @24}"));
        EXPECT_THAT(refused.what(), HasSubstr("charged bool @20, number int32 @24}"));
    }
    seg.fence();
}

TEST_F(DescribedTypes, AreKnownToRanksThatDoNotHaveThem) {
    seg.create_array<everything>("a", shmwin::shape(3));
    seg.create_array<everything>("b", shmwin::shape(3));
    seg.create_array<point>("short", shmwin::shape(3));
    auto const info = seg.info("a");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->type, dtype_of<everything>.signature());
    EXPECT_EQ(info->element, dtype_of<everything>);
    EXPECT_EQ(seg.info("short")->element, dtype_of<point>);
    EXPECT_TRUE(info->saved);
    expect_sound(seg);
}

TEST_F(DescribedTypes, LeaveOneHiddenObjectForEachLongSignature) {
    seg.create_array<everything>("a", shmwin::shape(3));
    seg.create_array<everything>("b", shmwin::shape(3));
    seg.create_array<point>("short", shmwin::shape(3));
    EXPECT_EQ(seg.list().size(), 3U) << "hidden from users";
    int n_hidden = 0;
    for (auto const& each : seg.memory_map().objects) {
        if (each.name.rfind(".shmwin/types/", 0) != 0) continue;
        ++n_hidden;
        EXPECT_EQ(each.type, "signature of a type");
        EXPECT_EQ(each.n_bytes, dtype_of<everything>.signature().size());
        EXPECT_FALSE(each.saved);
    }
    EXPECT_EQ(n_hidden, 1);
    seg.fence();
}

TEST_F(DescribedTypes, FoundByNameAloneAreSeenByMembers) {
    auto const a = seg.create_array<particle, layout_left>("swarm", shmwin::shape(4, 3));
    if (rank == 0) a(2, 1).id = 21;
    auto u = seg.create_levels<double>("u", shmwin::shape(5));
    u.init([](auto level, range rows) {
        for (auto const i : rows)
            level(i) = double(i);
    });
    u.flip();
    u.flip();
    u.flip();
    seg.create_value<small>("v", {3, 0.5F});
    auto const swarm = seg.find_any("swarm");
    EXPECT_EQ(swarm.type(), dtype_of<particle>);
    EXPECT_EQ((swarm.member("id").as<std::int32_t, 2>()(2, 1)), 21);
    EXPECT_EQ((swarm.as<particle, 2>().data_handle()), a.data());
    auto const now = seg.find_any("u");
    EXPECT_EQ(now.data(), u.now().data_handle());
    EXPECT_TRUE(now.is_read_only());
    EXPECT_EQ((now.as<double const, 1>()(4)), 4.0);
    EXPECT_EQ((seg.find_any("v").member("key").as<std::int32_t const, 0>()()), 3);
    EXPECT_EQ((seg.group("x").list().size()), 0U);
    seg.fence();
}

TEST_F(DescribedTypes, FoundByNameAloneMayBeUnknown) {
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_any("absent")); })->code, errc::not_found);
    seg.create_object<app::nameless>("secret");
    auto const refused = error_of([&] { static_cast<void>(seg.find_any("secret")); });
    EXPECT_EQ(refused->code, errc::type_mismatch);
    EXPECT_THAT(refused->text, HasSubstr("app.nameless"));
    EXPECT_FALSE(seg.info("secret")->element);
    seg.create_array<forty>("a", shmwin::shape(1));
    for (auto const& each : seg.memory_map().objects) {
        if (each.name.rfind(".shmwin/", 0) != 0) continue;
        EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_any(each.name)); })->code,
                  errc::not_found);
    }
    seg.fence();
}

TEST_F(DescribedTypes, MadeAtRunTimeAreThoseOfTheProgram) {
    std::array const members{dtype_member{"x", 0, dtype_of<double>},
                             dtype_member{"y", 8, dtype_of<double>}};
    std::array<std::int64_t, 2> const extents{6, 2};
    auto const made = seg.create_array("points", dtype::structure(members, 16), extents);
    auto const x = made.view().member("x").as<double, 2>();
    if (rank == last) x(5, 1) = 51;
    seg.fence();
    auto const found = seg.find_array<point, 2>("points");
    EXPECT_EQ(found(5, 1).x, 51);
    EXPECT_EQ(found(0, 0), point{});
    EXPECT_EQ(error_of([&] { seg.create_array("points", dtype_of<int>, extents); })->code,
              errc::already_exists);
    auto const odd = dtype::structure(std::array{dtype_member{"no identifier", 1, dtype_of<double>},
                                                 dtype_member{"more", 9, dtype_of<char[60]>}},
                                      70);
    seg.create_array("odd", odd, extents);
    EXPECT_EQ(seg.find_any("odd").type(), odd) << "also by ranks without that type";
    EXPECT_EQ(seg.info("odd")->element, odd);
    expect_sound(seg);
}

TEST_F(DescribedTypes, HaveNamesThatNobodyCanTake) {
    EXPECT_THROW(seg.construct<int>(".shmwin/types/0123456789abcdef"), argument_error);
    EXPECT_THROW(seg.create_array<int>(".shmwin/mine", shmwin::shape(1)), argument_error);
    try {
        seg.construct<int>(".shmwin/types/x");
    } catch (argument_error const& refused) {
        EXPECT_EQ(refused.code(), errc::invalid_argument);
    }
    seg.fence();
}

TEST_F(DescribedTypes, ConstructedByAllAtOnceKeepTheirSignatureOnce) {
    seg.construct<particle>("mine/" + std::to_string(rank));
    seg.construct<forty>("other/" + std::to_string(rank));
    seg.fence();
    EXPECT_EQ(seg.list().size(), 2U * static_cast<std::size_t>(size));
    EXPECT_EQ(seg.memory_map().objects.size(), 2U * static_cast<std::size_t>(size) + 2);
    EXPECT_EQ(seg.info("mine/0")->element, dtype_of<particle>);
    EXPECT_EQ(seg.info("other/0")->element, dtype_of<forty>);
    expect_sound(seg);
}

TEST_F(DescribedTypes, InAFullSegmentFailOnAllRanksAlike) {
    auto const before = seg.list().size();
    try {
        seg.create_array<forty>("too large", shmwin::shape(1 << 20));
        ADD_FAILURE() << "was made";
    } catch (out_of_memory const& refused) {
        EXPECT_TRUE(refused.agreed());
    }
    EXPECT_EQ(seg.list().size(), before);
    seg.create_array<forty>("small", shmwin::shape(2));
    EXPECT_EQ(seg.info("small")->element, dtype_of<forty>);
    seg.fence();
}

} // namespace
} // namespace shmwin
