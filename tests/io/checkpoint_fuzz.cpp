// SPDX-License-Identifier: MIT
// A libFuzzer target: the reader of checkpoints. Not part of the normal build. With clang:
//
//   cmake --preset fuzz && cmake --build build/fuzz --target checkpoint_fuzz
//   mkdir -p build/corpus_io && build/fuzz/tests/checkpoint_fuzz -max_total_time=600 -max_len=400
//     build/corpus_io                                                          (one line)
//
// The first byte of an input says what is done to a good checkpoint: its bytes are changed, or it
// is cut; or HDF5 changes it, as a tool might, to a well-formed file that says something else. What
// is wrong must be found, and no other bytes than those that were saved may come back as right.
// Changed bytes without the table of the seal go to HDF5 in no case here: that HDF5 1.10 dies of
// damaged files is known, and the reason for the table.
#include "io/hdf5.hpp"
#include "io/seal.hpp"
#include "support/serial_checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <fuzzer/FuzzedDataProvider.h>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace shmwin;
using namespace shmwin::test;
using detail::h5_handle;

// The good checkpoint, made once.
struct good_checkpoint {
    good_checkpoint() {
        std::vector<serial_object> objects{serial_array("a", "float64", {16}, 128),
                                           serial_array("g/m", "int32", {5, 3}, 60),
                                           serial_array("n", "int64", {}, 8)};
        auto const path = save_serially(folder / "good", objects);
        for (auto const& each : objects) {
            right[each.about.name] = each.bytes;
        }
        layout = detail::read_checkpoint(path, true);
        std::ifstream in(path, std::ios::binary);
        bytes = {std::istreambuf_iterator<char>(in), {}};
    }
    good_checkpoint(good_checkpoint const&) = delete;
    good_checkpoint(good_checkpoint&&) = delete;
    good_checkpoint& operator=(good_checkpoint const&) = delete;
    good_checkpoint& operator=(good_checkpoint&&) = delete;
    ~good_checkpoint() { std::filesystem::remove_all(folder); }

    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("checkpoint_fuzz." + std::to_string(::getpid()));
    bool const made = std::filesystem::create_directories(folder);
    std::map<std::string, std::vector<std::byte>> right;
    detail::checkpoint_file layout;
    std::string bytes;
    std::filesystem::path const file = folder / "changed.h5";
};

good_checkpoint const& good() {
    static good_checkpoint const one;
    return one;
}

void write(std::string const& bytes) {
    std::ofstream(good().file, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void expect(bool right, char const* what) {
    if (right) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

// Every object that came back as right is right.
void expect_right(serial_verdict const& verdict) {
    if (verdict.said != "intact" && verdict.said != "repacked") return;
    for (auto const& [name, bytes] : verdict.bytes) {
        auto const found = good().right.find(name);
        if (found == good().right.end() || bytes.empty()) continue;
        expect(found->second == bytes, "wrong values are taken for right");
    }
}

// --- bytes that are not what was written ---------------------------------------------------------

void change_bytes(FuzzedDataProvider& input) {
    auto bytes = good().bytes;
    while (input.remaining_bytes() > 3) {
        auto const at = input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
        bytes[at] = static_cast<char>(bytes[at] ^ input.ConsumeIntegral<char>());
    }
    bool const same = bytes == good().bytes;
    write(bytes);
    bool sealed = false;
    try {
        sealed = detail::is_sealed(good().file);
    } catch (error const&) {
        return;
    }
    if (!sealed) return; // the mark is gone: HDF5 would see it
    auto const verdict = judge_serially(good().file);
    expect(same == (verdict.said == "intact"), "a changed file is intact");
}

void cut(FuzzedDataProvider& input) {
    auto const n = input.ConsumeIntegralInRange<std::size_t>(0, good().bytes.size());
    write(good().bytes.substr(0, n));
    auto const verdict = judge_serially(good().file);
    expect((n == good().bytes.size()) == (verdict.said == "intact"), "a cut file is intact");
    expect_right(verdict);
}

void tail(FuzzedDataProvider& input) {
    auto const keep = input.ConsumeIntegralInRange<std::size_t>(0, good().bytes.size());
    write(good().bytes.substr(0, keep) + input.ConsumeRemainingBytesAsString());
    try {
        static_cast<void>(detail::is_sealed(good().file));
    } catch (error const&) {
        return;
    }
}

// --- well-formed files that say something else
// -----------------------------------------------------

h5_handle open_object(hid_t file, FuzzedDataProvider& input) {
    constexpr std::array<char const*, 6> all{
        "/", "a", "g/m", "n", ".shmwin/checksums", ".shmwin/objects"};
    return {H5Oopen(file, input.PickValueInArray(all), H5P_DEFAULT), H5Oclose};
}

char const* attribute_name(FuzzedDataProvider& input) {
    constexpr std::array<char const*, 12> all{"shmwin_kind",
                                              "shmwin_type",
                                              "shmwin_layout",
                                              "shmwin_levels",
                                              "shmwin_first_block",
                                              "shmwin_format",
                                              "step",
                                              "time",
                                              "uuid",
                                              "n_ranks",
                                              "parent_uuid",
                                              "mine"};
    return input.PickValueInArray(all);
}

// An attribute of any type and size.
void set_attribute(hid_t file, FuzzedDataProvider& input) {
    auto const object = open_object(file, input);
    auto const* const name = attribute_name(input);
    H5Adelete(object.get(), name);
    auto const n = input.ConsumeIntegralInRange<hsize_t>(0, 3);
    h5_handle const space(n == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, nullptr),
                          H5Sclose);
    std::array<std::int64_t, 3> numbers{input.ConsumeIntegral<std::int64_t>(),
                                        input.ConsumeIntegralInRange<std::int64_t>(-1, 3),
                                        0};
    std::swap(numbers[0], numbers[input.ConsumeBool() ? 0 : 1]);
    auto words = input.ConsumeRandomLengthString(40);
    bool const is_text = input.ConsumeBool();
    h5_handle const type(H5Tcopy(is_text ? H5T_C_S1 : H5T_NATIVE_INT64), H5Tclose);
    if (is_text) H5Tset_size(type.get(), words.size() / 3 + 1);
    words.resize(200);
    h5_handle const made(
        H5Acreate2(object.get(), name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
    void const* const value = is_text ? static_cast<void const*>(words.data()) : numbers.data();
    if (made) H5Awrite(made.get(), type.get(), value);
}

// The bytes of a list or table.
void set_table(hid_t file, FuzzedDataProvider& input) {
    constexpr std::array<char const*, 2> all{".shmwin/objects", ".shmwin/record"};
    h5_handle const set(H5Dopen2(file, input.PickValueInArray(all), H5P_DEFAULT), H5Dclose);
    if (!set) return;
    h5_handle const type(H5Dget_type(set.get()), H5Tclose);
    h5_handle const space(H5Dget_space(set.get()), H5Sclose);
    auto const n = static_cast<std::size_t>(
        std::clamp<hssize_t>(H5Sget_simple_extent_npoints(space.get()), 0, 1 << 20U));
    if (n == 1U << 20U) return;
    std::vector<char> bytes(n * H5Tget_size(type.get()) + 8);
    H5Dread(set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
    auto const at = input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
    auto const words = input.ConsumeRandomLengthString(16);
    std::copy_n(words.begin(),
                std::min(words.size(), bytes.size() - at),
                bytes.begin() + static_cast<std::ptrdiff_t>(at));
    H5Dwrite(set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
}

// Another data set under the name of one: of another shape, type, layout; attributes as before.
void replace_dataset(hid_t file, FuzzedDataProvider& input) {
    constexpr std::array<char const*, 7> all{"a",
                                             "g/m",
                                             "n",
                                             ".shmwin/objects",
                                             ".shmwin/record",
                                             ".shmwin/descriptions",
                                             ".shmwin/checksums"};
    auto const* const name = input.PickValueInArray(all);
    H5Ldelete(file, name, H5P_DEFAULT);
    if (input.ConsumeBool()) return;
    std::array<hsize_t, 3> dimensions{};
    auto const n = input.ConsumeIntegralInRange<int>(0, 3);
    for (auto& each : dimensions) {
        each = input.ConsumeBool() ? input.ConsumeIntegralInRange<hsize_t>(0, 20)
                                   : input.ConsumeIntegral<hsize_t>();
    }
    h5_handle const space(n == 0 ? H5Screate(input.ConsumeBool() ? H5S_SCALAR : H5S_NULL)
                                 : H5Screate_simple(n, dimensions.data(), nullptr),
                          H5Sclose);
    std::array<hid_t, 5> const types{
        H5T_IEEE_F64LE, H5T_STD_I32LE, H5T_STD_I64LE, H5T_STD_U64LE, H5T_C_S1};
    auto const type = input.PickValueInArray(types);
    h5_handle const list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    if (n > 0 && input.ConsumeBool()) {
        std::array<hsize_t, 3> const chunk{2, 2, 2};
        H5Pset_chunk(list.get(), n, chunk.data());
    }
    h5_handle const links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links.get(), 1);
    h5_handle const made(
        H5Dcreate2(file, name, type, space.get(), links.get(), list.get(), H5P_DEFAULT), H5Dclose);
    if (!made || name[0] == '.') return;
    detail::h5_write_attribute(made.get(), "shmwin_kind", std::string("array"));
    detail::h5_write_attribute(made.get(), "shmwin_type", std::string("int32"));
    detail::h5_write_attribute(made.get(), "shmwin_layout", std::int64_t{1});
    detail::h5_write_attribute(made.get(), "shmwin_levels", std::int64_t{0});
    detail::h5_write_attribute(made.get(), "shmwin_first_block", std::int64_t{0});
}

void change_by_hdf5(FuzzedDataProvider& input) {
    write(good().bytes);
    {
        detail::h5_quiet const quiet;
        h5_handle const access = detail::h5_file_access();
        h5_handle const file(H5Fopen(good().file.c_str(), H5F_ACC_RDWR, access.get()), H5Fclose);
        for (int i = 0; i < 4 && input.remaining_bytes() > 0; ++i) {
            switch (input.ConsumeIntegralInRange(0, 2)) {
            case 0:
                set_attribute(file.get(), input);
                break;
            case 1:
                set_table(file.get(), input);
                break;
            default:
                replace_dataset(file.get(), input);
            }
        }
    }
    auto const verdict = judge_serially(good().file);
    expect(verdict.said != "intact", "a file that was rewritten is intact");
    expect_right(verdict);
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t n_bytes) {
    FuzzedDataProvider input(data, n_bytes);
    switch (input.ConsumeIntegralInRange(0, 5)) {
    case 0:
        change_bytes(input);
        break;
    case 1:
        cut(input);
        break;
    case 2:
        tail(input);
        break;
    default:
        change_by_hdf5(input);
    }
    return 0;
}
