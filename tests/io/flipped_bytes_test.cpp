// SPDX-License-Identifier: MIT
// Every byte of a small checkpoint, changed in turn; every length it may be cut to; random bits of
// a large one. What is wrong is found, and named.
#include "io/file.hpp"
#include "io/hdf5.hpp"
#include "io/seal.hpp"
#include "support/serial_checkpoint.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::AnyOf;
using testing::HasSubstr;

struct FlippedBytes : testing::Test {
    FlippedBytes() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
    }
    FlippedBytes(FlippedBytes const&) = delete;
    FlippedBytes(FlippedBytes&&) = delete;
    FlippedBytes& operator=(FlippedBytes const&) = delete;
    FlippedBytes& operator=(FlippedBytes&&) = delete;
    ~FlippedBytes() override { std::filesystem::remove_all(folder); }

    void save(std::vector<serial_object> objects) {
        path = save_serially(folder / "state", objects);
        std::ifstream in(path, std::ios::binary);
        whole = {std::istreambuf_iterator<char>(in), {}};
        n_bytes = whole.size();
        ASSERT_EQ(judge_serially(path).said, "intact");
        layout = detail::read_checkpoint(path, false);
    }

    // Of an object's payload, or ""
    [[nodiscard]] std::string owner_of(std::uint64_t at) const {
        for (auto const& each : layout.objects) {
            if (at >= each.file_offset && at < each.file_offset + each.n_bytes) {
                auto const block = (at - each.file_offset) / detail::checksum_block_bytes;
                return each.name + ", block " + std::to_string(block) + " ";
            }
        }
        return "";
    }

    // One of many zeros: HDF5 hands space out in large pieces.
    [[nodiscard]] bool is_filler(std::uint64_t at) const {
        auto const first = at < 64 ? 0 : at - 64;
        auto const around = std::string_view(whole).substr(first, 128);
        return around.find_first_not_of('\0') == std::string_view::npos;
    }

    // Changes a byte, looks, and changes it back.
    void expect_found(std::uint64_t at, std::byte change) const {
        detail::file const target(path, detail::file::mode::write);
        std::array<std::byte, 1> byte{};
        target.read_at(at, byte);
        byte[0] ^= change;
        target.write_at(at, byte);
        auto const verdict = judge_serially(path);
        auto const owner = owner_of(at);
        if (at < 8) {
            EXPECT_EQ(verdict.said, "not_a_checkpoint") << at;
        } else {
            EXPECT_EQ(verdict.said, "damaged") << at;
            ASSERT_FALSE(verdict.problems.empty()) << at;
            EXPECT_THAT(verdict.problems.front(), HasSubstr(owner.empty() ? "structure" : owner))
                << at;
        }
        byte[0] ^= change;
        target.write_at(at, byte);
    }

    std::filesystem::path const folder = "flipped_bytes_test.store";
    std::filesystem::path path;
    std::string whole;
    std::uint64_t n_bytes = 0;
    detail::checkpoint_file layout;
};

// Three objects, one of them empty.
std::vector<serial_object> small_ones() {
    return {serial_array("a", "float64", {16}, 128),
            serial_array("g/empty", "int32", {0, 3}, 0),
            serial_array("g/n", "int64", {}, 8)};
}

TEST_F(FlippedBytes, OneAnywhereInASmallFileIsFoundAndNamed) {
    save(small_ones());
    ASSERT_LT(n_bytes, 100U << 10U);
    int const n_bits = soak_factor() > 1 ? 8 : 1;
    for (std::uint64_t at = 0; at < n_bytes; ++at) {
        if (soak_factor() == 1 && is_filler(at) && at % 61 != 0) continue;
        for (int i = 0; i < n_bits; ++i) {
            expect_found(at, std::byte{1} << ((at + static_cast<unsigned>(i)) % 8));
            if (HasFailure()) return;
        }
    }
    EXPECT_EQ(judge_serially(path).said, "intact");
}

TEST_F(FlippedBytes, RandomOnesInALargeFileAreFoundAndNamed) {
    save({serial_array("big", "uint8", {3'000'000}, 3'000'000),
          serial_array("small", "int32", {100}, 400)});
    std::mt19937_64 random(20);
    for (int i = 0; i < 40 * soak_factor() && !HasFailure(); ++i) {
        expect_found(random() % n_bytes, std::byte{1} << (random() % 8));
    }
}

TEST_F(FlippedBytes, CutAnywhereIsFound) {
    save(small_ones());
    std::filesystem::path const cut = folder / "cut.h5";
    std::filesystem::copy_file(path, cut);
    // Where HDF5's part ends there is what a tool leaves that opens a file to change it.
    auto const edited = n_bytes - detail::seal_table(layout).size();
    for (auto n = n_bytes; n-- > 0;) {
        bool const near_an_end = n < 600 || n + 600 > n_bytes;
        if (!near_an_end && n % (soak_factor() > 1 ? 1 : 61) != 0) continue;
        ASSERT_EQ(::truncate(cut.c_str(), static_cast<off_t>(n)), 0);
        EXPECT_EQ(judge_serially(cut).said,
                  n < 8         ? "not_a_checkpoint"
                  : n == edited ? "repacked"
                                : "damaged")
            << n;
    }
}

TEST_F(FlippedBytes, CutOfALargeFileAtEachPageIsFound) {
    save({serial_array("big", "uint8", {1'000'000}, 1'000'000)});
    for (auto n = (n_bytes - 1) / 4096 * 4096; n > 0; n -= 4096) {
        ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(n)), 0);
        EXPECT_EQ(judge_serially(path).said, "damaged") << n;
    }
}

// As versions without the table wrote them, or as tools leave them that edit a file.
struct WithoutTheTable : FlippedBytes {
    WithoutTheTable() {
        save(small_ones());
        layout.n_bytes = n_bytes - detail::seal_table(layout).size();
        EXPECT_EQ(::truncate(path.c_str(), static_cast<off_t>(layout.n_bytes)), 0);
    }
};

TEST_F(WithoutTheTable, OldFileIsIntact) {
    EXPECT_EQ(judge_serially(path).said, "repacked");
    detail::checkpoint_record const record{
        detail::structure_checksum(path, layout), layout.n_bytes, layout.n_blocks};
    detail::file(path, detail::file::mode::write)
        .write_at(layout.record_offset, std::as_bytes(std::span(&record, 1)));
    EXPECT_EQ(judge_serially(path).said, "intact");
}

// HDF5 sees a flipped bit, or the structure's checksum differs, or a block's.
TEST_F(WithoutTheTable, NoWrongValueComesBack) {
    auto const right = judge_serially(path).bytes;
    detail::file const target(path, detail::file::mode::write);
    std::uint64_t const stride = soak_factor() > 1 ? 1 : 11;
    for (std::uint64_t at = 8; at < layout.n_bytes; at += stride) {
        std::array<std::byte, 1> byte{};
        target.read_at(at, byte);
        if (is_filler(at) && soak_factor() == 1) continue;
        byte[0] ^= std::byte{1} << (at % 8);
        target.write_at(at, byte);
        auto const verdict = judge_serially(path);
        EXPECT_THAT(verdict.said, AnyOf("damaged", "repacked", "unsupported", "layout_mismatch"))
            << at;
        EXPECT_TRUE(verdict.said != "repacked" || verdict.bytes == right) << at;
        byte[0] ^= std::byte{1} << (at % 8);
        target.write_at(at, byte);
    }
}

// Found by checkpoint_fuzz: they were read into the room of one.
TEST_F(WithoutTheTable, AttributeOfSeveralNumbersIsDamaged) {
    {
        using detail::h5_handle;
        auto const access = detail::h5_file_access();
        h5_handle const opened(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), H5Fclose);
        h5_handle const object(H5Dopen2(opened.get(), "a", H5P_DEFAULT), H5Dclose);
        ASSERT_GE(H5Adelete(object.get(), "shmwin_levels"), 0);
        hsize_t const n = 300;
        std::vector<std::int64_t> const zeros(n);
        h5_handle const space(H5Screate_simple(1, &n, nullptr), H5Sclose);
        h5_handle const made(H5Acreate2(object.get(),
                                        "shmwin_levels",
                                        H5T_STD_I64LE,
                                        space.get(),
                                        H5P_DEFAULT,
                                        H5P_DEFAULT),
                             H5Aclose);
        ASSERT_GE(H5Awrite(made.get(), H5T_NATIVE_INT64, zeros.data()), 0);
    }
    auto const verdict = judge_serially(path);
    EXPECT_EQ(verdict.said, "damaged");
    EXPECT_THAT(verdict.problems.front(), HasSubstr("shmwin_levels"));
}

// A table that names more than the file can hold must not be taken at its word.
TEST_F(WithoutTheTable, DataSetLargerThanTheFileIsDamaged) {
    for (auto const* const name : {".shmwin/checksums", ".shmwin/objects"}) {
        {
            using detail::h5_handle;
            auto const access = detail::h5_file_access();
            h5_handle const opened(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), H5Fclose);
            H5Ldelete(opened.get(), name, H5P_DEFAULT);
            std::array<hsize_t, 2> const huge{hsize_t{1} << 40U, 2};
            h5_handle const space(
                H5Screate_simple(*(name + 8) == 'c' ? 2 : 1, huge.data(), nullptr), H5Sclose);
            auto const type = *(name + 8) == 'c' ? H5T_STD_U64LE : H5T_C_S1;
            h5_handle const made(
                H5Dcreate2(
                    opened.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                H5Dclose);
            ASSERT_TRUE(made);
        }
        EXPECT_EQ(judge_serially(path).said, "damaged") << name;
    }
}

} // namespace
} // namespace shmwin
