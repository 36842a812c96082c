// SPDX-License-Identifier: MIT
// view_of and owned_view: the same elements, checked; and an owner that is released exactly once,
// when the last view of it goes, whatever happens before.
#include "shmwin/base/error.hpp"
#include "shmwin/view/view_of.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
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

// Memory of n integers 0, 1, ...; ASan sees who reads it after its release.
struct counted_memory {
    explicit counted_memory(std::size_t n)
        : first(static_cast<int*>(std::malloc(n * sizeof(int)))) { // NOLINT(*-no-malloc)
        std::iota(first, first + n, 0);
    }
    counted_memory(counted_memory const&) = delete;
    counted_memory(counted_memory&&) = delete;
    counted_memory& operator=(counted_memory const&) = delete;
    counted_memory& operator=(counted_memory&&) = delete;
    ~counted_memory() {
        EXPECT_EQ(n_released, 1);
        if (n_released == 0) std::free(first); // NOLINT(*-no-malloc)
    }

    [[nodiscard]] auto release() {
        return [this](int* at) {
            EXPECT_EQ(at, first);
            ++n_released;
            std::free(at); // NOLINT(*-no-malloc)
        };
    }

    int* first;
    int n_released = 0;
};

struct ForeignView : testing::Test {
    counted_memory memory{24};
};

error_info refused(std::function<void()> const& call) {
    try {
        call();
    } catch (error const& thrown) {
        return thrown.info();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

TEST(ForeignViewWithoutOwner, IsAnMdspan) {
    std::array<double, 6> memory{0, 1, 2, 3, 4, 5};
    auto const u = view_of(memory.data(), shape(2, 3));
    static_assert(
        std::is_same_v<decltype(u), mdspan<double, array_extents<2>, layout_right> const>);
    EXPECT_EQ(u(1, 2), 5);
    EXPECT_EQ(u.data_handle(), memory.data());
    auto const fixed = view_of(std::as_const(memory).data(), extents<int, 3, 2>());
    static_assert(std::is_same_v<decltype(fixed), mdspan<double const, extents<int, 3, 2>> const>);
    EXPECT_EQ(fixed(2, 0), 4);
    auto const left = view_of(memory.data(), layout_left::mapping<array_extents<2>>(shape(2, 3)));
    EXPECT_EQ(left(1, 2), 5);
    EXPECT_EQ(left(0, 1), 2);
    auto const numbers = view_of(memory.data(), std::array<long, 2>{3, 2}, std::array{1, 3});
    EXPECT_EQ(numbers(2, 1), 5);
    EXPECT_EQ(view_of(memory.data(), shape())(), 0);
}

TEST_F(ForeignView, ReleasesWithTheLastCopy) {
    auto all = std::make_unique<std::vector<owned_view<int, array_extents<2>>>>();
    all->push_back(view_of(memory.first, shape(4, 6), memory.release()));
    for (int i = 0; i < 5; ++i)
        all->push_back(all->front());
    auto const last = all->back();
    all.reset();
    EXPECT_EQ(memory.n_released, 0);
    EXPECT_EQ(last(3, 5), 23);
}

TEST_F(ForeignView, IsKeptByPartsThatOutliveIt) {
    auto whole = std::make_optional(view_of(memory.first, shape(4, 6), memory.release()));
    auto block = std::make_optional(whole->block({1, 3}));
    whole.reset();
    EXPECT_EQ((*block)(2, 5), 17);
    EXPECT_EQ(block->range(), (range{1, 3}));
    auto local = std::make_optional(block->local());
    block.reset();
    EXPECT_EQ((*local)(0, 0), 6);
    EXPECT_EQ(local->extents(), shape(2, 6));
    auto const column = layout_stride::mapping<array_extents<1>>(shape(2), std::array{6});
    auto const part = local->part(mdspan(local->data() + 2, column));
    local.reset();
    EXPECT_EQ(memory.n_released, 0);
    EXPECT_EQ(part(1), 14);
}

TEST_F(ForeignView, IsReleasedOnceWhenAnExceptionFlies) {
    EXPECT_THROW(
        {
            auto const u = view_of(memory.first, shape(4, 6), memory.release());
            auto const copy = u.block({0, 2}); // NOLINT(*-unnecessary-copy*)
            throw std::runtime_error("flies");
        },
        std::runtime_error);
    EXPECT_EQ(memory.n_released, 1);
}

TEST_F(ForeignView, IsReleasedOnceWhenTheCallItselfThrows) {
    auto const what = refused([&] {
        static_cast<void>(view_of(memory.first, std::array{4, -6}, memory.release()));
    });
    EXPECT_EQ(what.code, errc::invalid_argument);
    EXPECT_EQ(memory.n_released, 1);
}

TEST_F(ForeignView, AddsConstAndForgetsStaticExtents) {
    auto const u = view_of(memory.first, extents<std::int64_t, 4, 6>(), memory.release());
    owned_view<int const, array_extents<2>> const same = u;
    EXPECT_EQ(same(2, 2), 14);
    EXPECT_EQ(same.owner(), u.owner());
    static_assert(!std::is_convertible_v<owned_view<int const, array_extents<2>>,
                                         owned_view<int, array_extents<2>>>);
    mdspan<int const, array_extents<2>> const plain = u;
    EXPECT_EQ(plain.data_handle(), memory.first);
    u(0, 0) = 7; // shallow
    EXPECT_EQ(same(0, 0), 7);
}

TEST_F(ForeignView, TellsWhatAnMdspanTells) {
    auto const u = view_of(memory.first, shape(3, 4), std::array{6, 1}, memory.release());
    static_assert(std::is_same_v<decltype(u)::layout_type, layout_stride>);
    EXPECT_EQ(u.stride(0), 6);
    EXPECT_EQ(u.extent(1), 4);
    EXPECT_EQ(u.size(), 12U);
    EXPECT_FALSE(u.empty());
    EXPECT_EQ(u.rank(), 2U);
    EXPECT_EQ(&u(2, 1), memory.first + 13);
    EXPECT_EQ(&u.block({1, 3}).local()(1, 1), memory.first + 13);
}

TEST_F(ForeignView, TakesAFunctionWithoutArguments) {
    auto const u = view_of(memory.first, shape(24), [&] { memory.release()(memory.first); });
    EXPECT_EQ(u(23), 23);
}

TEST_F(ForeignView, TakesAnyMdspan) {
    auto const u = view_of(mdspan(memory.first, shape(4, 6)), memory.release());
    EXPECT_EQ(u(3, 5), 23);
}

TEST_F(ForeignView, OfConstIsReleasedAsItWasMade) {
    auto const u = view_of(static_cast<int const*>(memory.first), shape(24), memory.release());
    static_assert(std::is_same_v<decltype(u)::element_type, int const>);
    EXPECT_EQ(u(1), 1);
}

TEST_F(ForeignView, WithoutElementsKeepsAndReleasesToo) {
    auto const nothing =
        view_of(static_cast<int*>(nullptr), shape(0, 5), [&] { memory.release()(memory.first); });
    EXPECT_TRUE(nothing.empty());
    EXPECT_EQ(memory.n_released, 0);
}

TEST(ForeignViewOwner, MayBeASharedPointer) {
    auto const owner = std::make_shared<std::vector<float>>(6, 1.5F);
    {
        auto const u = view_of(owner->data(), shape(2, 3), owner);
        EXPECT_EQ(owner.use_count(), 2);
        EXPECT_EQ(u(1, 1), 1.5F);
    }
    EXPECT_EQ(owner.use_count(), 1);
    auto const unowned = view_of(owner->data(), shape(2, 3), std::shared_ptr<void const>());
    EXPECT_EQ(unowned.owner(), nullptr);
}

TEST(ForeignViewOwner, MayBeMovedIn) {
    std::vector<double> numbers(12, 2.5);
    auto const u = view_of(numbers.data(), shape(3, 4), std::move(numbers));
    EXPECT_EQ(u(2, 3), 2.5);

    auto block = std::make_unique<double[]>(12); // NOLINT(*-avoid-c-arrays)
    block[11] = 3.5;
    auto* const first = block.get();
    auto const v = view_of(first, shape(3, 4), std::move(block));
    EXPECT_EQ(v(2, 3), 3.5);
    EXPECT_EQ(block, nullptr); // NOLINT(bugprone-use-after-move): it is why

    auto one = std::make_unique<int>(7);
    auto* const at = one.get();
    EXPECT_EQ(view_of(at, shape(), std::move(one))(), 7);
}

TEST(ForeignViewOwner, MustNotLeaveItsMemoryBehind) {
    std::vector<int> copied(3, 1);
    auto const copy = refused([&] { static_cast<void>(view_of(copied.data(), shape(3), copied)); });
    EXPECT_EQ(copy.code, errc::bad_pointer);
    EXPECT_THAT(copy.text, HasSubstr("std::move"));
    std::string in_itself("short");
    auto const moved = refused(
        [&] { static_cast<void>(view_of(in_itself.data(), shape(5), std::move(in_itself))); });
    EXPECT_EQ(moved.code, errc::bad_pointer);
}

TEST(ForeignViewOwner, MustBeAFunctionIfItIsAPointerToOne) {
    int one = 1;
    void (*none)(void*) = nullptr;
    EXPECT_EQ(refused([&] { static_cast<void>(view_of(&one, shape(1), none)); }).code,
              errc::invalid_argument);
    EXPECT_EQ(refused([&] {
                  static_cast<void>(view_of(&one, shape(1), std::function<void(int*)>()));
              }).code,
              errc::invalid_argument);
    auto* const block = static_cast<int*>(std::calloc(4, sizeof(int))); // NOLINT(*-no-malloc)
    EXPECT_EQ(view_of(block, shape(4), &std::free)(3), 0);
}

TEST(ForeignMemory, IsRefusedWithItsValues) {
    alignas(16) std::array<double, 4> memory{};
    auto* const p = memory.data();
    auto const expect = [](errc code, auto const& words, std::function<void()> const& call) {
        auto const what = refused(call);
        EXPECT_EQ(what.code, code);
        EXPECT_THAT(what.text, words);
    };
    auto const view = [](auto const&... arguments) { static_cast<void>(view_of(arguments...)); };
    expect(errc::bad_pointer, HasSubstr("2 x 2 elements of 8 bytes at null"), [&] {
        view(static_cast<double*>(nullptr), shape(2, 2));
    });
    auto* const odd = reinterpret_cast<double*>(reinterpret_cast<char*>(p) + 4);
    expect(errc::bad_pointer, AllOf(HasSubstr("address 0x"), HasSubstr("8 bytes")), [&] {
        view(odd, shape(2));
    });
    expect(errc::invalid_argument, HasSubstr("extent 1 is -2"), [&] {
        view(p, std::array{2, -2});
    });
    expect(errc::invalid_argument, HasSubstr("2^63"), [&] {
        view(p, shape(1LL << 31, 1LL << 31, 4));
    });
    expect(errc::invalid_argument, HasSubstr("2^63"), [&] {
        view(p, shape(3, 3), std::array<std::int64_t, 2>{1LL << 60, 1});
    });
    expect(errc::invalid_argument, HasSubstr("extent 0 is -1"), [&] {
        view(p, std::array<std::uint64_t, 1>{1ULL << 63});
    });
    expect(errc::invalid_argument, HasSubstr("stride 1 is 0"), [&] {
        view(p, shape(2, 2), std::array{1, 0});
    });
    expect(errc::invalid_argument, HasSubstr("stride 0 is -1"), [&] {
        view(p, shape(4), std::array{-1});
    });
    expect(errc::invalid_argument,
           AllOf(HasSubstr("share places"), HasSubstr("with strides 1 x 1")),
           [&] {
               view(p, shape(2, 2), std::array{1, 1});
           });
    expect(errc::invalid_argument, HasSubstr("index type holds 32767"), [&] {
        view(p, shape(1), std::array{1}); // fine
        view(reinterpret_cast<char*>(p), extents<std::int16_t, 16384>(), std::array{3});
    });
}

TEST(ForeignMemory, MayHaveGapsAndAnyOrder) {
    std::vector<int> memory(100);
    std::iota(memory.begin(), memory.end(), 0);
    auto const u = view_of(memory.data(), shape(2, 3, 4), std::array{1, 30, 5});
    EXPECT_EQ(u(1, 2, 3), 76);
    auto const one_row = view_of(memory.data(), shape(1, 5), std::array{1, 1}); // never steps
    EXPECT_EQ(one_row(0, 4), 4);
    EXPECT_TRUE(view_of(memory.data(), shape(0, 5), std::array{1, 1}).empty());
}

TEST(ForeignMemory, MayHoldMoreElementsThanCanBeCountedIn32Bits) {
    alignas(8) char first = 0; // looked at, never read
    auto const u = view_of(&first, shape(1LL << 40, 1LL << 20));
    EXPECT_EQ(u.size(), std::size_t{1} << 60U);
    EXPECT_EQ(&u(0, 0), &first);
}

} // namespace
} // namespace shmwin
