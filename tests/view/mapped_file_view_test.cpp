// SPDX-License-Identifier: MIT
// map_file: a file's elements in place, unmapped with the last view.
#include "shmwin/base/error.hpp"
#include "shmwin/view/map_file.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

struct MapFile : testing::Test {
    MapFile() {
        std::vector<std::int32_t> numbers(3000); // 12000 bytes: more than two pages
        std::iota(numbers.begin(), numbers.end(), 0);
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<char const*>(numbers.data()), 12000);
    }
    MapFile(MapFile const&) = delete;
    MapFile(MapFile&&) = delete;
    MapFile& operator=(MapFile const&) = delete;
    MapFile& operator=(MapFile&&) = delete;
    ~MapFile() override { std::filesystem::remove(path); }

    // How many mappings of the file this process has.
    [[nodiscard]] int n_mappings() const {
        std::ifstream maps("/proc/self/maps");
        int n = 0;
        for (std::string line; std::getline(maps, line);)
            n += line.find(path.filename().native()) != std::string::npos ? 1 : 0;
        return n;
    }

    static error_info refused(std::function<void()> const& call) {
        try {
            call();
        } catch (error const& thrown) {
            return thrown.info();
        }
        ADD_FAILURE() << "nothing was thrown";
        return {};
    }

    std::filesystem::path const path =
        std::filesystem::temp_directory_path()
        / ("shmwin_map_file_" + std::to_string(::getpid()) + "."
           + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(MapFile, ShowsTheElementsInPlace) {
    auto const u = map_file<std::int32_t const>(path, shape(30, 100));
    static_assert(std::is_same_v<decltype(u)::element_type, std::int32_t const>);
    EXPECT_EQ(u(0, 0), 0);
    EXPECT_EQ(u(29, 99), 2999);
}

TEST_F(MapFile, BeginsAnywhereThatIsAligned) {
    auto const u = map_file<std::int32_t const>(path, shape(5), {.offset_bytes = 8004});
    EXPECT_EQ(u(0), 2001);
    EXPECT_EQ(u(4), 2005);
    auto const last = map_file<std::int32_t const>(path, shape(1), {.offset_bytes = 11996});
    EXPECT_EQ(last(0), 2999);
}

TEST_F(MapFile, TakesStrides) {
    auto const left =
        map_file<std::int32_t const>(path, layout_left::mapping<array_extents<2>>(shape(30, 100)));
    EXPECT_EQ(left(1, 2), 61);
    auto const column = map_file<std::int32_t const>(
        path, layout_stride::mapping<array_extents<1>>(shape(30), std::array{100}));
    EXPECT_EQ(column(29), 2900); // and no byte behind it is needed
}

TEST_F(MapFile, IsWritableIfItsElementsAre) {
    {
        auto const u = map_file<std::int32_t>(path, shape(3000));
        auto const same = map_file<std::int32_t const>(path, shape(3000));
        u(1500) = -7;
        EXPECT_EQ(same(1500), -7);
    }
    EXPECT_EQ(map_file<std::int32_t const>(path, shape(3000))(1500), -7);
}

TEST_F(MapFile, IsUnmappedWithTheLastView) {
    auto u =
        std::make_optional(map_file<std::int32_t const>(path, shape(30, 100), {.offset_bytes = 0}));
    auto block = std::make_optional(u->block({10, 20}));
    EXPECT_EQ(n_mappings(), 1);
    u.reset();
    EXPECT_EQ(n_mappings(), 1);
    std::filesystem::remove(path);
    EXPECT_EQ((*block)(10, 0), 1000);
    block.reset();
    EXPECT_EQ(n_mappings(), 0);
}

TEST_F(MapFile, OfNoElementsMapsNothing) {
    auto const u = map_file<double const>(path, shape(0, 7), {.offset_bytes = 12000});
    EXPECT_TRUE(u.empty());
    EXPECT_EQ(n_mappings(), 0);
}

TEST_F(MapFile, SaysWhatIsNeededAndWhatIsThere) {
    auto const large =
        refused([&] { static_cast<void>(map_file<std::int32_t const>(path, shape(3001))); });
    EXPECT_EQ(large.code, errc::invalid_argument);
    EXPECT_THAT(large.text, AllOf(HasSubstr("12000 bytes"), HasSubstr("12004 needed")));
    auto const behind = refused(
        [&] { static_cast<void>(map_file<char const>(path, shape(1), {.offset_bytes = 12000})); });
    EXPECT_EQ(behind.code, errc::invalid_argument);
    EXPECT_THAT(behind.text, HasSubstr("1 needed from byte 12000"));
    auto const odd = refused(
        [&] { static_cast<void>(map_file<double const>(path, shape(1), {.offset_bytes = 12})); });
    EXPECT_EQ(odd.code, errc::invalid_argument);
    EXPECT_THAT(odd.text, HasSubstr(".offset_bytes = 12"));
    auto const huge =
        refused([&] { static_cast<void>(map_file<double const>(path, shape(1LL << 60))); });
    EXPECT_EQ(huge.code, errc::invalid_argument);
    EXPECT_THAT(huge.text, HasSubstr("2^63"));
}

TEST_F(MapFile, SaysWhyItCannotBeOpenedOrMapped) {
    auto const none = refused(
        [&] { static_cast<void>(map_file<char const>(path.native() + ".none", shape(1))); });
    EXPECT_EQ(none.code, errc::io_failure);
    EXPECT_THAT(none.text, HasSubstr("No such file"));
    auto const directory = refused([&] { static_cast<void>(map_file<char>("/", shape(1))); });
    EXPECT_EQ(directory.code, errc::io_failure);
    EXPECT_THAT(directory.text, HasSubstr("Is a directory"));
}

} // namespace
} // namespace shmwin
