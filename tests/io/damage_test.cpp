// SPDX-License-Identifier: MIT
// Checkpoints that are not what was written: whatever is wrong is found on all ranks, never taken
// for data, and named. What other tools wrote into them: edited_checkpoint_test.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"
#include "support/saved_checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct DamagedCheckpoint : saved_checkpoint {
    // Whatever happened to the file: no rank takes it for whole, and no wrong value comes back.
    std::string expect_no_wrong_value(std::string const& what) {
        auto const said = verdict_of_file();
        EXPECT_THAT(said, AnyOf("repacked", "damaged", "not_a_checkpoint")) << what;
        spoil();
        auto const refused = error_of([&] { store.restore_latest(seg); });
        if (refused) {
            EXPECT_EQ(refused->code, errc::damaged) << what << ": " << refused->text;
            EXPECT_TRUE(refused->agreed);
            EXPECT_NE(said, "repacked") << what << ": " << refused->text;
        } else {
            EXPECT_TRUE(is_right()) << what;
            EXPECT_EQ(said, "repacked") << what;
        }
        EXPECT_TRUE(on_all(world, refused.has_value()) || on_all(world, !refused)) << what;
        return said;
    }
};

TEST_F(DamagedCheckpoint, WholeOneIsIntact) {
    EXPECT_EQ(verdict_of_file(), "intact");
    auto const report = store.verify(file);
    EXPECT_EQ(report.n_bytes, 64 * 8 + 16 * 4 + 4U);
    spoil();
    store.restore(seg, file);
    EXPECT_TRUE(is_right());
}

TEST_F(DamagedCheckpoint, FlippedBitAnywhereIsFound) {
    auto const open_before = n_descriptors();
    auto const step = whole.size() / 500 + 1; // each byte in turn: flipped_bytes_test
    for (std::size_t at = 0; at < whole.size(); at += step) {
        auto bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
        write(bytes);
        auto const said = expect_no_wrong_value("bit flipped at byte " + std::to_string(at));
        EXPECT_TRUE(at < 8 || said != "not_a_checkpoint") << at;
        if (HasFailure()) return;
    }
    write(whole);
    EXPECT_EQ(verdict_of_file(), "intact");
    EXPECT_EQ(n_descriptors(), open_before);
}

TEST_F(DamagedCheckpoint, TruncatedAnywhereIsFound) {
    std::vector<std::size_t> lengths{0, 1, 7, 8, 9, 48, 4095, 4096, whole.size() - 1};
    for (std::size_t at = 13; at < whole.size(); at += whole.size() / 50) {
        lengths.push_back(at);
    }
    for (auto const n : lengths) {
        if (n >= whole.size()) continue;
        write(whole.substr(0, n));
        auto const what = "cut after byte " + std::to_string(n);
        // Where the signature is there, it was ours or somebody's HDF5: not a foreign file.
        EXPECT_EQ(verdict_of_file(), n < 8 ? "not_a_checkpoint" : "damaged") << what;
        expect_no_wrong_value(what);
    }
}

TEST_F(DamagedCheckpoint, ZeroedPageIsFound) {
    for (std::size_t at = 0; at < whole.size(); at += 4096) {
        auto bytes = whole;
        auto const n = std::min<std::size_t>(4096, whole.size() - at);
        bytes.replace(at, n, n, '\0');
        if (bytes == whole) continue;
        write(bytes);
        expect_no_wrong_value("zeros from byte " + std::to_string(at));
    }
}

TEST_F(DamagedCheckpoint, TornByAnotherFileIsFound) {
    spoil();
    auto const other = bytes_of(store.save(seg, {.step = 2}).file);
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::remove(directory / "state-000000000002.h5");
    ASSERT_EQ(other.size(), whole.size());
    for (std::size_t at = 512; at < whole.size(); at += whole.size() / 16) {
        write(whole.substr(0, at) + other.substr(at)); // as if only the beginning was written
        if (bytes_of(file) == whole) continue;
        MPI_Barrier(world);
        spoil();
        auto const refused = error_of([&] { store.restore(seg, file); });
        if (!refused) {
            EXPECT_TRUE(is_right()) << at;
        }
        MPI_Barrier(world);
    }
}

TEST_F(DamagedCheckpoint, ObjectAndBlockAreNamed) {
    auto big = seg.create_array<std::uint32_t>("fields/big", shape(3 << 18)); // 3 blocks
    for (auto const i : big.rows()) {
        big(i) = static_cast<std::uint32_t>(i) * 2654435761U;
    }
    file = store.save(seg, {.step = 2}).file;
    whole = bytes_of(file);
    auto bytes = whole;
    auto const place = [&](std::int64_t i) {
        return whole.find(std::string_view(reinterpret_cast<char const*>(big.data() + i), 16));
    };
    for (auto const i : {std::int64_t{3}, std::int64_t{1 << 18}, std::int64_t{(3 << 18) - 4}}) {
        bytes[place(i)] ^= 4;
    }
    bytes[place_of_a()] ^= 1;
    seg.fence();
    write(bytes);
    EXPECT_THAT(store.verify(file).problems,
                ElementsAre("fields/a, block 0 (bytes 0 to 511)",
                            "fields/big, block 0 (bytes 0 to 262143)",
                            "fields/big, block 4 (bytes 1048576 to 1310719)",
                            "fields/big, block 11 (bytes 2883584 to 3145727)"));
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(refused.code, errc::damaged);
    EXPECT_THAT(refused.text,
                AllOf(HasSubstr(file.native()),
                      HasSubstr("fields/a, block 0"),
                      HasSubstr("fields/big, block 11 (bytes 2883584")));
}

TEST_F(DamagedCheckpoint, WithVerifyFirstNothingChanges) {
    auto bytes = whole;
    bytes[place_of_a() + std::size_t{63} * 8] ^= 1;
    write(bytes);
    checkpoint_store careful(world, directory / "careful", {.verify_first = true});
    spoil();
    auto const refused = agreed_error_of(world, [&] { careful.restore(seg, file); });
    EXPECT_EQ(refused.code, errc::damaged);
    EXPECT_THAT(refused.text, HasSubstr("fields/a, block 0"));
    for (std::int64_t i = 0; i < 64; ++i) {
        EXPECT_EQ(a(i), -1.0);
    }
    EXPECT_EQ(count.load(), -1);
    seg.fence();
    write(whole);
    careful.restore(seg, file);
    EXPECT_TRUE(is_right());
}

TEST_F(DamagedCheckpoint, ObjectsMadeByAFailedRestoreGoAgain) {
    auto bytes = whole;
    bytes[place_of_a()] ^= 1;
    write(bytes);
    segment other(on, {.capacity = 4_MiB});
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(other, file); }).code, errc::damaged);
    auto const used = other.heap().stats().used; // the directory's
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(other, file); }).code, errc::damaged);
    EXPECT_THAT(other.list(), IsEmpty());
    EXPECT_EQ(other.heap().stats().used, used);
    EXPECT_THAT(other.verify().violations, IsEmpty());
    write(whole);
    store.restore(other, file);
    EXPECT_EQ((other.find_array<double, 1>("fields/a")(63)), right_value(63));
    other.close();
}

TEST_F(DamagedCheckpoint, WhatDoesNotFitTheSegmentMovesNoByte) {
    struct row {
        char const* what;
        errc code;
        std::function<void(segment&)> create;
    };
    std::vector<row> const rows{
        {"type",
         errc::type_mismatch,
         [](segment& s) { s.create_array<float>("fields/a", shape(64)); }},
        {"signedness", errc::type_mismatch, [](segment& s) { s.create_value<unsigned>("n"); }},
        {"kind",
         errc::type_mismatch,
         [](segment& s) { s.create_levels<double>("fields/a", shape(64)); }},
        {"value and object", errc::type_mismatch, [](segment& s) { s.create_object<int>("n"); }},
        {"extent",
         errc::shape_mismatch,
         [](segment& s) { s.create_array<double>("fields/a", shape(65)); }},
        {"dimensions",
         errc::shape_mismatch,
         [](segment& s) { s.create_array<double>("fields/a", shape(8, 8)); }},
        {"layout",
         errc::shape_mismatch,
         [](segment& s) { s.create_levels<float, layout_left>("u", shape(4, 4)); }},
        {"group",
         errc::not_found,
         [](segment& s) {
             s.create_value<int>("fields");
             s.create_value<int>("fields/b");
         }},
        {"not in the file", errc::not_found, [](segment& s) {
             s.create_array<int>("zzz", shape(3));
         }}};
    for (auto const& each : rows) {
        segment other(on, {.capacity = 4_MiB});
        each.create(other);
        // What fits is there, too, and must stay as it is.
        auto fits = other.create_array<double>("m/not_saved", shape(2), {.saved = false});
        auto* const v = other.contains("n") ? nullptr : other.create_value<int>("n", 5).data();
        auto const names = other.list().size();
        auto const refused = agreed_error_of(world, [&] { store.restore(other, file); });
        EXPECT_EQ(refused.code, each.code) << each.what << ": " << refused.text;
        EXPECT_TRUE(agreed_error_of(world, [&] { store.restore_latest(other); }).code == each.code);
        EXPECT_EQ(other.list().size(), names) << each.what;
        EXPECT_TRUE(v == nullptr || *v == 5) << each.what;
        EXPECT_EQ(fits(0), 0.0);
        other.fence();
        other.close();
    }
}

TEST_F(DamagedCheckpoint, SegmentThatIsTooSmallIsAnErrorAndStaysEmpty) {
    seg.create_array<char>("big", shape(8 << 20));
    file = store.save(seg, {.step = 2}).file;
    segment small(on, {.capacity = 1_MiB});
    auto const refused = agreed_error_of(world, [&] { store.restore(small, file); });
    EXPECT_EQ(refused.code, errc::out_of_memory);
    EXPECT_THAT(small.list(), IsEmpty());
    small.close();
}

TEST_F(DamagedCheckpoint, MissingFileAndDirectoryAreIoFailures) {
    for (auto const* const missing : {"none.h5", "no/such/file.h5"}) {
        auto const refused = agreed_error_of(world, [&] { store.restore(seg, missing); });
        EXPECT_EQ(refused.code, errc::io_failure);
        EXPECT_THAT(refused.text, AllOf(HasSubstr(missing), HasSubstr("No such file")));
        EXPECT_EQ(agreed_error_of(world, [&] { static_cast<void>(store.verify(missing)); }).code,
                  errc::io_failure);
    }
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore(seg, directory); }).code,
              errc::not_a_checkpoint);
    EXPECT_TRUE(is_right());
}

TEST_F(DamagedCheckpoint, TextFileIsNoCheckpoint) {
    write("just some text, a bit longer than a signature of HDF5\n");
    EXPECT_EQ(verdict_of_file(), "not_a_checkpoint");
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(refused.code, errc::not_a_checkpoint);
    EXPECT_THAT(refused.text, HasSubstr(file.native()));
    EXPECT_EQ(store.latest(), std::nullopt);
    EXPECT_TRUE(is_right());
}

TEST_F(DamagedCheckpoint, BlankSignatureIsNoCheckpoint) {
    auto bytes = whole;
    bytes.replace(0, 8, 8, '\0'); // as it is while it is written
    write(bytes);
    EXPECT_EQ(verdict_of_file(), "not_a_checkpoint");
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore_latest(seg); }).code, errc::damaged);
}

// latest() reads the structure, not the payload.
TEST_F(DamagedCheckpoint, LatestLooksAtTheStructureAlone) {
    auto bytes = whole;
    bytes[place_of_a()] ^= 1;
    write(bytes);
    EXPECT_TRUE(store.latest().has_value());
    bytes = whole;
    bytes[bytes.find("shmwin_format")] ^= 1;
    write(bytes);
    EXPECT_FALSE(store.latest().has_value());
}

} // namespace
} // namespace shmwin
