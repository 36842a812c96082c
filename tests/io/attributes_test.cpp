// SPDX-License-Identifier: MIT
// What the caller tells of a checkpoint: attributes of the file that everybody reads, and that come
// back.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct Attributes : store_fixture {
    checkpoint_store store{world, path};

    // By name.
    std::vector<checkpoint_attribute> const all{
        {"code", std::string("v1.2, commit 0a1b")},
        {"counts", std::vector<std::int64_t>{1, -2, std::numeric_limits<std::int64_t>::min()}},
        {"dt", 0.1},
        {"empty", std::string()},
        {"größe", std::int64_t{3}},
        {"none", std::vector<double>{}},
        {"origin", std::vector<double>{0.5, -0.0, 1e300}},
        {"steps", std::numeric_limits<std::int64_t>::max()}};

    static void expect_equal(std::vector<checkpoint_attribute> const& found,
                             std::vector<checkpoint_attribute> const& wanted) {
        ASSERT_EQ(found.size(), wanted.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i].name, wanted[i].name);
            EXPECT_TRUE(found[i].value == wanted[i].value) << found[i].name;
        }
    }
    // On all ranks.
    std::string refusal_of(std::vector<checkpoint_attribute> attributes) {
        auto const refused = agreed_error_of(
            world, [&] { store.save(seg, {.step = 9, .attributes = std::move(attributes)}); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << refused.text;
        EXPECT_THAT(store.list(), IsEmpty());
        return refused.text;
    }
};

TEST_F(Attributes, ComeBackFromEveryCall) {
    auto backwards = all;
    std::ranges::reverse(backwards);
    auto const file = store.save(seg, {.step = 1, .attributes = backwards}).file;
    expect_equal(store.latest()->attributes, all);
    expect_equal(store.restore(seg, file).attributes, all);
    expect_equal(store.restore_latest(seg)->attributes, all);
    EXPECT_EQ(store.verify(file).result, verdict::intact);
    store.save(seg, {.step = 2});
    EXPECT_THAT(store.latest()->attributes, IsEmpty()) << "they are of one checkpoint";
}

TEST_F(Attributes, OthersSeeThemUnderTheirNames) {
    SHMWIN_NEEDS_H5PY();
    auto const file = store.save(seg, {.step = 1, .attributes = all}).file;
    run_python(world,
               "a = h5py.File(sys.argv[1]).attrs\n"
               "text = lambda v: v.decode() if isinstance(v, bytes) else v\n"
               "assert text(a[\"code\"]) == \"v1.2, commit 0a1b\" and text(a[\"empty\"]) == \"\"\n"
               "assert a[\"dt\"] == 0.1 and a[\"dt\"].dtype == np.float64\n"
               "assert a[\"gr\\u00f6\\u00dfe\"] == 3 and a[\"steps\"] == 2**63 - 1\n"
               "assert list(a[\"counts\"]) == [1, -2, -2**63] and a[\"counts\"].dtype == np.int64\n"
               "assert a[\"none\"].shape == (0,) and list(a[\"origin\"]) == [0.5, -0.0, 1e300]\n",
               file.native());
}

TEST_F(Attributes, OthersMayAddSome) {
    SHMWIN_NEEDS_H5PY();
    auto const file = store.save(seg, {.step = 1, .attributes = {{"dt", 0.5}}}).file;
    run_python(world,
               "f = h5py.File(sys.argv[1], \"r+\")\n"
               "f.attrs[\"author\"] = \"somebody\"\n"
               "f.attrs[\"half\"] = np.float32(0.5)\n"
               "f.attrs[\"huge\"] = np.uint64(2**64 - 1)\n"
               "f.attrs[\"matrix\"] = np.zeros((2, 2))\n"
               "f.attrs[\"small\"] = np.array([1, 2], np.uint8)\n"
               "f.attrs[\"words\"] = [\"a\", \"b\"]\n",
               file.native());
    logged_lines const log;
    expect_equal(store.restore(seg, file).attributes,
                 {{"author", std::string("somebody")},
                  {"dt", 0.5},
                  {"half", 0.5},
                  {"small", std::vector<std::int64_t>{1, 2}}});
}

TEST_F(Attributes, MayBeManyAndLarge) {
    std::vector<checkpoint_attribute> many;
    for (int i = 0; i < 100; ++i) {
        many.push_back({std::to_string(1000 + i), std::int64_t{i}});
    }
    for (int i = 0; i < 8; ++i) {
        auto const c = static_cast<char>('a' + i);
        many.push_back({std::string(255, c), std::string(60'000, c)});
    }
    auto const file = store.save(seg, {.step = 1, .attributes = many}).file;
    expect_equal(store.restore(seg, file).attributes, many);
    many.push_back({"z", std::string(60'000, 'z')});
    EXPECT_THAT(
        agreed_error_of(world, [&] { store.save(seg, {.step = 2, .attributes = many}); }).text,
        AllOf(HasSubstr("at most 524288"), HasSubstr("in 109")));
}

TEST_F(Attributes, WhatIsNotPossibleIsRefused) {
    for (auto const* const own : {"step",
                                  "time",
                                  "created",
                                  "created_ns",
                                  "uuid",
                                  "parent_uuid",
                                  "n_ranks",
                                  "shmwin_format",
                                  "shmwin_x"}) {
        EXPECT_THAT(refusal_of({{own, 1.0}}), HasSubstr("library's own")) << own;
    }
    EXPECT_THAT(refusal_of({{"", 1.0}}), HasSubstr("empty"));
    EXPECT_THAT(refusal_of({{std::string(256, 'x'), 1.0}}), HasSubstr("256 bytes"));
    EXPECT_THAT(refusal_of({{std::string("a\0b", 3), 1.0}}), HasSubstr("zero"));
    EXPECT_THAT(refusal_of({{"a", std::string("a\0b", 3)}}), HasSubstr("zero"));
    EXPECT_THAT(refusal_of({{"a", 1.0}, {"b", 1.0}, {"a", 2.0}}), HasSubstr("twice"));
    EXPECT_THAT(refusal_of({{"a", std::string(60'001, 'x')}}),
                AllOf(HasSubstr("60001 bytes"), HasSubstr("at most 60000")));
    EXPECT_THAT(refusal_of({{"a", std::vector<double>(7501)}}), HasSubstr("60008 bytes"));
}

TEST_F(Attributes, AreTheSameOnAllRanks) {
    if (size == 1) GTEST_SKIP() << "one rank agrees with itself";
    auto const refused = agreed_error_of(world, [&] {
        store.save(seg, {.step = 1, .attributes = {{"a", rank == last ? 1.0 : 2.0}}});
    });
    EXPECT_EQ(refused.code, errc::disagreement);
}

} // namespace
} // namespace shmwin
