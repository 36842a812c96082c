// SPDX-License-Identifier: MIT
// Memory of others under a name of the segment: a window of the host's, views of any memory; that
// it goes where arrays go, and who releases it when.
#include "shmwin/base/error.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/map_file.hpp"
#include "shmwin/view/view_of.hpp"

#include "support/host_window.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

struct Adopt : open_segment {
    // One error on all ranks, and no name more.
    error_info refused(detail::function_ref<void()> call) {
        auto const before = seg.list().size();
        seg.fence();
        auto const thrown = agreed_error_of(world, call);
        EXPECT_EQ(seg.list().size(), before);
        expect_sound(seg);
        return thrown;
    }
};

using AdoptWindow = Adopt;

TEST_F(AdoptWindow, IsAnArrayLikeAnyOther) {
    host_window const window(world, 600 * sizeof(double));
    auto const n = 600 * size;
    auto const u = seg.adopt<double>("host/u", window.get(), shape(n / 10, 10));
    static_assert(std::is_same_v<decltype(u), array<double, 2> const>);
    EXPECT_EQ(reinterpret_cast<std::byte*>(u.data()), window.part(0));
    for (auto const i : u.rows())
        for (int j = 0; j < 10; ++j)
            u(i, j) = static_cast<double>(10 * i + j);
    seg.fence();
    auto const found = seg.find_array<double const, 2>("host/u");
    EXPECT_EQ(found.data(), u.data());
    EXPECT_EQ(std::accumulate(found.data(), found.data() + n, 0.0), n * (n - 1) / 2.0);
    EXPECT_EQ(u.block()(u.rows().first, 3), u(u.rows().first, 3));
    EXPECT_EQ(seg.find_or_create_array<double>("host/u", shape(n / 10, 10)).handle.data(),
              u.data());
    EXPECT_EQ(u.offset(), 0U);
    seg.fence();
    seg.destroy(u);
    EXPECT_FALSE(u.is_valid());
    EXPECT_FALSE(seg.contains("host/u"));
    auto const again = seg.adopt<double, layout_left>("host/u", window.get(), shape(10, n / 10));
    EXPECT_EQ(again(3, 1), 13);
    seg.destroy(again);
    expect_sound(seg);
}

TEST_F(AdoptWindow, MayHaveAllItsBytesOnOneRankAndBeginBehindTheFirst) {
    host_window const window(world, rank == last ? 808 : 0);
    auto const u =
        seg.adopt<std::int64_t>("u", window.get(), shape(100), {.saved = false, .offset_bytes = 8});
    EXPECT_EQ(reinterpret_cast<std::byte*>(u.data()), window.part(last) + 8);
    EXPECT_FALSE(seg.info("u")->saved);
    auto const nothing =
        seg.adopt<std::int64_t>("nothing", window.get(), shape(0, 9), {.offset_bytes = 808});
    EXPECT_TRUE(nothing.empty());
    seg.destroy(nothing);
    seg.destroy(u);
}

TEST_F(AdoptWindow, TakesNoMemoryAndIsToldApart) {
    host_window const window(world, 800);
    static_cast<void>(seg.create_value<int>("first", 1)); // the directory's own memory
    auto const before = seg.heap().stats().used;
    auto const unnamed = seg.memory_map().unnamed_bytes;
    seg.fence();
    auto const u = seg.adopt<float>("u", window.get(), shape(100));
    EXPECT_EQ(seg.heap().stats().used, before);
    auto const info = *seg.info("u");
    EXPECT_TRUE(info.foreign);
    EXPECT_EQ(info.n_bytes, 400U);
    EXPECT_EQ(info.shape, (std::vector<std::int64_t>{100}));
    EXPECT_FALSE(seg.info("first")->foreign);
    auto const map = seg.memory_map();
    EXPECT_EQ(map.unnamed_bytes, unnamed);
    EXPECT_THAT(map.text(), HasSubstr("adopted array"));
    EXPECT_THAT(map.json(), HasSubstr("\"foreign\": true"));
    expect_sound(seg);
    seg.destroy(u);
}

TEST_F(AdoptWindow, OfAnotherFlavourIsRefused) {
    EXPECT_EQ(refused([&] { seg.adopt<double>("u", MPI_WIN_NULL, shape(10)); }).code,
              errc::invalid_argument);
    MPI_Comm careful = MPI_COMM_NULL; // an MPI may not have such windows here
    MPI_Comm_dup(world, &careful);
    MPI_Comm_set_errhandler(careful, MPI_ERRORS_RETURN);
    void* memory = nullptr;
    MPI_Win window = MPI_WIN_NULL;
    auto const made = MPI_Win_allocate(80, 1, MPI_INFO_NULL, careful, &memory, &window);
    MPI_Comm_free(&careful);
    if (made != MPI_SUCCESS) GTEST_SKIP() << "MPI_Win_allocate does not work with these ranks";
    auto const what = refused([&] { seg.adopt<double>("u", window, shape(10)); });
    EXPECT_EQ(what.code, errc::invalid_argument);
    EXPECT_THAT(what.text,
                AllOf(HasSubstr("MPI_WIN_FLAVOR_ALLOCATE"), HasSubstr("MPI_Win_allocate_shared")));
    MPI_Win_free(&window);
}

TEST_F(AdoptWindow, OfOtherRanksIsRefused) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    host_window const mine(MPI_COMM_SELF, 80);
    auto const what = refused([&] { seg.adopt<double>("u", mine.get(), shape(10)); });
    EXPECT_EQ(what.code, errc::invalid_argument);
    EXPECT_THAT(what.text, HasSubstr("1 ranks are not the " + std::to_string(size)));
}

TEST_F(AdoptWindow, MayHaveTheRanksInAnotherOrder) {
    MPI_Comm reversed = MPI_COMM_NULL;
    MPI_Comm_split(world, 0, last - rank, &reversed);
    {
        host_window const window(reversed, 80);
        auto const u = seg.adopt<double>("u", window.get(), shape(10 * size));
        u(10 * (last - rank)) = rank;
        seg.fence();
        EXPECT_EQ(u(0), last);
        EXPECT_EQ(u(10 * last), 0);
        seg.destroy(u);
    }
    MPI_Comm_free(&reversed);
}

TEST_F(AdoptWindow, TooSmallIsRefusedWithBothSizes) {
    host_window const window(world, 80);
    auto const what = refused([&] { seg.adopt<double>("u", window.get(), shape(10 * size + 1)); });
    EXPECT_EQ(what.code, errc::invalid_argument);
    EXPECT_THAT(what.text,
                AllOf(HasSubstr("needs " + std::to_string(80 * size + 8) + " bytes"),
                      HasSubstr("have " + std::to_string(80 * size) + " bytes")));
    auto const behind = refused(
        [&] { seg.adopt<double>("u", window.get(), shape(10 * size), {.offset_bytes = 8}); });
    EXPECT_THAT(behind.text, HasSubstr("from byte 8"));
}

TEST_F(AdoptWindow, WithGapsBetweenItsPartsIsRefused) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    host_window const window(world, 80, true);
    auto const what = refused([&] { seg.adopt<double>("u", window.get(), shape(10)); });
    EXPECT_EQ(what.code, errc::invalid_argument);
    EXPECT_THAT(what.text, HasSubstr("alloc_shared_noncontig"));
}

TEST_F(AdoptWindow, MisalignedIsRefusedOnAllRanks) {
    host_window const window(world, 80);
    auto const what =
        refused([&] { seg.adopt<double>("u", window.get(), shape(2), {.offset_bytes = 4}); });
    EXPECT_EQ(what.code, errc::bad_pointer);
    EXPECT_THAT(what.text, AllOf(HasSubstr("0x"), HasSubstr("8 bytes")));
    // A window may begin at a multiple of 2 MiB, by chance: then 64 bytes further is none.
    auto const at = reinterpret_cast<std::uintptr_t>(window.part(0));
    bool aligned = at % (2U << 20U) == 0;
    MPI_Allreduce(MPI_IN_PLACE, &aligned, 1, MPI_CXX_BOOL, MPI_LAND, world);
    EXPECT_EQ(refused([&] {
                  seg.adopt<double>("u",
                                    window.get(),
                                    shape(1),
                                    {.align = 2U << 20U, .offset_bytes = aligned ? 64U : 0U});
              }).code,
              errc::bad_pointer);
    EXPECT_EQ(refused([&] { seg.adopt<double>("u", window.get(), shape(2), {.align = 3}); }).code,
              errc::invalid_argument);
}

TEST_F(AdoptWindow, UnderANameThatIsTakenIsRefused) {
    host_window const window(world, 80);
    seg.create_array<double>("u", shape(3));
    auto const what = refused([&] { seg.adopt<double>("u", window.get(), shape(2)); });
    EXPECT_EQ(what.code, errc::already_exists);
}

TEST_F(AdoptWindow, WithOtherArgumentsOnARankIsADisagreement) {
    if (size == 1) GTEST_SKIP() << "one rank agrees with itself";
    host_window const window(world, 80);
    host_window const other(world, rank == 0 ? 80U : 88U);
    bool const odd = rank == last;
    EXPECT_EQ(refused([&] { seg.adopt<double>("u", window.get(), shape(odd ? 2 : 1)); }).code,
              errc::disagreement);
    EXPECT_EQ(refused([&] {
                  seg.adopt<double>("u", window.get(), shape(2), {.offset_bytes = odd ? 8U : 0U});
              }).code,
              errc::disagreement);
    EXPECT_EQ(
        refused([&] { seg.adopt<double>("u", odd ? other.get() : window.get(), shape(2)); }).code,
        errc::disagreement);
}

// --- views ---------------------------------------------------------------------------------------

// Views of 24 doubles of this process, and how often their owner was released.
struct AdoptView : Adopt {
    [[nodiscard]] auto make() const {
        auto* const first = static_cast<double*>(std::calloc(24, sizeof(double))); // NOLINT
        std::iota(first, first + 24, 0.0);
        auto* const count = n_released.get();
        return view_of(first, shape(4, 6), [count](double* at) {
            ++*count;
            std::free(at); // NOLINT(*-no-malloc)
        });
    }

    std::unique_ptr<int> n_released = std::make_unique<int>(0);
};

TEST_F(AdoptView, IsFoundOnEveryRankAtItsOwnAddress) {
    auto const mine = make();
    auto const u = seg.adopt<double>("u", mine);
    static_assert(std::is_same_v<decltype(u), array<double, 2> const>);
    auto const found = seg.find_array<double, 2>("u");
    EXPECT_EQ(found.data(), mine.data());
    EXPECT_EQ(found(3, 5), 23);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_array<float, 2>("u")); })->code,
              errc::type_mismatch);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_array<double, 1>("u")); })->code,
              errc::shape_mismatch);
    seg.destroy(u);
}

TEST_F(AdoptView, MayHaveOtherStridesOnEachRank) {
    std::vector<int> memory(200);
    std::iota(memory.begin(), memory.end(), 0);
    auto const step = 10 + rank;
    auto const u = seg.adopt("u", view_of(memory.data(), shape(5, 4), std::array{step, 2}));
    static_assert(std::is_same_v<decltype(u), array<int, 2, layout_stride> const>);
    EXPECT_EQ(u(3, 2), 3 * step + 4);
    EXPECT_EQ(u.stride(0), step);
    auto const found = seg.find_array<int const, 2, layout_stride>("u");
    EXPECT_EQ(&found(4, 3), &u(4, 3));
    EXPECT_EQ(&u.block({2, 4}).local()(0, 1), &u(2, 1));
    auto const wrong = error_of([&] { static_cast<void>(seg.find_array<int, 2>("u")); });
    EXPECT_EQ(wrong->code, errc::shape_mismatch);
    EXPECT_THAT(wrong->text, HasSubstr("layout_stride"));
    EXPECT_EQ(seg.info("u")->order, memory_order_kind::strided);
    seg.destroy(u);
}

TEST_F(AdoptView, OfConstIsReadOnlyForAll) {
    std::vector<double> const table(10, 2.5);
    auto const u = seg.adopt("table", view_of(table.data(), shape(10)));
    static_assert(std::is_same_v<decltype(u), array<double const, 1> const>);
    EXPECT_EQ((seg.find_array<double const, 1>("table")(9)), 2.5);
    auto const refused = error_of([&] { static_cast<void>(seg.find_array<double, 1>("table")); });
    EXPECT_EQ(refused->code, errc::type_mismatch);
    EXPECT_THAT(refused->text, HasSubstr("read-only"));
    seg.destroy(u);
}

TEST_F(AdoptView, IsRefusedOnAllRanksIfItIsImpossibleOnOne) {
    alignas(8) std::array<std::byte, 32> memory{};
    auto* const first =
        reinterpret_cast<double*>(memory.data() + (rank == last ? 4 : 0)); // NOLINT(*-cast-align)
    auto const what =
        refused([&] { seg.adopt("u", mdspan<double, array_extents<1>>(first, shape(2))); });
    EXPECT_EQ(what.code, errc::bad_pointer);
    EXPECT_EQ(what.rank, last);
    double* const null = nullptr;
    auto const none = refused([&] {
        seg.adopt("u", mdspan<double, array_extents<1>>(null, shape(rank == last ? 1 : 0)));
    });
    EXPECT_EQ(none.code, errc::bad_pointer);
    if (size == 1) return;
    std::array<double, 8> some{};
    EXPECT_EQ(
        refused([&] { seg.adopt("u", view_of(some.data(), shape(rank == last ? 7 : 8))); }).code,
        errc::disagreement);
    EXPECT_EQ(refused([&] {
                  seg.adopt("u", view_of(some.data(), shape(8)), {.shared = rank == last});
              }).code,
              errc::disagreement);
}

TEST_F(AdoptView, IsReleasedOnceByDestroy) {
    auto u = std::make_optional(seg.adopt("u", make()));
    seg.fence();
    EXPECT_EQ(*n_released, 0);
    seg.destroy(*u);
    EXPECT_EQ(*n_released, 0); // the handle still shows the elements
    EXPECT_EQ(u->data()[23], 23);
    u.reset();
    EXPECT_EQ(*n_released, 1);
}

TEST_F(AdoptView, IsReleasedOnceByCloseWithoutHandles) {
    seg.adopt("u", make());
    EXPECT_EQ(*n_released, 0);
    seg.close();
    EXPECT_EQ(*n_released, 1);
}

TEST_F(AdoptView, OutlivesTheSegmentThroughItsHandle) {
    auto u = std::make_optional(seg.adopt("u", make()));
    auto other = std::make_optional(seg.find_array<double const, 2>("u"));
    seg.close();
    u.reset();
    EXPECT_EQ(*n_released, 0);
    EXPECT_EQ((*other)(3, 5), 23);
    other.reset();
    EXPECT_EQ(*n_released, 1);
}

TEST_F(AdoptView, OutlivesTheSegmentThroughTheViewItWasAdoptedFrom) {
    auto view = std::make_optional(make());
    seg.adopt("u", *view);
    seg.close();
    EXPECT_EQ(*n_released, 0);
    auto const row = view->block({3, 4});
    view.reset();
    EXPECT_EQ(row(3, 5), 23);
    EXPECT_EQ(*n_released, 0);
}

TEST_F(AdoptView, IsReleasedOnceIfTheCallFails) {
    seg.create_value<int>("taken", 1);
    refused([&] { seg.adopt("taken", make()); });
    EXPECT_EQ(*n_released, 1);
}

TEST_F(AdoptView, IsReleasedOnceWhenAnExceptionFlies) {
    EXPECT_THROW(
        {
            segment other(on, {.capacity = std::size_t{1} << 20U});
            auto const u = other.adopt("u", make());
            EXPECT_EQ(u(3, 5), 23);
            throw std::runtime_error("flies");
        },
        std::runtime_error);
    EXPECT_EQ(*n_released, 1); // long before MPI_Finalize
    seg.fence();
}

TEST_F(AdoptView, OfAnotherSegmentIsNotDestroyed) {
    segment other(on, {.capacity = std::size_t{1} << 20U});
    auto const u = seg.adopt("u", make());
    auto const v = other.create_array<double>("v", shape(3));
    auto const what = agreed_error_of(world, [&] { other.destroy(u); });
    EXPECT_EQ(what.code, errc::bad_pointer);
    EXPECT_TRUE(v.is_valid());
    seg.destroy(u);
    EXPECT_EQ(refused([&] { seg.destroy(u); }).code, errc::not_found);
    other.close();
}

TEST_F(AdoptView, OfAMappedFileIsOneMemoryForAll) {
    auto const path = "/tmp/shmwin_adopt_" + std::to_string(size) + ".bin";
    MPI_Barrier(world);
    if (rank == 0) std::ofstream(path, std::ios::binary) << std::string(8 * 1000, '\0');
    MPI_Barrier(world);
    {
        auto const u = seg.adopt("file", map_file<double>(path, shape(100, 10)), {.shared = true});
        for (auto const i : u.rows())
            u(i, 0) = static_cast<double>(i);
        seg.fence();
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(u(i, 0), i);
        seg.fence();
        seg.destroy(u);
    }
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::remove(path);
}

} // namespace
} // namespace shmwin
