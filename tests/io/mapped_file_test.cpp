// SPDX-License-Identifier: MIT
#include "io/mapped_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using detail::file;
using detail::mapped_file;

// The 8-byte word at offset 8 i is i.
struct MappedFile : testing::Test {
    static constexpr std::size_t n_words = (std::size_t{21} << 20U) / 8 + 3; // three windows
    static constexpr std::size_t n_bytes = 8 * n_words;
    std::string const path = "mapped_file_test.data";

    MappedFile() {
        ::unlink(path.c_str());
        std::vector<std::uint64_t> words(n_words);
        for (std::size_t i = 0; i < n_words; ++i) {
            words[i] = i;
        }
        file(path, file::mode::create_new).write_at(0, std::as_bytes(std::span(words)));
    }
    MappedFile(MappedFile const&) = delete;
    MappedFile(MappedFile&&) = delete;
    MappedFile& operator=(MappedFile const&) = delete;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile() override {
        ::unsetenv("SHMWIN_MAP_FILES");
        ::unlink(path.c_str());
    }

    static void expect_words(std::span<std::byte const> seen, std::size_t offset, std::size_t n) {
        ASSERT_EQ(seen.size(), n);
        for (std::size_t at = 0; at < n; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, seen.data() + at, 8);
            ASSERT_EQ(word, (offset + at) / 8);
        }
    }
};

TEST_F(MappedFile, ShowsWhatIsInTheFileFromTheFirstToTheLastByte) {
    file const source(path, file::mode::read);
    mapped_file mapped(source);
    constexpr std::size_t block = 256 << 10U;
    for (std::size_t offset = 0; offset < n_bytes; offset += block) {
        auto const n = std::min(block, n_bytes - offset);
        expect_words(mapped.at(offset, n), offset, n);
    }
}

TEST_F(MappedFile, ShowsAnyPartInAnyOrder) {
    file const source(path, file::mode::read);
    mapped_file mapped(source);
    std::minstd_rand random(5);
    for (int i = 0; i < 300; ++i) {
        auto const n = 8 * (1 + random() % (std::size_t{1} << (random() % 21)));
        auto const offset = 8 * (random() % ((n_bytes - n) / 8 + 1));
        expect_words(mapped.at(offset, n), offset, n);
    }
}

TEST_F(MappedFile, ShowsMoreThanAWindowAtOnce) {
    file const source(path, file::mode::read);
    mapped_file mapped(source);
    expect_words(mapped.at(8, n_bytes - 8), 8, n_bytes - 8);
}

TEST_F(MappedFile, ShowsNothingBeyondTheEnd) {
    file const source(path, file::mode::read);
    mapped_file mapped(source);
    EXPECT_TRUE(mapped.at(n_bytes - 8, 16).empty());
    EXPECT_TRUE(mapped.at(n_bytes + 4096, 8).empty());
    expect_words(mapped.at(n_bytes - 8, 8), n_bytes - 8, 8);
}

// It was cut while it was open: the pages cannot be had, and that is no signal.
TEST_F(MappedFile, ShowsNothingOfWhatWasCutOff) {
    file const source(path, file::mode::read);
    mapped_file mapped(source);
    ASSERT_EQ(::truncate(path.c_str(), 4096), 0);
    EXPECT_TRUE(mapped.at(std::size_t{10} << 20U, 4096).empty());
}

TEST_F(MappedFile, CanBeSwitchedOff) {
    file const source(path, file::mode::read);
    ::setenv("SHMWIN_MAP_FILES", "0", 1);
    EXPECT_TRUE(mapped_file(source).at(0, 8).empty());
    ::setenv("SHMWIN_MAP_FILES", "1", 1);
    EXPECT_FALSE(mapped_file(source).at(0, 8).empty());
}

TEST_F(MappedFile, IsOnlyForFileSystemsOfThisMachine) {
    file const source("/proc/self/maps", file::mode::read);
    EXPECT_TRUE(mapped_file(source).at(0, 8).empty());
}

} // namespace
} // namespace shmwin
