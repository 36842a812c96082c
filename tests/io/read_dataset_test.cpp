// SPDX-License-Identifier: MIT
// Data sets that somebody else wrote (here: h5py), read into shared arrays: every layout, filter,
// byte order and number type; and every value that does not fit.
#include "shmwin/io/read_dataset.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct ReadDataset : open_segment_and_directory {
    ReadDataset() { seg.destroy(seg.create_value<int>("first")); } // the directory has its pages
    // Makes the file with that script; f is the open file.
    void make(std::string const& script) {
        run_python(world, "with h5py.File(sys.argv[1], \"w\") as f:\n" + script, file.native());
    }

    template <element T, std::size_t N = 1>
    array<T, N> read(std::string const& path) {
        return read_dataset<T, N>(seg, "read/" + std::to_string(n_read++), file, path);
    }

    template <element T>
    std::vector<T> list(std::string const& path) {
        auto const a = read<T>(path);
        std::vector<T> all;
        for (std::int64_t i = 0; i < a.extent(0); ++i) {
            all.push_back(a(i));
        }
        return all;
    }

    // The agreed error; nothing is left of the array, and the segment works on.
    template <element T, std::size_t N = 1>
    error_info refusal(std::string const& path) {
        auto const before = seg.list().size();
        auto const used = seg.heap().stats().used;
        auto refused =
            agreed_error_of(world, [&] { read_dataset<T, N>(seg, "refused", file, path); });
        EXPECT_EQ(seg.list().size(), before) << path;
        EXPECT_FALSE(seg.contains("refused"));
        EXPECT_EQ(seg.heap().stats().used, used) << path;
        EXPECT_THAT(refused.text, HasSubstr(path));
        EXPECT_THAT(refused.text, HasSubstr(file.native()));
        return refused;
    }
    template <element T>
    void expect_no_fit(std::string const& path, char const* why) {
        auto const refused = refusal<T>(path);
        EXPECT_EQ(refused.code, errc::out_of_range) << path << ": " << refused.text;
        EXPECT_THAT(refused.text, HasSubstr(why)) << path;
    }

    std::filesystem::path const file = directory / "foreign.h5";
    int n_read = 0;
};

TEST_F(ReadDataset, EveryLayoutAndFilter) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  a = np.arange(103 * 37, dtype=np.int32).reshape(103, 37)
  f["contiguous"] = a
  f.create_dataset("chunked", data=a, chunks=(10, 16))
  f.create_dataset("rows", data=a, chunks=(1, 37))
  f.create_dataset("one_chunk", data=a, chunks=(103, 37))
  f.create_dataset("tall", data=a, chunks=(64, 1))
  f.create_dataset("gzip", data=a, chunks=(7, 37), compression="gzip")
  f.create_dataset("all", data=a, chunks=(11, 5), compression="gzip", shuffle=True, fletcher32=True)
  f.create_dataset("growing", data=a, maxshape=(None, None))
  f.create_dataset("lzf", data=a, chunks=(50, 37), compression="lzf") if False else None
  dcpl = h5py.h5p.create(h5py.h5p.DATASET_CREATE); dcpl.set_layout(h5py.h5d.COMPACT)
  d = h5py.h5d.create(f.id, b"compact", h5py.h5t.NATIVE_INT32, h5py.h5s.create_simple((103, 37)), dcpl)
  d.write(h5py.h5s.ALL, h5py.h5s.ALL, a)
  f.create_dataset("unwritten", shape=(103, 37), dtype=np.int32, chunks=(10, 10), fillvalue=-5)
  f["deep/er/link"] = h5py.SoftLink("/gzip")
)");
    for (auto const* const path : {"contiguous",
                                   "/contiguous",
                                   "chunked",
                                   "rows",
                                   "one_chunk",
                                   "tall",
                                   "gzip",
                                   "all",
                                   "growing",
                                   "compact",
                                   "deep/er/link"}) {
        auto const a = read<std::int32_t, 2>(path);
        ASSERT_EQ(a.extent(0), 103) << path;
        ASSERT_EQ(a.extent(1), 37) << path;
        std::int64_t n_wrong = 0;
        for (std::int64_t i = 0; i < 103; ++i) {
            for (std::int64_t j = 0; j < 37; ++j) {
                if (a(i, j) != i * 37 + j) ++n_wrong;
            }
        }
        EXPECT_EQ(n_wrong, 0) << path;
    }
    auto const unwritten = read<double, 2>("unwritten");
    EXPECT_EQ(unwritten(0, 0), -5.0);
    EXPECT_EQ(unwritten(102, 36), -5.0);
}

TEST_F(ReadDataset, OneToFourDimensionsScalarsAndNoElements) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  f["d0"] = np.float32(2.5)
  f["d1"] = np.arange(5)
  f["d3"] = np.arange(24).reshape(2, 3, 4)
  f["d4"] = np.arange(120).reshape(2, 3, 4, 5)
  f["none"] = np.zeros((0,))
  f["no_rows"] = np.zeros((0, 3), np.int16)
  f["no_columns"] = np.zeros((3, 0), np.int16)
  f.create_dataset("no_chunks", shape=(0, 3), maxshape=(None, 3), dtype=np.float32)
)");
    EXPECT_EQ((read<double, 0>("d0")()), 2.5);
    EXPECT_THAT(list<std::int64_t>("d1"), ElementsAre(0, 1, 2, 3, 4));
    EXPECT_EQ((read<float, 3>("d3")(1, 2, 3)), 23.0F);
    EXPECT_EQ((read<std::uint8_t, 4>("d4")(1, 1, 2, 3)), 60 + 20 + 10 + 3);
    EXPECT_EQ((read<double, 1>("none").size()), 0);
    EXPECT_EQ((read<double, 2>("no_rows").extent(1)), 3);
    EXPECT_EQ((read<double, 2>("no_columns").extent(0)), 3);
    EXPECT_EQ((read<double, 2>("no_chunks").extent(1)), 3);
}

TEST_F(ReadDataset, NumbersOfEveryTypeAndByteOrder) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  for order in "<>":
    for code in ("i1", "i2", "i4", "i8", "f4", "f8"):
      f[("big" if order == ">" else "little") + "/" + code] = np.array([-7, 0, 100], order + code)
    for code in ("u1", "u2", "u4", "u8"):
      f[("big" if order == ">" else "little") + "/" + code] = np.array([7, 0, 200], order + code)
)");
    for (std::string const order : {"little/", "big/"}) {
        for (auto const* const code : {"i1", "i2", "i4", "i8", "f4", "f8"}) {
            EXPECT_THAT(list<std::int8_t>(order + code), ElementsAre(-7, 0, 100)) << order << code;
            EXPECT_THAT(list<std::int16_t>(order + code), ElementsAre(-7, 0, 100));
            EXPECT_THAT(list<std::int64_t>(order + code), ElementsAre(-7, 0, 100));
            EXPECT_THAT(list<float>(order + code), ElementsAre(-7, 0, 100));
            EXPECT_THAT(list<double>(order + code), ElementsAre(-7, 0, 100));
            EXPECT_THAT(list<long double>(order + code), ElementsAre(-7, 0, 100));
            expect_no_fit<std::uint8_t>(order + code, "too small");
            expect_no_fit<std::uint64_t>(order + code, "too small");
        }
        for (auto const* const code : {"u1", "u2", "u4", "u8"}) {
            EXPECT_THAT(list<std::uint8_t>(order + code), ElementsAre(7, 0, 200)) << order << code;
            EXPECT_THAT(list<std::int16_t>(order + code), ElementsAre(7, 0, 200));
            EXPECT_THAT(list<std::uint64_t>(order + code), ElementsAre(7, 0, 200));
            EXPECT_THAT(list<double>(order + code), ElementsAre(7, 0, 200));
            expect_no_fit<std::int8_t>(order + code, "too large");
        }
    }
}

TEST_F(ReadDataset, ValuesThatDoNotFitAreErrors) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  for order, name in (("<", "little/"), (">", "big/")):
    def put(key, code, *values): f[name + key] = np.array(values, order + code)
    put("int32_max+1", "i8", 0, 2**31)
    put("int32_min-1", "i8", 0, -2**31 - 1)
    put("int64_max+1", "u8", 0, 2**63)
    put("2^24+1", "i8", 2**24, 2**24 + 1)
    put("2^53+1", "i8", 2**53, 2**53 + 1)
    put("-2^53-1", "i8", -2**53 - 1)
    put("u2^64-1", "u8", 2**64 - 1)
    put("2^24+1 in 32", "i4", 2**24 + 1)
    put("even", "i8", 2**60, -2**63, 3 * 2**52)
    put("fraction", "f8", 1, 2.5)
    put("fraction32", "f4", 1, -0.25)
    put("nan", "f8", 1, np.nan)
    put("inf", "f8", 1, np.inf)
    put("-inf", "f4", 1, -np.inf)
    put("1e300", "f8", 1, 1e300)
    put("-1e300", "f8", 1, -1e300)
    put("2^63", "f8", 2.0**63)
    put("2^64", "f8", 2.0**64)
    put("2^31 in 32", "f4", 2.0**31)
    put("-1", "f8", -1)
    put("third", "f8", 1 / 3, 1e-300)
)");
    for (std::string const order : {"little/", "big/"}) {
        expect_no_fit<std::int32_t>(order + "int32_max+1", "too large");
        expect_no_fit<std::int32_t>(order + "int32_min-1", "too small");
        expect_no_fit<std::int64_t>(order + "int64_max+1", "too large");
        expect_no_fit<float>(order + "2^24+1", "too many digits");
        expect_no_fit<float>(order + "2^24+1 in 32", "too many digits");
        expect_no_fit<double>(order + "2^53+1", "too many digits");
        expect_no_fit<double>(order + "-2^53-1", "too many digits");
        expect_no_fit<double>(order + "u2^64-1", "too many digits");
        EXPECT_THAT(list<long double>(order + "u2^64-1"), ElementsAre(0xffffffffffffffffULL));
        EXPECT_THAT(list<double>(order + "2^24+1"), ElementsAre(16777216.0, 16777217.0));
        EXPECT_THAT(list<double>(order + "even"),
                    ElementsAre(std::ldexp(1.0, 60), -std::ldexp(1.0, 63), std::ldexp(3.0, 52)));
        EXPECT_THAT(list<float>(order + "even"),
                    ElementsAre(std::ldexp(1.0F, 60), -std::ldexp(1.0F, 63), std::ldexp(3.0F, 52)));
        for (auto const* const path : {"fraction", "fraction32"}) {
            expect_no_fit<int>(order + path, "fraction");
            expect_no_fit<std::int64_t>(order + path, "fraction");
        }
        expect_no_fit<int>(order + "nan", "not a number");
        expect_no_fit<std::int64_t>(order + "nan", "not a number");
        expect_no_fit<std::int64_t>(order + "inf", "");
        expect_no_fit<std::uint8_t>(order + "-inf", "");
        expect_no_fit<float>(order + "1e300", "too large");
        expect_no_fit<float>(order + "-1e300", "too small");
        expect_no_fit<std::int64_t>(order + "2^63", "too large");
        expect_no_fit<std::uint64_t>(order + "2^64", "too large");
        EXPECT_THAT(list<std::uint64_t>(order + "2^63"), ElementsAre(1ULL << 63U));
        expect_no_fit<std::int32_t>(order + "2^31 in 32", "too large");
        expect_no_fit<unsigned>(order + "-1", "too small");
        // What floating-point numbers are made for is no error: rounding, infinities, NaN.
        EXPECT_THAT(list<float>(order + "third"), ElementsAre(1.0F / 3.0F, 0.0F));
        EXPECT_THAT(list<float>(order + "inf"),
                    ElementsAre(1.0F, std::numeric_limits<float>::infinity()));
        EXPECT_THAT(list<double>(order + "-inf"),
                    ElementsAre(1.0, -std::numeric_limits<double>::infinity()));
        EXPECT_TRUE(std::isnan(list<float>(order + "nan")[1]));
        EXPECT_TRUE(std::isnan(list<long double>(order + "nan")[1]));
    }
}

TEST_F(ReadDataset, ErrorNamesTypesAndRows) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  a = np.zeros((100, 3), ">i8"); a[99, 2] = 2**40
  f["counts"] = a
)");
    auto const refused = refusal<std::int16_t, 2>("counts");
    EXPECT_EQ(refused.rank, last);
    EXPECT_THAT(refused.text,
                AllOf(HasSubstr("int64 big-endian"), HasSubstr("int16"), HasSubstr("to 99")));
}

TEST_F(ReadDataset, TypesThatAreNoNumbers) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  f["bool"] = np.array([True, False, True])
  f["char"] = np.array([b"a", b"b"], "S1")
  f["void"] = np.array([b"\x01", b"\xff"], "V1")
  f["c8"] = np.array([1 + 2j, 3 - 4j], np.complex64)
  f["c16"] = np.array([1 + 2j, 3 - 4j], ">c16")
  f["big"] = np.array([1e300j])
  f["swapped"] = np.array([(2., 1.)], [("i", "f8"), ("r", "f8")])
  f["text"] = "hello"
  f["texts"] = np.array([b"hello", b"you"])
  f["pair"] = np.array([(1, 2)], [("x", "i4"), ("y", "i4")])
  f["three"] = np.array([(1., 2., 3.)], [("r", "f4"), ("i", "f4"), ("j", "f4")])
  f["enum"] = np.array([1]); del f["enum"]
  f.create_dataset("enum", data=np.array([1, 2]), dtype=h5py.enum_dtype({"A": 1, "B": 2}))
  f.create_dataset("nothing", data=h5py.Empty("f4"))
  f.create_group("group/inner")
  f["int"] = np.array([1, 2])
)");
    EXPECT_THAT(list<bool>("bool"), ElementsAre(true, false, true));
    EXPECT_THAT(list<char>("char"), ElementsAre('a', 'b'));
    EXPECT_THAT(list<std::byte>("void"), ElementsAre(std::byte{1}, std::byte{255}));
    using c8 = std::complex<float>;
    using c16 = std::complex<double>;
    for (auto const* const path : {"c8", "c16"}) {
        EXPECT_THAT(list<c8>(path), ElementsAre(c8(1, 2), c8(3, -4))) << path;
        EXPECT_THAT(list<c16>(path), ElementsAre(c16(1, 2), c16(3, -4))) << path;
    }
    EXPECT_THAT(list<c16>("swapped"), ElementsAre(c16(1, 2)));
    expect_no_fit<c8>("big", "too large");

    auto const expect_mismatch = [&](error_info const& refused) {
        EXPECT_EQ(refused.code, errc::type_mismatch) << refused.text;
    };
    expect_mismatch(refusal<double>("bool"));
    expect_mismatch(refusal<bool>("int"));
    expect_mismatch(refusal<char>("int"));
    expect_mismatch(refusal<std::byte>("int"));
    expect_mismatch(refusal<c16>("int"));
    expect_mismatch(refusal<double>("c16"));
    expect_mismatch(refusal<c16>("pair"));
    expect_mismatch(refusal<c16>("three"));
    expect_mismatch(refusal<int>("enum"));
    expect_mismatch(refusal<bool>("enum"));
    expect_mismatch(refusal<int>("texts"));
    expect_mismatch(refusal<char>("texts"));
    expect_mismatch(refusal<char, 0>("text"));
    auto const empty = refusal<float, 0>("nothing");
    EXPECT_EQ(empty.code, errc::shape_mismatch) << empty.text;
}

TEST_F(ReadDataset, WhatIsNotThere) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  f["a/b"] = np.arange(6).reshape(2, 3)
  f["gone"] = h5py.SoftLink("/nowhere")
  f["outside"] = h5py.ExternalLink("missing.h5", "x")
)");
    for (auto const* const path : {"a/c", "a", "a/b/c", "/x/y", "gone", "outside"}) {
        EXPECT_EQ((refusal<int, 2>(path).code), errc::not_found) << path;
    }
    auto const wrong = refusal<int, 3>("a/b");
    EXPECT_EQ(wrong.code, errc::shape_mismatch);
    EXPECT_THAT(wrong.text, AllOf(HasSubstr("2"), HasSubstr("3")));
    EXPECT_EQ((refusal<int, 1>("a/b").code), errc::shape_mismatch);
    EXPECT_EQ((refusal<int, 0>("a/b").code), errc::shape_mismatch);
    EXPECT_EQ((read<int, 2>("a/b")(1, 2)), 5);
}

TEST_F(ReadDataset, FileThatCannotBeRead) {
    auto const code_of = [&](std::filesystem::path const& path) {
        auto const refused =
            agreed_error_of(world, [&] { read_dataset<int, 1>(seg, "x", path, "a"); });
        EXPECT_THAT(refused.text, HasSubstr(path.native()));
        EXPECT_THAT(seg.list(), IsEmpty());
        return refused.code;
    };
    EXPECT_EQ(code_of(directory / "missing.h5"), errc::io_failure);
    EXPECT_EQ(code_of(directory), errc::not_a_checkpoint);
    replace(world, file, "no HDF5 at all");
    EXPECT_EQ(code_of(file), errc::not_a_checkpoint);
    replace(world, file, "");
    EXPECT_EQ(code_of(file), errc::not_a_checkpoint);
    replace(world, file, "\x89HDF\r\n\x1a\n and nothing behind");
    EXPECT_EQ(code_of(file), errc::damaged);
    seg.fence();
}

TEST_F(ReadDataset, DamagedChunkIsAnErrorOnAllRanks) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  d = f.create_dataset("a", data=np.arange(100), chunks=(10,), fletcher32=True)
  f.create_dataset("b", data=np.arange(100), chunks=(10,))
)");
    run_python(world,
               R"(
with h5py.File(sys.argv[1], "r") as f:
    at = f["a"].id.get_chunk_info(9).byte_offset
with open(sys.argv[1], "r+b") as raw:
    raw.seek(at + 3); raw.write(b"x"))",
               file.native());
    auto const refused = refusal<int>("a");
    EXPECT_EQ(refused.code, errc::io_failure) << refused.text;
    EXPECT_EQ(refused.rank, last);
    EXPECT_EQ(list<int>("b")[99], 99);
}

TEST_F(ReadDataset, NameThatIsTakenOrDisagreesIsRefused) {
    SHMWIN_NEEDS_H5PY();
    make("  f[\"a\"] = np.arange(6)\n  f[\"b\"] = np.arange(6)\n");
    auto const a = read_dataset<int, 1>(seg, "x", file, "a");
    auto const refused = agreed_error_of(world, [&] { read_dataset<int, 1>(seg, "x", file, "b"); });
    EXPECT_EQ(refused.code, errc::already_exists);
    EXPECT_EQ(a(5), 5);
    if (size == 1) return;
    auto const different = agreed_error_of(
        world, [&] { read_dataset<int, 1>(seg, "y", file, rank == last ? "a" : "b"); });
    EXPECT_EQ(different.code, errc::disagreement);
    EXPECT_THAT(different.text, AllOf(HasSubstr("read_dataset"), HasSubstr("\"a\"")));
    EXPECT_FALSE(seg.contains("y"));
}

TEST_F(ReadDataset, GroupsAndOptionsAreTaken) {
    SHMWIN_NEEDS_H5PY();
    make("  f[\"a\"] = np.arange(6)\n");
    auto const a =
        read_dataset<int, 1>(seg.group("in"), "x", file, "a", {.align = 4096, .saved = false});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 4096, 0U);
    auto const about = seg.info("in/x");
    ASSERT_TRUE(about.has_value());
    EXPECT_FALSE(about->saved);
    EXPECT_THAT(about->where, HasSubstr("read_dataset_test.cpp"));
}

TEST_F(ReadDataset, ClosedSegmentIsRefused) {
    segment gone(on, {.capacity = 1_MiB});
    gone.close();
    EXPECT_EQ(error_of([&] { read_dataset<int, 1>(gone, "x", file, "a"); })->code, errc::closed);
}

} // namespace
} // namespace shmwin
