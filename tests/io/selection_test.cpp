// SPDX-License-Identifier: MIT
// What a checkpoint holds, and what comes back, by patterns of names; what is left out is told with
// the reason.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/segment/queue.hpp"

#include "io/name_filter.hpp"
#include "support/container_types.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace app {
struct unknown {
    int word = 0;
};
} // namespace app
SHMWIN_NAME(app::unknown, "app.unknown/1");

namespace shmwin {
namespace {

using namespace test;
using detail::name_filter;
using reason = left_out_reason;

TEST(NameFilter, TakesWhatFitsOnlyAndNotExcept) {
    EXPECT_TRUE(name_filter().takes("a"));
    name_filter const fields({"fields/*", "n?"}, {"*/old", "fields/[xy]"});
    for (auto const* const name : {"fields/u", "fields/deep/u", "fields/", "n1", "fields/oldest"}) {
        EXPECT_TRUE(fields.takes(name)) << name;
    }
    for (auto const* const name : {"field",
                                   "fields",
                                   "n",
                                   "n12",
                                   "fields/old",
                                   "fields/a/old",
                                   "fields/x",
                                   "Fields/u",
                                   "my/fields/u"}) {
        EXPECT_FALSE(fields.takes(name)) << name;
    }
    EXPECT_FALSE(name_filter({}, {"*"}).takes("a"));
    EXPECT_TRUE(name_filter({"\\*"}, {}).takes("*"));
    EXPECT_FALSE(name_filter({"\\*"}, {}).takes("a"));
    EXPECT_TRUE(name_filter({"[!a]*"}, {}).takes(".hidden"));
}

struct Selection : open_segment_and_directory {
    std::filesystem::path const path = directory / "state";

    // One of each kind.
    void create(segment& in) const {
        auto const a = in.create_array<double>("fields/a", shape(100'000));
        auto u = in.create_levels<float>("fields/u", shape(10, 10), {.levels = 3});
        auto const parts = in.create_per_rank<vector<int>>("parts");
        auto const tasks = in.create_queue<int>("tasks");
        if (rank == 0) tasks.push(1);
        auto const n = in.create_value<int>("n", 0);
        static_cast<void>(n);
        in.create_object<double>("scratch/x", 0.0);
        in.create_synchronized<double>("scratch/guarded", 0.0);
        static_cast<void>(a);
        static_cast<void>(parts);
    }
    // By rank 0 but for the containers.
    void fill(segment& in, int with) const {
        in.fence();
        in.find_per_rank<vector<int>>("parts").mine().assign(3, with);
        auto u = in.find_levels<float, 2>("fields/u");
        if (rank == 0) {
            in.find_array<double, 1>("fields/a")(99'999) = with;
            u.next()(9, 9) = static_cast<float>(with);
            in.find_value<int>("n").store(with);
            *in.find<double>("scratch/x") = with;
        }
        u.flip();
    }
    // "fields/a 3, ...": what each holds.
    static std::string values(segment& in) {
        in.fence();
        std::string all;
        auto const add = [&](char const* name, double value) {
            all += std::string(name) + std::to_string(static_cast<int>(value)) + ' ';
        };
        add("a", in.find_array<double, 1>("fields/a")(99'999));
        add("u", in.find_levels<float, 2>("fields/u").now()(9, 9));
        add("n", in.find_value<int>("n").load());
        auto const parts = in.find_per_rank<vector<int>>("parts");
        add("p", parts[0].empty() ? 0 : parts[0].front());
        add("x", *in.find<double>("scratch/x"));
        in.fence();
        return all;
    }
};

TEST_F(Selection, ReportTellsWhyEachIsLeftOut) {
    create(seg);
    seg.create_array<int>("off", shape(3), {.saved = false});
    seg.create_synchronized<app::unknown>("unknown");
    seg.create_queue<app::unknown>("unknown_tasks");
    seg.create_mutex("lock");
    if (rank == last) seg.construct<int>(transient, "mine", 1);
    seg.fence();
    logged_lines const log;
    checkpoint_store store(world, path, {.only = {"fields/*", "n", "mine"}, .except = {"*/u"}});
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("fields/a", "n"));
    std::vector<left_out_object> const expected{{"fields/u", reason::by_pattern},
                                                {"mine", reason::transient_object},
                                                {"off", reason::unsaved},
                                                {"parts", reason::by_pattern},
                                                {"scratch/guarded", reason::by_pattern},
                                                {"scratch/x", reason::by_pattern},
                                                {"tasks", reason::by_pattern},
                                                {"unknown", reason::no_element_type},
                                                {"unknown_tasks", reason::no_element_type}};
    EXPECT_EQ(report.left_out, expected);
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);
    EXPECT_STREQ(name(reason::transient_object), "transient");
    EXPECT_STREQ(name(reason::by_pattern), "by pattern");
    EXPECT_STREQ(name(reason::unsaved), "unsaved");
    EXPECT_STREQ(name(reason::no_element_type), "no element type");
}

TEST_F(Selection, EachKindIsSavedOrNot) {
    create(seg);
    fill(seg, 1);
    for (auto const* const one :
         {"fields/a", "fields/u", "n", "parts", "scratch/guarded", "scratch/x", "tasks"}) {
        checkpoint_store only(world, directory / "only", {.only = {one}});
        EXPECT_THAT(only.save(seg, {.step = 1}).saved, ElementsAre(one));
        checkpoint_store except(world, directory / "except", {.except = {one}});
        auto const report = except.save(seg, {.step = 1});
        EXPECT_THAT(report.saved, SizeIs(6));
        EXPECT_EQ(report.left_out, (std::vector<left_out_object>{{one, reason::by_pattern}}));
    }
}

TEST_F(Selection, WhatAStoreDoesNotSaveNeedNotBeInItsFiles) {
    create(seg);
    fill(seg, 1);
    checkpoint_store store(world, path, {.except = {"scratch/*"}});
    auto const file = store.save(seg, {.step = 1}).file;
    fill(seg, 2);
    auto const at = store.restore_latest(seg);
    EXPECT_THAT(at->only_in_segment, IsEmpty());
    EXPECT_EQ(values(seg), "a1 u1 n1 p1 x2 ");
    checkpoint_store other(world, directory / "other");
    auto const refused = agreed_error_of(world, [&] { other.restore(seg, file); });
    EXPECT_EQ(refused.code, errc::not_found);
    EXPECT_THAT(refused.text, HasSubstr("\"scratch/guarded\", \"scratch/x\" of the segment"));
}

TEST_F(Selection, RestoreTakesWhatIsAskedForAlone) {
    create(seg);
    fill(seg, 1);
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    struct row {
        std::vector<std::string> only;
        std::vector<std::string> except;
        std::string_view values;
    };
    for (auto const& each : {row{{}, {}, "a1 u1 n1 p1 x1 "},
                             row{{"*"}, {"fields/*"}, "a2 u2 n1 p1 x1 "},
                             row{{"fields/*"}, {"*u"}, "a1 u2 n2 p2 x2 "},
                             row{{"fields/u"}, {}, "a2 u1 n2 p2 x2 "},
                             row{{"p*"}, {}, "a2 u2 n2 p1 x2 "},
                             row{{"nothing"}, {}, "a2 u2 n2 p2 x2 "},
                             row{{}, {"parts", "tasks"}, "a1 u1 n1 p2 x1 "}}) {
        fill(seg, 2);
        store.restore(seg, file, {.only = each.only, .except = each.except});
        EXPECT_EQ(values(seg), each.values);
    }
    fill(seg, 2);
    store.restore_latest(seg, {.only = {"n"}});
    EXPECT_EQ(values(seg), "a2 u2 n1 p2 x2 ");
}

TEST_F(Selection, CreatesThoseOfTheFileThatAreAskedFor) {
    create(seg);
    fill(seg, 7);
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    segment other(on, {.capacity = 16_MiB});
    other.create_array<int>("mine", shape(3)); // not asked for
    auto const at = store.restore(other, file, {.only = {"fields/*", "n", "tasks"}});
    EXPECT_THAT(at.only_in_file, ElementsAre("fields/a", "fields/u", "n", "tasks"));
    EXPECT_EQ((other.find_array<double, 1>("fields/a")(99'999)), 7);
    EXPECT_EQ((other.find_levels<float, 2>("fields/u").now()(9, 9)), 7);
    EXPECT_EQ((other.find_levels<float, 2>("fields/u").n_levels()), 3);
    EXPECT_EQ(other.find_value<int>("n").load(), 7);
    EXPECT_THAT(other.list(), SizeIs(5));
    other.fence();
    other.close();
}

TEST_F(Selection, FrozenAndConstObjectsThatAreLeftOutHinderNothing) {
    auto const a = seg.create_array<double>("a", shape(10'000), {.whole_pages = true});
    std::vector<double> const table(10, 2.5);
    auto const t = seg.adopt("table", view_of(table.data(), shape(10)));
    seg.create_value<int>("n", 1);
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    a.freeze(protect_pages);
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(seg, file); }).code, errc::busy);
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(seg, file, {.except = {"a"}}); }).code,
              errc::invalid_argument);
    auto const at = store.restore(seg, file, {.except = {"a", "table"}});
    EXPECT_EQ(at.step, 1);
    a.thaw();
    seg.destroy(t);
}

TEST_F(Selection, PatternsThatAreNotPossibleAreRefused) {
    auto const refused = agreed_error_of(world, [&] {
        checkpoint_store const store(world, path, {.only = {"a", ""}});
    });
    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, HasSubstr(".only"));
    checkpoint_store store(world, path);
    auto const file = store.save(seg, {.step = 1}).file;
    auto const also = agreed_error_of(
        world, [&] { store.restore(seg, file, {.except = {std::string("a\0", 2)}}); });
    EXPECT_EQ(also.code, errc::invalid_argument);
    EXPECT_THAT(also.text, HasSubstr(".except"));
    if (size == 1) return;
    auto const differ = agreed_error_of(
        world, [&] { store.restore(seg, file, {.only = {rank == last ? "a" : "b"}}); });
    EXPECT_EQ(differ.code, errc::disagreement);
}

} // namespace
} // namespace shmwin
