// SPDX-License-Identifier: MIT
// Checkpoints of per-rank containers that are not what was written: named before anything moves.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/io/checkpoint_store.hpp"

#include "io/checksum.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"
#include "support/per_rank_checkpoint.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

struct DamagedPerRankCheckpoint : per_rank_checkpoint {
    void SetUp() override {
        fill(parts, many);
        file = store.save(seg, {.step = 1}).file;
        whole = bytes_of(file);
        fill(parts, few, -1);
    }
    static std::int64_t few(int /*r*/) { return 4; }
    std::string refusal() {
        auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
        EXPECT_EQ(refused.code, errc::damaged) << refused.text;
        seg.fence();
        return refused.text;
    }

    per_rank<vector<std::int64_t>> parts = seg.create_per_rank<vector<std::int64_t>>("parts");
    std::filesystem::path file;
    std::string whole;
};

TEST_F(DamagedPerRankCheckpoint, OffsetsAreNamedBeforeAnythingMoves) {
    std::vector<std::int64_t> offsets;
    for (int r = 0; r <= size; ++r)
        offsets.push_back(first_of(r, many));
    auto const at = whole.find(std::string_view(reinterpret_cast<char const*>(offsets.data()),
                                                offsets.size() * sizeof(std::int64_t)));
    ASSERT_NE(at, std::string::npos);
    auto bytes = whole;
    bytes[at + 8] ^= 1; // the end of rank 0's: it rises all the same
    replace(world, file, bytes);
    EXPECT_THAT(refusal(), HasSubstr("parts/offsets, block 0 (bytes 0 to"));
    EXPECT_TRUE(is_filled(parts, few, -1));
    EXPECT_EQ(store.verify(file).result, verdict::damaged);
    EXPECT_THAT(store.verify(file).problems, ElementsAre(HasSubstr("parts/offsets, block 0")));
}

TEST_F(DamagedPerRankCheckpoint, DataAreNamed) {
    std::array<std::int64_t, 2> const some{10'000, 10'001};
    auto const at =
        whole.find(std::string_view(reinterpret_cast<char const*>(some.data()), sizeof some));
    ASSERT_NE(at, std::string::npos);
    auto bytes = whole;
    bytes[at] ^= 1;
    replace(world, file, bytes);
    EXPECT_THAT(refusal(), HasSubstr("parts/data, block 0"));
    replace(world, file, whole);
    store.restore(seg, file);
    EXPECT_TRUE(is_filled(parts, many));
    seg.fence();
}

// Somebody wrote other offsets, and their checksum, too.
TEST_F(DamagedPerRankCheckpoint, OffsetsThatCannotBeAreRefused) {
    SHMWIN_NEEDS_H5PY();
    auto const n = first_of(size, many);
    std::vector<std::int64_t> right;
    for (int r = 0; r <= size; ++r)
        right.push_back(first_of(r, many));
    auto const refused_as = [&](std::vector<std::int64_t> const& wrong) {
        auto const sum = detail::checksum_of(std::as_bytes(std::span(wrong)));
        std::array<std::uint64_t, 2> words{};
        static_assert(sizeof words == sizeof sum);
        std::memcpy(words.data(), &sum, sizeof sum);
        std::string values;
        for (auto const each : wrong)
            values += std::to_string(each) + ',';
        replace(world, file, whole);
        edit(file,
             "o = f[\"parts/offsets\"]; o[...] = [" + values
                 + "]; f[\".shmwin/checksums\"][o.attrs[\"shmwin_first_block\"]] = ["
                 + std::to_string(words[0]) + ',' + std::to_string(words[1]) + "]");
        EXPECT_THAT(refusal(), HasSubstr("parts/offsets does not begin with 0"));
        EXPECT_TRUE(is_filled(parts, few, -1));
        seg.fence();
    };
    auto wrong = right;
    wrong.front() = 1;
    refused_as(wrong);
    wrong = right;
    wrong.back() = n + 1;
    refused_as(wrong);
    wrong = right;
    wrong.back() = -1;
    refused_as(wrong);
    if (size == 1) return;
    wrong = right;
    wrong[1] = n + 5; // falls behind it
    refused_as(wrong);
}

TEST_F(DamagedPerRankCheckpoint, OnePartWithoutTheOtherIsDamage) {
    SHMWIN_NEEDS_H5PY();
    auto const* const shortened = // as if there had been data alone
        "n, c = f[\".shmwin/objects\"][:1], f[\".shmwin/checksums\"][:-1]; "
        "del f[\".shmwin/objects\"], f[\".shmwin/checksums\"]; "
        "f[\".shmwin/objects\"], f[\".shmwin/checksums\"] = n, c";
    for (auto const* const line :
         {"del f[\"parts/offsets\"]",
          "del f[\"parts/data\"]",
          shortened,
          "f[\"parts/data\"].attrs[\"shmwin_kind\"] = np.bytes_(\"array\")",
          "f[\"parts/offsets\"].attrs[\"shmwin_kind\"] = np.bytes_(\"array\")"}) {
        replace(world, file, whole);
        edit(file, line);
        EXPECT_THAT(refusal(), HasSubstr("parts/")) << line;
        EXPECT_EQ(store.verify(file).result, verdict::damaged) << line;
        EXPECT_TRUE(is_filled(parts, few, -1)) << line;
        seg.fence();
    }
}

} // namespace
} // namespace shmwin
