// SPDX-License-Identifier: MIT
// Structures of the program in files: saved and restored, read by h5py as NumPy's structured
// types, written by h5py and read back, also where the file has them otherwise.
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/io/read_dataset.hpp"

#include "support/described_types.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>

namespace app {
struct packed_copy { // as test::particle, with other types
    float id;
    std::array<char, 3> unused;
};
struct wider {
    std::int64_t id;
    double mass;
    shmwin::test::colour paint;
    std::array<char, 8> name;
    std::array<std::array<double, 2>, 2> m;
    friend bool operator==(wider const&, wider const&) = default;
};
} // namespace app

SHMWIN_DESCRIBE(app::packed_copy, id, unused);
SHMWIN_DESCRIBE(app::wider, id, mass, paint, name, m);

namespace shmwin {
namespace {

using namespace test;

template <typename Number>
Number as(std::int64_t i) {
    return static_cast<Number>(i);
}

everything sample(std::int64_t i) {
    everything e;
    e.boolean = i % 2 != 0;
    e.raw = static_cast<std::byte>(i);
    e.letter = as<char>('a' + i % 26);
    e.wide = as<wchar_t>(0x20ac + i);
    e.u8 = as<char8_t>(i);
    e.u16 = as<char16_t>(1000 + i);
    e.u32 = as<char32_t>(100000 + i);
    e.i8 = as<signed char>(-i);
    e.i16 = as<short>(-1000 - i);
    e.i32 = as<int>(-100000 - i);
    e.i64 = -(1L << 40) - i;
    e.n8 = as<unsigned char>(200 + i);
    e.n16 = as<unsigned short>(60000 + i);
    e.n32 = as<unsigned>(4000000000 + i);
    e.n64 = ~0UL - as<unsigned long>(i);
    e.f32 = as<float>(i) + 0.5F;
    e.f64 = as<double>(i) / 4;
    e.extended = as<long double>(i) / 8;
    e.c64 = {as<float>(i), -0.25F};
    e.c128 = {as<double>(i), -0.25};
    e.c256 = {as<long double>(i), -0.25L};
    e.word = {'w', as<char>('0' + i % 10), 'r', 'd', 0};
    e.paint = i % 3 == 0 ? colour::red : i % 3 == 1 ? colour::green : colour::blue;
    e.mask = i % 2 == 0 ? all : on;
    e.level = plain_level::high;
    e.table = {{{as<std::int16_t>(i), 1, 2}, {3, 4, as<std::int16_t>(-i)}}};
    e.words = {{{'o', 'n', 'e', 0}, {'f', 'o', 'u', 'r'}}};
    e.paints = {colour::blue, colour::green};
    for (std::size_t k = 0; k < 3; ++k) {
        e.cloud.at(k) = {
            {as<double>(i), static_cast<double>(k)}, 0.5F, k == 1, as<std::int32_t>(7 * i)};
    }
    return e;
}

// The same type, as NumPy spells it; widths by sizeof.
std::string numpy_type() {
    auto const n = [](std::size_t n_bytes) { return std::to_string(n_bytes); };
    std::string names;
    std::string offsets;
    for (auto const& each : dtype_of<everything>.members()) {
        names += '"' + std::string(each.name) + "\",";
        offsets += n(each.offset) + ",";
    }
    std::string const particle_type =
        "np.dtype({\"names\": [\"where\",\"mass\",\"charged\",\"id\"], \"formats\": [[(\"x\", "
        "\"f8\"), (\"y\", \"f8\")], \"f4\", \"?\", \"i4\"], \"offsets\": [0,"
        + n(offsetof(particle, mass)) + "," + n(offsetof(particle, charged)) + ","
        + n(offsetof(particle, id)) + "], \"itemsize\": " + n(sizeof(particle)) + "})";
    return "np.dtype({\"names\": [" + names + "], \"offsets\": [" + offsets
           + "], \"itemsize\": " + n(sizeof(everything)) + R"(, "formats": ["?", "V1", "S1", "i)"
           + n(sizeof(wchar_t)) + R"(", "u1", "u2", "u4", "i1", "i2", "i4", "i)" + n(sizeof(long))
           + R"(", "u1", "u2", "u4", "u)" + n(sizeof(long)) + R"(", "f4", "f8", "f)"
           + n(sizeof(long double)) + R"(", "c8", "c16", "c)" + n(2 * sizeof(long double))
           + R"(", "S5", "i2", "u8", "u1", ("i2", (2, 3)), ("S4", (2,)), ("i2", (2,)), ()"
           + particle_type + ", (3,))]})";
}

struct IoDescribedTypes : open_segment_and_directory {
    static array<everything, 1> create_and_fill(segment& in, std::int64_t n) {
        auto const a = in.create_array<everything>("deep/all", shape(n));
        for (auto const i : a.rows())
            a(i) = sample(i);
        in.fence();
        return a;
    }
    void make(std::string const& script) {
        run_python(world, "with h5py.File(sys.argv[1], \"w\") as f:\n" + script, foreign.native());
    }
    template <element T>
    error_info refusal(std::string const& path) {
        auto const before = seg.list().size();
        auto refused =
            agreed_error_of(world, [&] { read_dataset<T, 1>(seg, "refused", foreign, path); });
        EXPECT_EQ(seg.list().size(), before) << path;
        return refused;
    }

    std::filesystem::path const foreign = directory / "foreign.h5";
};

TEST_F(IoDescribedTypes, AreRestoredInPlaceAndIntoAnEmptySegment) {
    auto const a = create_and_fill(seg, 1000);
    auto u = seg.create_levels<particle>("u", shape(7, 5));
    u.init([](auto level, range rows) {
        for (auto const i : rows)
            level(i, 4).id = as<std::int32_t>(i);
    });
    seg.create_value<small>("v", {3, 0.5F});
    seg.create_value<colour>("paint", colour::blue);
    auto* const o = seg.create_object<forty>("o", forty{});
    if (rank == 0) o->m39 = 39;
    seg.create_array<std::array<char, 16>>("names", shape(3));
    seg.fence();
    checkpoint_store store(world, directory / "state");
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("deep/all", "names", "o", "paint", "u", "v"));
    EXPECT_THAT(report.left_out, IsEmpty()) << "nothing hidden is told";
    EXPECT_EQ(store.verify(report.file).result, verdict::intact);

    seg.fence();
    for (auto const i : a.rows())
        a(i) = everything{};
    seg.fence();
    EXPECT_TRUE(store.restore_latest(seg));
    segment other(on, {.capacity = 64_MiB});
    EXPECT_TRUE(store.restore_latest(other));
    for (auto* const in : {&seg, &other}) {
        auto const back = in->find_array<everything const, 1>("deep/all");
        for (std::int64_t i = 0; i < back.size(); ++i)
            ASSERT_EQ(back(i), sample(i)) << i;
        EXPECT_EQ((in->find_levels<particle, 2>("u").now()(6, 4).id), 6);
        EXPECT_EQ(in->find_value<small>("v").load().key, 3);
        EXPECT_EQ(in->find_value<colour>("paint").load(), colour::blue);
        EXPECT_EQ(in->find<forty>("o")->m39, 39);
        EXPECT_EQ(in->info("deep/all")->element, dtype_of<everything>);
        EXPECT_EQ(in->list().size(), 6U);
    }
    expect_sound(other);
    other.close();
}

TEST_F(IoDescribedTypes, OfOtherMembersAreNotRestored) {
    checkpoint_store store(world, directory / "state");
    auto const a = seg.create_array<small>("a", shape(3));
    store.save(seg, {.step = 1});
    seg.destroy(a);
    seg.create_array<point>("a", shape(3));
    auto const refused = agreed_error_of(world, [&] { store.restore_latest(seg); });
    EXPECT_EQ(refused.code, errc::type_mismatch);
    EXPECT_THAT(refused.text, HasSubstr(dtype_of<small>.signature()));
    EXPECT_THAT(refused.text, HasSubstr(dtype_of<point>.signature()));
}

// C++ -> HDF5 -> h5py/NumPy -> HDF5 -> C++.
TEST_F(IoDescribedTypes, GoThroughNumPyAndBack) {
    SHMWIN_NEEDS_H5PY();
    create_and_fill(seg, 97);
    checkpoint_store store(world, directory / "state");
    auto const saved = store.save(seg, {.step = 1}).file;
    run_python(world,
               R"(
with h5py.File(sys.argv[1]) as f:
  a = f["deep/all"][...]
  expected = )" + numpy_type()
                   + R"(
assert a.dtype == expected, (a.dtype, expected)
assert a.dtype.itemsize == expected.itemsize
i = np.arange(97)
def same(name, values): assert np.array_equal(a[name], values), (name, a[name])
same("boolean", i % 2 != 0)
same("raw", i.astype(np.uint8).view("V1"))
same("letter", np.array([bytes([97 + k % 26]) for k in i]))
same("wide", 0x20ac + i); same("u8", i); same("u16", 1000 + i); same("u32", 100000 + i)
same("i8", -i); same("i16", -1000 - i); same("i32", -100000 - i); same("i64", -2**40 - i)
same("n8", (200 + i) % 256); same("n16", 60000 + i); same("n32", 4000000000 + i)
same("n64", np.uint64(2**64 - 1) - i.astype(np.uint64))
same("f32", i + 0.5); same("f64", i / 4); same("extended", i / np.longdouble(8))
same("c64", i - 0.25j); same("c128", i - 0.25j); same("c256", i - 0.25j)
same("word", np.array([b"w%drd" % (k % 10) for k in i]))
same("paint", np.array([-2, 1, 300])[i % 3])
assert h5py.check_enum_dtype(a.dtype["paint"]) == {"red": -2, "green": 1, "blue": 300}
assert h5py.check_enum_dtype(a.dtype["mask"]) == {"off": 0, "on": 1, "all": 2**63 - 1}
same("mask", np.array([2**63 - 1, 1], np.uint64)[i % 2]); same("level", 1 + 0 * i)
same("table", np.array([[[k, 1, 2], [3, 4, -k]] for k in i]))
same("words", np.array([[b"one", b"four"]] * 97)); same("paints", np.array([[300, 1]] * 97))
c = a["cloud"]
assert np.array_equal(c["where"]["x"][:, 2], i) and np.array_equal(c["where"]["y"][5], [0, 1, 2])
assert np.array_equal(c["id"][:, 0], 7 * i) and np.array_equal(c["charged"][3], [0, 1, 0])
with h5py.File(sys.argv[2], "w") as f:
  f["all"] = a
  f.create_dataset("chunked", data=a, chunks=(10,), compression="gzip")
  f["cloud"] = a["cloud"]
  assert f["all"].dtype == expected
)",
               saved.native() + ' ' + foreign.native());
    auto const found = detail::shared_dataset_info(seg, foreign, "cloud", 2, {}).type;
    EXPECT_EQ(found, dtype_of<particle>.signature()) << "as the file alone tells it";
    for (auto const* const path : {"all", "chunked"}) {
        auto const back =
            read_dataset<everything, 1>(seg, std::string("back/") + path, foreign, path);
        ASSERT_EQ(back.extent(0), 97);
        for (std::int64_t i = 0; i < 97; ++i)
            ASSERT_EQ(back(i), sample(i)) << path << ' ' << i;
    }
}

TEST_F(IoDescribedTypes, AreReadByNameInAnyOrderAndPrecision) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  e = h5py.enum_dtype({"green": 10, "red": 20, "blue": 30}, basetype="u1")
  for order in "<>":
    t = np.dtype([("m", order + "f4", (2, 2)), ("other", order + "f8"), ("mass", order + "i2"),
                  ("name", "S5"), ("paint", e), ("id", order + "u2")])
    a = np.zeros(50, t)
    a["id"] = np.arange(50); a["mass"] = -np.arange(50); a["name"] = b"abc"
    a["paint"] = [20, 10] * 25; a["m"][:, 1, 0] = np.arange(50) / 2
    f["little" if order == "<" else "big"] = a
)");
    for (auto const* const path : {"little", "big"}) {
        auto const a = read_dataset<app::wider, 1>(seg, path, foreign, path);
        ASSERT_EQ(a.extent(0), 50);
        for (std::int64_t i = 0; i < 50; ++i) {
            app::wider expected{};
            expected.id = i;
            expected.mass = -as<double>(i);
            expected.paint = i % 2 == 0 ? colour::red : colour::green;
            expected.name = {'a', 'b', 'c'};
            expected.m[1][0] = as<double>(i) / 2;
            ASSERT_EQ(a(i), expected) << path << ' ' << i;
        }
    }
}

TEST_F(IoDescribedTypes, AreReadAsTheFileHasThem) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  for order in "<>":
    t = np.dtype([("id", order + "i4"), ("x", order + "f8", (2,)), ("on", "?"), ("s", "S3")])
    a = np.zeros((5, 4), t); a["id"] = np.arange(20).reshape(5, 4); a["x"][2, 3, 1] = 0.5
    f["little" if order == "<" else "big"] = a
  f["number"] = np.array(7, ">i2")
  f.create_dataset("vlen", (2,), [("id", "i4"), ("s", h5py.string_dtype())])
  f["half"] = np.full(3, 0.5, "f2")
  f.create_dataset("lists", (3,), h5py.ref_dtype)
)");
    auto const group = seg.group("files");
    for (auto const* const path : {"little", "big"}) {
        any_view const any = read_dataset(group, path, foreign, path);
        EXPECT_THAT(any.shape(), ElementsAre(5, 4));
        EXPECT_EQ(any.type().member("x")->type, dtype_of<double[2]>);
        EXPECT_EQ((any.member("x").elements().as<double const, 3>()(2, 3, 1)), 0.5) << path;
        EXPECT_EQ((any.member("on").as<bool const, 2>()(4, 3)), false);
        EXPECT_EQ(seg.info(std::string("files/") + path)->element, any.type());
    }
    EXPECT_EQ(seg.find_any("files/little").type().n_bytes(), 32U) << "not packed, as in the file";
    EXPECT_EQ((read_dataset(seg, "n", foreign, "number").view().as<std::int16_t, 0>()()), 7);
    EXPECT_EQ((read_dataset(seg, "half", foreign, "half").view().as<float, 1>()(2)), 0.5F)
        << "widened";
    auto const before = seg.list().size();
    for (auto const& [name, why] : {std::pair("vlen", "member \"s\": text of variable length"),
                                    std::pair("lists", "reference of")}) {
        std::string const path = name;
        auto const refused =
            agreed_error_of(world, [&] { read_dataset(seg, "refused", foreign, path); });
        EXPECT_EQ(refused.code, errc::unsupported) << refused.text;
        EXPECT_THAT(refused.text, HasSubstr(why));
    }
    EXPECT_EQ(seg.list().size(), before);
}

TEST_F(IoDescribedTypes, MembersThatCannotBecomeThemAreNamed) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  e = h5py.enum_dtype({"red": -2, "green": 1, "blue": 300}, basetype="i2")
  good = [("id", "i8"), ("mass", "f8"), ("paint", e), ("name", "S8"), ("m", "f8", (2, 2))]
  def put(path, **other):
    t = [(n, *other.get(n, r)) for n, *r in good if other.get(n, r)]
    f[path] = np.zeros(4, t)
  put("good"); put("no_mass", mass=()); put("text", id=("S8",)); put("long", name=("S9",))
  put("flat", m=("f8", (4,))); put("turned", m=("f8", (2, 3)))
  put("purple", paint=(h5py.enum_dtype({"red": 1, "purple": 2}, basetype="i2"),))
  put("bare", paint=("i2",))
  t = [(n, *(r if n != "name" else [h5py.string_dtype()])) for n, *r in good]
  f.create_dataset("vlen", (4,), t)
  f["numbers"] = np.arange(4.0)
)");
    auto const expect = [&](char const* path, char const* why) {
        auto const refused = refusal<app::wider>(path);
        EXPECT_EQ(refused.code, errc::type_mismatch) << refused.text;
        EXPECT_THAT(refused.text, HasSubstr(why)) << path;
    };
    expect("no_mass", "it has no member \"mass\"");
    expect("text", "member \"id\": string of 8 bytes is not converted to int64");
    expect("long", "member \"name\": text of 9 bytes would be cut to 8");
    expect("flat", "member \"m\": a fixed array has other extents");
    expect("turned", "member \"m\": a fixed array has other extents");
    expect("purple", "member \"paint\": \"purple\" is not in enum int16");
    expect("bare", "member \"paint\": int16 is not converted");
    expect("vlen", "member \"name\": string of");
    expect("numbers", "float64 is not converted to struct");
}

// As for single numbers: no value changes silently, in whichever member.
TEST_F(IoDescribedTypes, MembersValuesThatDoNotFitAreErrors) {
    SHMWIN_NEEDS_H5PY();
    make(R"(
  for path, value in (("large", 2**24 + 1), ("fits", 2**24)):
    a = np.zeros(20, [("id", "i8"), ("unused", "S3")]); a["id"][13] = value; f[path] = a
  e = h5py.enum_dtype({"red": -2, "green": 1, "blue": 300}, basetype="i4")
  a = np.zeros(20, [("id", "f8"), ("mass", "f8"), ("paint", e), ("name", "S8"), ("m", "f8", (2, 2))])
  a["paint"] = 1
  f["good"] = a
  a["id"][3] = 0.5; f["fraction"] = a; a["id"][3] = np.nan; f["nan"] = a; a["id"][3] = 1e30; f["1e30"] = a
  a["id"][3] = 0; a["paint"][19] = 7; f["nameless"] = a
)");
    auto const expect = [&](error_info const& refused, char const* why) {
        EXPECT_EQ(refused.code, errc::out_of_range) << refused.text;
        EXPECT_THAT(refused.text, HasSubstr(why));
    };
    expect(refusal<app::packed_copy>("large"), "too many digits");
    EXPECT_EQ((read_dataset<app::packed_copy, 1>(seg, "fits", foreign, "fits")(13).id),
              16777216.0F);
    EXPECT_EQ((read_dataset<app::wider, 1>(seg, "good", foreign, "good")(3).paint), colour::green);
    expect(refusal<app::wider>("fraction"), "fraction");
    expect(refusal<app::wider>("nan"), "not a number");
    expect(refusal<app::wider>("1e30"), "too large");
    expect(refusal<app::wider>("nameless"), "no name in the enumeration");
}

} // namespace
} // namespace shmwin
