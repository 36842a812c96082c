// SPDX-License-Identifier: MIT
// Containers in the segment: through two mappings, from several processes and threads, and with
// allocators whose segment is not there.

// As container.hpp says of strings; in force where libstdc++'s lines stand, so before them.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/attachment.hpp"
#include "shmwin/memory/container.hpp"
#include "shmwin/sync/robust_mutex.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace app {
struct particle {
    double x;
    double y;
};
// Takes the allocator of what it stands in, as containers do.
struct team {
    using allocator_type = shmwin::allocator<>;

    team(std::string_view called, allocator_type const& from) : name(called, from), members(from) {}
    team(team&& other) noexcept = default;
    team(team&& other, allocator_type const& from)
        : name(std::move(other.name), from), members(std::move(other.members), from) {}
    team(team const&) = delete;
    team& operator=(team const&) = delete;
    team& operator=(team&&) = delete;
    ~team() = default;

    shmwin::string name;
    shmwin::vector<int> members;
};
struct with_table {
    virtual int f() const { return 1; }
    virtual ~with_table() = default;
};
struct alignas(64) wide {
    int i;
};
struct alignas(8192) wider_than_a_page {
    int i;
};
} // namespace app
SHMWIN_NAME(app::particle, "app.particle/1");
SHMWIN_NAME(app::with_table, "app.with_table/1");

namespace shmwin {
namespace {

using namespace literals;
using test::via;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --- what the standard asks for ------------------------------------------------------------------

using traits = std::allocator_traits<allocator<int>>;
static_assert(std::same_as<traits::pointer, offset_ptr<int>>);
static_assert(std::same_as<traits::const_pointer, offset_ptr<int const>>);
static_assert(std::same_as<traits::void_pointer, offset_ptr<void>>);
static_assert(std::same_as<traits::const_void_pointer, offset_ptr<void const>>);
static_assert(std::same_as<traits::rebind_alloc<double>, allocator<double>>);
static_assert(!traits::is_always_equal());
static_assert(!traits::propagate_on_container_swap());
static_assert(!traits::propagate_on_container_copy_assignment());
static_assert(!traits::propagate_on_container_move_assignment());
static_assert(std::is_nothrow_copy_constructible_v<allocator<int>>);
static_assert(std::is_nothrow_constructible_v<allocator<int>, allocator<char>>);
static_assert(!std::default_initializable<allocator<int>>, "it is of a segment, or it is nothing");
static_assert(std::uses_allocator_v<vector<int>, allocator<>>);
static_assert(sizeof(vector<int>) == 32);

// --- what may be an element ----------------------------------------------------------------------

template <typename... T>
constexpr bool all_hold_addresses = (detail::holds_addresses<T>() && ...);
template <typename... T>
constexpr bool none_holds_addresses = !(detail::holds_addresses<T>() || ...);

static_assert(none_holds_addresses<int,
                                   app::particle,
                                   std::array<double, 3>,
                                   int[4],
                                   std::pair<int, char>,
                                   std::optional<int>,
                                   offset_ptr<int>,
                                   vector<int>,
                                   string,
                                   app::team>);
static_assert(all_hold_addresses<int*, int&, int* const, int* [4], int app::team::*>);
static_assert(all_hold_addresses<std::vector<int>,
                                 std::string,
                                 std::pmr::vector<int>,
                                 std::pmr::string,
                                 app::with_table>);
static_assert(all_hold_addresses<std::unique_ptr<int>,
                                 std::shared_ptr<int>,
                                 std::weak_ptr<int>,
                                 std::function<void()>,
                                 std::reference_wrapper<int>,
                                 std::string_view,
                                 std::span<int>>);
static_assert(
    all_hold_addresses<std::pair<int, char*>, std::array<int*, 2>, std::tuple<int, std::string>>);

static_assert(identified<vector<double>> && identified<string> && identified<deque<int>>);
static_assert(identified<vector<app::particle>> && identified<vector<vector<string>>>);
static_assert(identified<offset_ptr<app::particle>>);
static_assert(!identified<vector<app::team>>, "nobody named it");
static_assert(!identified<vector<std::string>> && !identified<vector<int*>>);
static_assert(!identified<vector<app::with_table>> && !identified<offset_ptr<int*>>);
static_assert(!identified<std::vector<double>> && !identified<std::pmr::vector<double>>);

TEST(ContainerTypeId, IsComposedOfItsElements) {
    EXPECT_THAT(type_id_of<vector<double>>().signature, HasSubstr(".vector<float64>"));
    EXPECT_THAT(type_id_of<vector<app::particle>>().signature, HasSubstr("vector<app.particle/1>"));
    EXPECT_THAT(type_id_of<vector<string>>().signature, HasSubstr("string<char"));
    EXPECT_EQ(type_id_of<offset_ptr<int>>().signature, "offset_ptr<int32>");
    EXPECT_NE(type_id_of<vector<double>>().hash, type_id_of<vector<float>>().hash);
    EXPECT_NE(type_id_of<vector<double>>().hash, type_id_of<deque<double>>().hash);
    EXPECT_EQ(type_id_of<vector<double>>().n_bytes, sizeof(vector<double>));
    EXPECT_FALSE(type_id_of<vector<double>>().storable);
}

// --- one segment, mapped twice -------------------------------------------------------------------

template <typename Call>
error_info error_of(Call const& call) {
    try {
        call();
    } catch (error const& failed) {
        return failed.info();
    }
    return {};
}

struct Allocator : testing::Test {
    test::shared_pages pages{{.capacity = 32_MiB, .n_ranks = 4}};
    heap first = pages.memory(0, via::first);
    heap second = pages.memory(1, via::second);
    std::optional<detail::heap_attachment> at_first{first};
    std::optional<detail::heap_attachment> at_second{second};

    void hide_first() const {
        ASSERT_EQ(::mprotect(pages.where(via::first).base(), pages.n_bytes(), PROT_NONE), 0);
    }
    void TearDown() override {
        for (int rank = 0; rank < 4; ++rank) {
            pages.memory(rank, via::second).collect();
        }
        EXPECT_THAT(second.verify().violations, IsEmpty());
        EXPECT_EQ(second.stats().n_blocks, 0U);
    }

    // An object in the segment, made through the first mapping; it takes the allocator.
    template <typename T, typename... Args>
    T* make(Args&&... args) const {
        auto* const block = first.allocate(sizeof(T), alignof(T));
        return std::construct_at(static_cast<T*>(block), std::forward<Args>(args)..., first);
    }
    template <typename T>
    [[nodiscard]] T* through_second(T* made) const {
        return std::launder(static_cast<T*>(second.at(first.offset_of(made))));
    }
    template <typename T>
    void end(T* in_second) const {
        std::destroy_at(in_second);
        second.deallocate(in_second);
    }
};

TEST_F(Allocator, VectorIsGrownThroughOneMappingAndReadThroughAnother) {
    auto* const made = make<vector<int>>();
    for (int i = 0; i < 1000; ++i) {
        made->push_back(i);
    }
    auto* const seen = through_second(made);
    hide_first();
    EXPECT_EQ(seen->size(), 1000U);
    EXPECT_EQ(std::accumulate(seen->begin(), seen->end(), 0), 499'500);
    EXPECT_TRUE(second.owns(seen->data()));
    for (int i = 1000; i < 50'000; ++i) { // moves to other blocks, frees what the first took
        seen->push_back(i);
    }
    EXPECT_TRUE(std::ranges::is_sorted(*seen));
    EXPECT_EQ(seen->back(), 49'999);
    EXPECT_THAT(std::span<int const>(*seen).first(3), ElementsAre(0, 1, 2));
    end(seen);
}

TEST_F(Allocator, StringIsShortOrLongThroughEitherMapping) {
    auto* const shorter = make<string>("short");
    auto* const longer = make<string>(std::string(500, 'x').c_str());
    auto* const here = through_second(shorter);
    auto* const there = through_second(longer);
    hide_first();
    EXPECT_EQ(*here, "short");
    EXPECT_EQ(*there, std::string(500, 'x').c_str());
    *here += " and then long enough for a block of its own";
    there->assign("y");
    there->shrink_to_fit();
    EXPECT_EQ(*here, "short and then long enough for a block of its own");
    here->swap(*there);
    EXPECT_EQ(*here, "y");
    EXPECT_EQ(there->find("long"), 15U);
    EXPECT_EQ(*here + "!", "y!");
    EXPECT_LT(*there, *here);
    end(here);
    end(there);
}

TEST_F(Allocator, DequeGrowsAtBothEndsThroughEitherMapping) {
    auto* const made = make<deque<std::int64_t>>();
    for (int i = 0; i < 2000; ++i) {
        made->push_back(i);
        made->push_front(-i);
    }
    auto* const seen = through_second(made);
    hide_first();
    EXPECT_EQ(seen->front(), -1999);
    EXPECT_EQ(seen->back(), 1999);
    EXPECT_EQ(std::accumulate(seen->begin(), seen->end(), std::int64_t{0}), 0);
    while (seen->size() > 2) {
        seen->pop_back();
        seen->pop_front();
    }
    EXPECT_THAT(*seen, ElementsAre(0, 0));
    end(seen);
}

TEST_F(Allocator, IsPassedOnToElementsThatTakeOne) {
    auto* const teams = make<vector<app::team>>();
    auto* const pairs = make<vector<std::pair<string, int>>>();
    std::string const long_name(100, 'n');
    for (int i = 0; i < 100; ++i) {
        teams->emplace_back(long_name).members.assign(20, i);
        pairs->emplace_back(long_name, i);
    }
    auto* const seen = through_second(teams);
    auto* const seen_pairs = through_second(pairs);
    hide_first();
    for (int i = 0; i < 100; ++i) {
        auto const at = static_cast<std::size_t>(i);
        ASSERT_EQ((*seen)[at].name, long_name.c_str());
        ASSERT_EQ((*seen)[at].members.back(), i);
        ASSERT_TRUE(second.owns((*seen)[at].members.data()));
        ASSERT_TRUE(second.owns((*seen_pairs)[at].first.data()));
        ASSERT_EQ((*seen_pairs)[at].second, i);
    }
    end(seen);
    end(seen_pairs);
}

template <typename T>
bool is_aligned(vector<T> const& v) {
    return reinterpret_cast<std::uintptr_t>(v.data()) % alignof(T) == 0;
}

TEST_F(Allocator, AlignsElementsAsTheirTypeAsks) {
    vector<char> const odd(3, first);
    for (std::size_t n = 1; n < 40; ++n) {
        EXPECT_TRUE(is_aligned(vector<app::wide>(n, first)));
        EXPECT_TRUE(is_aligned(vector<long double>(n, first)));
        vector<app::wider_than_a_page> const one(1, first);
        EXPECT_TRUE(is_aligned(one));
        EXPECT_TRUE(is_aligned(vector<app::wider_than_a_page>(n, first)));
        vector<std::byte> const page(4096 * n, first); // ends at an odd page, often
        EXPECT_TRUE(is_aligned(vector<app::wider_than_a_page>(1, first)));
    }
}

TEST_F(Allocator, OfOneSegmentIsEqualAndOfAnotherIsNot) {
    test::shared_pages const others({.capacity = 1_MiB, .n_ranks = 1});
    heap const elsewhere = others.memory(0);
    EXPECT_EQ(allocator<int>(first), allocator<int>(first));
    EXPECT_EQ(allocator<int>(first), allocator<char>(allocator<int>(first)));
    EXPECT_EQ(allocator<int>(first), allocator<int>(pages.memory(3, via::first)));
    EXPECT_NE(allocator<int>(first), allocator<int>(elsewhere));
    EXPECT_EQ(&allocator<int>(first).memory(), &first);
    EXPECT_EQ(&allocator<int>(second).memory(), &second);
    EXPECT_EQ(traits::select_on_container_copy_construction(allocator<int>(first)),
              allocator<int>(first));
}

// --- which segment a container is of -------------------------------------------------------------

TEST_F(Allocator, ContainerOnTheStackHasItsElementsInTheSegment) {
    auto* const made = make<vector<int>>(std::initializer_list<int>{1, 2, 3});
    {
        vector<int> const copy = *made;
        vector<int> const moved = std::move(*made);
        EXPECT_THAT(copy, ElementsAre(1, 2, 3));
        EXPECT_THAT(moved, ElementsAre(1, 2, 3));
        EXPECT_TRUE(first.owns(copy.data()) && first.owns(moved.data()));
        EXPECT_EQ(copy.get_allocator(), made->get_allocator());
        *made = copy;
    }
    EXPECT_THAT(*through_second(made), ElementsAre(1, 2, 3));
    end(through_second(made));
}

TEST_F(Allocator, AssignmentMovesNoContainerToAnotherSegment) {
    test::shared_pages const others({.capacity = 1_MiB, .n_ranks = 1});
    heap const elsewhere = others.memory(0);
    detail::heap_attachment const attached(elsewhere);
    vector<string> here({{"a", first}, {std::string(99, 'b').c_str(), first}}, first);
    vector<string> there(elsewhere);
    there = here;
    EXPECT_EQ(there[1].size(), 99U);
    EXPECT_TRUE(elsewhere.owns(there.data()) && elsewhere.owns(there[1].data()));
    there.clear();
    there = std::move(here);
    EXPECT_EQ(there[1].size(), 99U);
    EXPECT_TRUE(elsewhere.owns(there.data()) && elsewhere.owns(there[1].data()));
    EXPECT_EQ(there.get_allocator(), allocator<string>(elsewhere));
}

// --- what goes wrong -----------------------------------------------------------------------------

TEST_F(Allocator, FullSegmentIsABadAllocAndChangesNothing) {
    vector<int> v({1, 2, 3}, first);
    EXPECT_THROW(v.resize(100'000'000), std::bad_alloc);
    auto const failed = error_of([&] { v.reserve(100'000'000); });
    EXPECT_EQ(failed.code, errc::out_of_memory);
    EXPECT_THAT(failed.text, HasSubstr("400000000 bytes"));
    EXPECT_THAT(v, ElementsAre(1, 2, 3));
}

TEST_F(Allocator, CountsThatOverflowAreRefused) {
    allocator<int> const a(first);
    constexpr auto most = allocator<int>::max_size();
    for (auto const n :
         {most, most + 1, SIZE_MAX / 4, SIZE_MAX / 4 + 1, SIZE_MAX / 4 + 2, SIZE_MAX}) {
        EXPECT_THROW(static_cast<void>(a.allocate(n)), std::bad_alloc) << n;
    }
    EXPECT_EQ(error_of([&] { static_cast<void>(a.allocate(SIZE_MAX)); }).code, errc::out_of_memory);
    vector<int> v(first);
    EXPECT_EQ(v.max_size(), most);
    EXPECT_THROW(v.reserve(most + 1), std::length_error);
    EXPECT_THROW(v.resize(SIZE_MAX), std::length_error);
}

TEST_F(Allocator, BytesOfAContainerThatWereCopiedHaveNoHeap) {
    auto* const made = make<vector<int>>(std::initializer_list<int>{1, 2, 3});
    alignas(vector<int>) std::array<std::byte, sizeof(vector<int>)> bytes{};
    std::memcpy(bytes.data(), static_cast<void const*>(made), bytes.size());
    auto const& torn = *std::launder(reinterpret_cast<vector<int> const*>(bytes.data()));
    auto const failed = error_of([&] { static_cast<void>(torn.get_allocator().allocate(1)); });
    EXPECT_EQ(failed.code, errc::closed);
    EXPECT_THAT(failed.text, HasSubstr("bytes of a container were copied"));
    end(through_second(made));
}

TEST_F(Allocator, WithoutItsSegmentIsAnError) {
    vector<int> v({1, 2, 3}, first);
    auto const block = v.get_allocator().allocate(1);
    at_first.reset();
    auto const failed = error_of([&] { v.push_back(4); });
    EXPECT_EQ(failed.code, errc::closed);
    EXPECT_THAT(failed.text, HasSubstr("no segment at"));
    EXPECT_EQ(error_of([&] { v.get_allocator().deallocate(block, 1); }).code, errc::closed);
    EXPECT_THAT(v, ElementsAre(1, 2, 3));
    at_first.emplace(first);
    v.push_back(4);
    v.get_allocator().deallocate(block, 1);
}

TEST_F(Allocator, ForeignBlocksAreNotFreed) {
    allocator<int> const a(first);
    auto const block = a.allocate(4);
    a.deallocate(block, 4);
#ifdef NDEBUG
    EXPECT_EQ(error_of([&] { a.deallocate(block, 4); }).code, errc::bad_pointer);
    int local = 0;
    EXPECT_EQ(error_of([&] { a.deallocate(&local, 1); }).code, errc::bad_pointer);
#else
    EXPECT_DEATH(a.deallocate(block, 4), "precondition");
#endif
}

// --- the table of attached segments --------------------------------------------------------------

TEST(HeapAttachment, OfManySegmentsAreToldApart) {
    std::vector<std::unique_ptr<test::shared_pages>> segments;
    std::vector<std::unique_ptr<heap>> heaps;
    std::vector<std::unique_ptr<detail::heap_attachment>> attachments;
    for (int i = 0; i < 150; ++i) { // more than the table has buckets
        segments.push_back(std::make_unique<test::shared_pages>(
            detail::layout_request{.capacity = 4_KiB, .n_ranks = 1}));
        heaps.push_back(std::make_unique<heap>(segments.back()->memory(0)));
        EXPECT_EQ(detail::find_heap(heaps.back()->where().base()), nullptr);
        attachments.push_back(std::make_unique<detail::heap_attachment>(*heaps.back()));
    }
    for (std::size_t i = 0; i < 150; i += 3) {
        attachments[i].reset();
    }
    for (std::size_t i = 0; i < 150; ++i) {
        auto const* const base = heaps[i]->where().base();
        EXPECT_EQ(detail::find_heap(base), i % 3 == 0 ? nullptr : heaps[i].get());
        EXPECT_EQ(detail::find_heap(base + 1), nullptr);
    }
    EXPECT_EQ(detail::find_heap(nullptr), nullptr);
    for (std::size_t i = 0; i < 150; i += 3) {
        attachments[i] = std::make_unique<detail::heap_attachment>(*heaps[i]);
        EXPECT_EQ(detail::find_heap(heaps[i]->where().base()), heaps[i].get());
    }
}

TEST_F(Allocator, IsUsedByThreadsWhileOtherSegmentsComeAndGo) {
    std::atomic<bool> done{false};
    test::as_threads(4, [&](int thread) {
        if (thread == 0) {
            for (int i = 0; i < 100; ++i) {
                test::shared_pages const other({.capacity = 64_KiB, .n_ranks = 1});
                heap const memory = other.memory(0);
                detail::heap_attachment const attached(memory);
                vector<int> const v(100, i, memory);
                ASSERT_EQ(v.back(), i);
            }
            done = true;
            return;
        }
        while (!done) {
            vector<string> mine(first);
            for (int i = 0; i < 50; ++i) {
                mine.emplace_back(static_cast<std::size_t>(i), 'x');
            }
            ASSERT_EQ(mine.back().size(), 49U);
        }
    });
}

TEST_F(Allocator, VectorIsPushedToByThreadsUnderALock) {
    auto* const v = make<vector<int>>();
    std::mutex lock;
    test::as_threads(4, [&](int thread) {
        for (int i = 0; i < 500; ++i) {
            std::lock_guard const held(lock);
            (thread % 2 == 0 ? v : through_second(v))->push_back(thread);
        }
    });
    for (int thread = 0; thread < 4; ++thread) {
        EXPECT_EQ(std::ranges::count(*v, thread), 500);
    }
    end(through_second(v));
}

// --- several processes ---------------------------------------------------------------------------

struct shared_list {
    explicit shared_list(allocator<> const& from) : items(from) {}
    detail::robust_mutex lock;
    vector<string> items;
};

TEST_F(Allocator, ContainersAreSharedByProcessesAtOtherAddresses) {
    SHMWIN_NEEDS_FORK();
    auto* const list = make<shared_list>();
    bool const all = test::as_processes(pages, 4, [&](int rank) {
        auto const mine = pages.memory(rank, via::second);
        at_first.reset();
        at_second.emplace(mine);
        auto const who = pages.who(rank, via::second);
        auto* const here = through_second(list);
        hide_first();
        for (int i = 0; i < 300; ++i) {
            if (here->lock.lock(who, test::shared_pages::policy()) != detail::lock_outcome::locked)
                return false;
            here->items.emplace_back(std::to_string(rank) + std::string(40, '.'));
            if (i % 3 == 0) here->items.erase(here->items.begin()); // another's, often
            here->lock.unlock();
        }
        return true;
    });
    ASSERT_TRUE(all);
    EXPECT_EQ(list->items.size(), 800U);
    for (auto const& each : list->items) {
        ASSERT_EQ(each.size(), 41U);
        ASSERT_TRUE(each[0] >= '0' && each[0] <= '3');
    }
    end(through_second(list));
}

// --- against std::vector -------------------------------------------------------------------------

TEST_F(Allocator, VectorOfStringsDoesWhatStdsDoes) {
    auto* const made = make<vector<string>>();
    std::vector<std::string> model;
    std::mt19937 random(7);
    for (int step = 0; step < 20'000; ++step) {
        auto& v = step % 2 == 0 ? *made : *through_second(made);
        auto const at = model.empty() ? 0 : random() % model.size();
        std::string const text(random() % 40, static_cast<char>('a' + random() % 26));
        switch (random() % 6) {
        case 0:
        case 1:
            v.emplace_back(text);
            model.push_back(text);
            break;
        case 2:
            v.emplace(v.begin() + static_cast<std::ptrdiff_t>(at), text);
            model.insert(model.begin() + static_cast<std::ptrdiff_t>(at), text);
            break;
        case 3:
            if (model.empty()) break;
            v.erase(v.begin() + static_cast<std::ptrdiff_t>(at));
            model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 4:
            if (model.empty()) break;
            v[at] += text;
            model[at] += text;
            break;
        default:
            if (model.size() < 100) break;
            std::ranges::sort(v);
            std::ranges::sort(model);
            v.resize(50);
            v.shrink_to_fit();
            model.resize(50);
        }
        ASSERT_EQ(v.size(), model.size());
    }
    EXPECT_TRUE(std::ranges::equal(*through_second(made), model, [](auto const& a, auto const& b) {
        return std::string_view(a) == b;
    }));
    end(through_second(made));
}

} // namespace
} // namespace shmwin
