// SPDX-License-Identifier: MIT
// Arrays that nobody may write to: by type, and by their pages.
#include "shmwin/segment/segment.hpp"

#include "support/faults.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <sys/mman.h>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr array_options whole{.whole_pages = true};
constexpr std::size_t page = 4096;

// Of one rank more than 65,530 mappings, which is as many as Linux gives by default.
class many_mappings {
  public:
    many_mappings() {
        void* const got =
            ::mmap(nullptr, n_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED) return; // NOLINT(*-cstyle-cast): the macro's own
        first_ = static_cast<std::byte*>(got);
        for (std::size_t i = 0; i < n_bytes; i += 2 * page) {
            if (::mprotect(first_ + i, page, PROT_READ) == 0) continue;
            full_ = true;
            break;
        }
    }
    many_mappings(many_mappings const&) = delete;
    many_mappings(many_mappings&&) = delete;
    many_mappings& operator=(many_mappings const&) = delete;
    many_mappings& operator=(many_mappings&&) = delete;
    ~many_mappings() {
        if (first_ != nullptr) ::munmap(first_, n_bytes);
    }
    [[nodiscard]] bool are_all() const noexcept { return full_; }

  private:
    static constexpr std::size_t n_bytes = page * 200'000;
    std::byte* first_ = nullptr;
    bool full_ = false;
};

struct Freeze : open_segment {
    // Every rank's store to the first and last bytes faults, at the address that it names.
    template <typename Handle>
    static void expect_protected(Handle const& a) {
        auto const n = static_cast<std::size_t>(a.size());
        auto* const first =
            const_cast<double*>(a.data()); // NOLINT(*-const-cast): a stray store asks nobody
        for (auto* const at : {first, first + n / 2, first + n - 1}) {
            auto const before = *at;
            EXPECT_EQ(fault_of_store(at, before + 1), at);
            EXPECT_EQ(*at, before);
        }
    }
};

TEST_F(Freeze, OfAHandleGivesTheReadOnlyOne) {
    auto const a = seg.create_array<double>("a", shape(3, 4));
    auto const frozen = a.freeze();
    static_assert(std::is_same_v<decltype(frozen), array<double const, 2> const>);
    static_assert(std::is_same_v<decltype(frozen.freeze()), array<double const, 2>>);
    static_assert(std::is_same_v<decltype(frozen(0, 0)), double const&>);
    EXPECT_EQ(frozen.data(), a.data());
    EXPECT_EQ(frozen.extents(), a.extents());
    if (rank == last) a(2, 3) = 7; // other handles write on
    seg.fence();
    EXPECT_EQ(frozen(2, 3), 7);
    seg.fence();
    seg.destroy(frozen);
}

TEST_F(Freeze, OfPagesMakesAStoreFaultWhereItHappens) {
    for (auto const n : {1, 512, 1000, 100'000}) {
        auto const a = seg.create_array<double>("a", shape(n), whole);
        for (auto const i : a.rows()) {
            a(i) = static_cast<double>(i);
        }
        auto const frozen = a.freeze(protect_pages);
        static_assert(std::is_same_v<decltype(frozen), array<double const, 1> const>);
        expect_protected(frozen);
        std::span const all(frozen.data(), static_cast<std::size_t>(n));
        EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0.0), 0.5 * n * (n - 1.0));
        a.thaw();
        a(n - 1) = -1;
        EXPECT_EQ(fault_of_store(a.data(), 1.0), nullptr);
        seg.destroy(a);
    }
}

TEST_F(Freeze, LeavesTheNeighboursWritable) {
    auto const before = seg.create_array<double>("before", shape(1000), whole);
    auto const a = seg.create_array<double>("a", shape(1000), whole);
    auto const after = seg.create_array<double>("after", shape(1000), whole);
    auto const count = seg.create_value<int>("count");
    a.freeze(protect_pages);
    std::vector<void*> blocks;
    for (std::size_t n_bytes = 8; n_bytes < 20'000; n_bytes += n_bytes / 8 + 8) {
        auto* const block = static_cast<std::byte*>(seg.heap().allocate(n_bytes));
        EXPECT_EQ(fault_of_store(block, std::byte{1}), nullptr);
        EXPECT_EQ(fault_of_store(block + n_bytes - 1, std::byte{1}), nullptr);
        blocks.push_back(block);
    }
    for (auto* const block : blocks) {
        seg.heap().deallocate(block);
    }
    EXPECT_EQ(fault_of_store(before.data() + 999, 1.0), nullptr);
    EXPECT_EQ(fault_of_store(after.data(), 1.0), nullptr);
    count.fetch_add(1);
    seg.fence();
    EXPECT_EQ(count.load(), size);
    expect_protected(a);
    a.thaw();
    expect_sound(seg);
}

TEST_F(Freeze, OfSeveralArraysEndsForEachAlone) {
    auto const a = seg.create_array<double>("a", shape(512), whole); // one page each
    auto const b = seg.create_array<double>("b", shape(512), whole);
    auto const c = seg.create_array<double>("c", shape(512), whole);
    a.freeze(protect_pages);
    b.freeze(protect_pages);
    c.freeze(protect_pages);
    seg.find_array<double, 1>("b").thaw(); // any handle to it
    expect_protected(a);
    EXPECT_EQ(fault_of_store(b.data(), 1.0), nullptr);
    EXPECT_EQ(fault_of_store(b.data() + 511, 1.0), nullptr);
    expect_protected(c);
    c.freeze().thaw(); // a read-only one too
    a.thaw();
    seg.destroy(b);
    auto const again = seg.create_array<double>("again", shape(512), whole); // where b stood
    EXPECT_EQ(fault_of_store(again.data(), 1.0), nullptr);
}

TEST_F(Freeze, OfNoElementsProtectsNothing) {
    auto const a = seg.create_array<double>("a", shape(0, 7), whole);
    EXPECT_TRUE(a.freeze(protect_pages).empty());
    a.thaw();
    seg.destroy(a);
}

// --- what is refused, by all ranks ---------------------------------------------------------------

TEST_F(Freeze, OfSharedPagesIsRefused) {
    auto const a = seg.create_array<double>("fields/a", shape(100'000));
    auto const thrown = agreed_error_of(world, [&] { a.freeze(protect_pages); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    EXPECT_THAT(thrown.text, HasSubstr(".whole_pages = true"));
    EXPECT_THAT(thrown.text, HasSubstr("fields/a"));
    EXPECT_EQ(fault_of_store(a.data(), 1.0), nullptr);
}

TEST_F(Freeze, TwiceIsRefused) {
    auto const a = seg.create_array<double>("a", shape(10), whole);
    a.freeze(protect_pages);
    auto const thrown = agreed_error_of(world, [&] { a.freeze(protect_pages); });
    EXPECT_EQ(thrown.code, errc::busy);
    EXPECT_THAT(thrown.text, HasSubstr("thaw()"));
    expect_protected(a);
    a.thaw();
    EXPECT_EQ(fault_of_store(a.data(), 1.0), nullptr);
}

TEST_F(Freeze, EndsBeforeDestroy) {
    auto const a = seg.create_array<double>("a", shape(10), whole);
    a.freeze(protect_pages);
    auto const thrown = agreed_error_of(world, [&] { seg.destroy(a); });
    EXPECT_EQ(thrown.code, errc::busy);
    EXPECT_THAT(thrown.text, HasSubstr("\"a\" is write-protected; thaw() it first"));
    expect_protected(seg.find_array<double const, 1>("a"));
    a.thaw();
    seg.destroy(a);
    EXPECT_FALSE(seg.contains("a"));
}

TEST_F(Freeze, ThawOfWhatIsWritableIsRefused) {
    auto const a = seg.create_array<double>("a", shape(10), whole);
    auto const thrown = agreed_error_of(world, [&] { a.thaw(); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    EXPECT_THAT(thrown.text, HasSubstr("not write-protected"));
}

TEST_F(Freeze, OfAnArrayThatIsGoneIsRefused) {
    auto const a = seg.create_array<double>("a", shape(10), whole);
    seg.destroy(a);
    auto const b = seg.create_array<double>("b", shape(10), whole); // where a stood
    auto const thrown = agreed_error_of(world, [&] { a.freeze(protect_pages); });
    EXPECT_EQ(thrown.code, errc::not_found);
    EXPECT_EQ(fault_of_store(b.data(), 1.0), nullptr);
}

TEST_F(Freeze, ThatFailsOnOneRankProtectsNothing) {
    auto const a = seg.create_array<double>("a", shape(10), whole);
    std::optional<many_mappings> many;
    if (rank == last) many.emplace();
    int full = many && many->are_all() ? 1 : 0;
    MPI_Bcast(&full, 1, MPI_INT, last, world);
    if (full == 0) GTEST_SKIP() << "this system gives a process any number of mappings";
    auto const thrown = error_of([&] { a.freeze(protect_pages); });
    many.reset();
    ASSERT_TRUE(thrown);
    EXPECT_TRUE(thrown->agreed);
    EXPECT_EQ(thrown->code, errc::system_failure);
    EXPECT_EQ(thrown->rank, last);
    EXPECT_THAT(thrown->text, HasSubstr("vm.max_map_count"));
    EXPECT_EQ(fault_of_store(a.data(), 1.0), nullptr);
    a.freeze(protect_pages); // and now it is possible
    expect_protected(a);
}

TEST_F(Freeze, InOtherCallsThanTheOthersProtectsNothing) {
    if (size == 1) GTEST_SKIP() << "one rank cannot disagree";
    auto const a = seg.create_array<double>("a", shape(10), whole);
    auto const b = seg.create_array<double>("b", shape(10), whole);
    auto const thrown = agreed_error_of(world, [&] { (rank == 0 ? a : b).freeze(protect_pages); });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(fault_of_store(a.data(), 1.0), nullptr);
    EXPECT_EQ(fault_of_store(b.data(), 1.0), nullptr);
    a.freeze(protect_pages);
    auto const other = agreed_error_of(world, [&] {
        if (rank == 0) {
            seg.fence();
        } else {
            a.thaw();
        }
    });
    EXPECT_EQ(other.code, errc::disagreement);
    expect_protected(a);
}

// --- lifetime ------------------------------------------------------------------------------------

struct FreezeOf : testing::TestWithParam<backing_kind> {
    node on{MPI_COMM_WORLD};
};

TEST_P(FreezeOf, AnyBackingLastsAsLongAsTheMemory) {
    for (int round = 0; round < 3; ++round) {
        array<double const, 1> frozen;
        {
            segment seg(on, {.capacity = std::size_t{4} << 20U, .backing = GetParam()});
            auto const a = seg.create_array<double>("a", shape(100'000), whole);
            for (auto const i : a.rows()) {
                a(i) = 1;
            }
            frozen = a.freeze(protect_pages);
            Freeze::expect_protected(frozen);
            seg.close();
        }
        Freeze::expect_protected(frozen); // after close() as before
        EXPECT_EQ(frozen(99'999), 1);
        EXPECT_EQ(error_of([&] { frozen.thaw(); })->code, errc::closed);
    }
}

INSTANTIATE_TEST_SUITE_P(Backings,
                         FreezeOf,
                         testing::Values(backing_kind::mpi_window, backing_kind::memfd),
                         [](auto const& of) { return std::string(name(of.param)); });

} // namespace
} // namespace shmwin
