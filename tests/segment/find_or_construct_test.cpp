// SPDX-License-Identifier: MIT
// Objects that all ranks ask for and exactly one constructs. What happens when ranks die in it:
// memory/directory_claims_kill_test.
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

// Counts, in this process, how often it was made.
struct counted {
    explicit counted(int start) noexcept : value(start), twice(2 * start) { ++n_made; }

    int value;
    int twice;
    static inline std::atomic<int> n_made = 0;
};

// Runs what it is given while it is constructed.
struct busy {
    template <typename Work>
    busy(int start, Work const& work) : value(start) {
        work();
    }
    int value;
};

struct particle {
    double x;
    double y;
    int id;
};

} // namespace
SHMWIN_NAME(counted, "test.counted/2");
SHMWIN_NAME(busy, "test.busy/1");
SHMWIN_NAME(particle, "test.particle/1");

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

struct FindOrConstruct : open_segment {
    FindOrConstruct() { counted::n_made = 0; }

    [[nodiscard]] int sum(int mine) const {
        int all = 0;
        MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, world);
        return all;
    }
    // True if all ranks have the same.
    [[nodiscard]] bool same_on_all(void const* object) const {
        auto const mine = std::to_string(seg.heap().offset_of(object));
        auto const all = gather(world, mine);
        return all == std::vector<std::string>(all.size(), mine);
    }
};

TEST_F(FindOrConstruct, ToldOfAreThoseWhoWait) {
    if (size == 1) return;
    auto const wait_for_the_others = [&] {
        EXPECT_TRUE(eventually([&] {
            auto const told = seg.report();
            int n_waiting = 0;
            for (auto at = told.find("in find_or_construct"); at != std::string::npos;
                 at = told.find("in find_or_construct", at + 1)) {
                ++n_waiting;
            }
            return n_waiting == size - 1;
        }));
    };
    seg.fence();
    auto const mine = seg.find_or_construct<busy>(transient, "slow", 1, wait_for_the_others);
    EXPECT_EQ(mine.handle->value, 1);
    seg.fence();
}

TEST_F(FindOrConstruct, IsConstructedByExactlyOneOfAllRanks) {
    for (int round = 0; round < 50; ++round) {
        auto const name = "object " + std::to_string(round);
        if (round % 2 == 0) seg.fence(); // all at once, or as they come
        auto const [object, created] = seg.find_or_construct<counted>(transient, name, rank);
        ASSERT_EQ(object->twice, 2 * object->value);
        ASSERT_EQ(created, object->value == rank);
        EXPECT_EQ(sum(created ? 1 : 0), 1) << name;
        EXPECT_TRUE(same_on_all(object));
        EXPECT_EQ(seg.info(name)->creator, object->value);
        EXPECT_EQ(seg.find<counted>(name), object);
    }
    EXPECT_EQ(sum(counted::n_made), 50);
    expect_sound(seg);
}

TEST_F(FindOrConstruct, IsConstructedByExactlyOneOfAllThreadsOfAllRanks) {
    constexpr int n_names = 60;
    std::atomic<int> n_created{0};
    std::atomic<int> n_wrong{0};
    seg.fence();
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < n_names; ++i) {
                    auto const name = "object " + std::to_string(i);
                    auto const made = seg.find_or_construct<counted>(transient, name, 10 + i);
                    if (made.created) ++n_created;
                    if (made.handle->value != 10 + i || made.handle->twice != 20 + 2 * i) ++n_wrong;
                }
            });
        }
    }
    EXPECT_EQ(n_wrong, 0);
    EXPECT_EQ(sum(n_created), n_names);
    EXPECT_EQ(sum(counted::n_made), n_names);
    EXPECT_EQ(seg.list().size(), std::size_t{n_names});
    expect_sound(seg);
}

TEST_F(FindOrConstruct, WaitsForAConstructorThatTakesLong) {
    auto const work = [] { std::this_thread::sleep_for(std::chrono::milliseconds(150)); };
    auto const made = seg.find_or_construct<busy>(transient, "slow", 7, work);
    EXPECT_EQ(made.handle->value, 7);
    EXPECT_EQ(sum(made.created ? 1 : 0), 1);
    EXPECT_TRUE(same_on_all(made.handle));
}

TEST_F(FindOrConstruct, TakesArgumentsAsConstructDoes) {
    auto const made = seg.find_or_construct<particle>(transient, "p", 1.5, -2.5, 9);
    EXPECT_EQ(made.handle->y, -2.5);
    EXPECT_EQ(*seg.find_or_construct<double>("number", 2.5).handle, 2.5);
    auto const* const nested = seg.group("g").find_or_construct<int>("number", 3).handle;
    EXPECT_EQ(nested, seg.find<int>("g/number"));
    EXPECT_TRUE(seg.info("number")->saved);
    EXPECT_FALSE(seg.info("p")->saved);
    EXPECT_EQ(seg.info("p")->type, "test.particle/1");
    seg.fence();
    if (rank == last) seg.destroy<particle>("p");
    seg.fence();
    EXPECT_FALSE(seg.contains("p"));
}

TEST_F(FindOrConstruct, KnowsTheLineThatMadeIt) {
    if (rank == last) {
        seg.find_or_construct<int>("number", 1);
        EXPECT_EQ(seg.info("number")->where,
                  "find_or_construct_test.cpp:" + std::to_string(__LINE__ - 2));
    }
    seg.fence();
}

TEST_F(FindOrConstruct, FindsWhatWasMadeInOtherWays) {
    auto* const together = seg.create_object<counted>("together", 1);
    if (rank == 0) seg.construct<counted>(transient, "alone", 2);
    seg.fence();
    auto const found = seg.find_or_construct<counted>(transient, "together", 3);
    EXPECT_FALSE(found.created);
    EXPECT_EQ(found.handle, together);
    EXPECT_EQ(seg.find_or_construct<counted>(transient, "alone", 3).handle->value, 2);
    EXPECT_EQ(sum(counted::n_made), 2);
}

TEST_F(FindOrConstruct, OfAnotherTypeOrKindIsRefused) {
    seg.create_object<double>("number", 1.0);
    static_cast<void>(seg.create_array<int>("array", shape(3)));
    auto const type = error_of([&] { seg.find_or_construct<int>("number", 1); });
    ASSERT_TRUE(type);
    EXPECT_EQ(type->code, errc::type_mismatch);
    EXPECT_THAT(type->text, AllOf(HasSubstr("float64"), HasSubstr("int32")));
    auto const kind = error_of([&] { seg.find_or_construct<int>("array", 1); });
    ASSERT_TRUE(kind);
    EXPECT_EQ(kind->code, errc::type_mismatch);
    EXPECT_THAT(kind->text, HasSubstr("of kind array"));
    EXPECT_EQ(error_of([&] { seg.find_or_construct<int>("a//b", 1); })->code,
              errc::invalid_argument);
    // Also if it had to wait before it saw that.
    auto const work = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
    auto const late = error_of([&] {
        if (rank == 0) {
            seg.find_or_construct<busy>(transient, "late", 1, work);
        } else {
            seg.find_or_construct<particle>(transient, "late", 0.0, 0.0, rank);
        }
    });
    EXPECT_EQ(late ? late->code : errc::type_mismatch, errc::type_mismatch);
    seg.fence();
    EXPECT_EQ(error_of([&] { seg.find_or_construct<int>("late", 1); })->code, errc::type_mismatch);
}

TEST_F(FindOrConstruct, IsRefusedByAClosedSegment) {
    segment other(on, {.capacity = std::size_t{1} << 20U});
    other.close();
    EXPECT_EQ(error_of([&] { other.find_or_construct<int>("number", 1); })->code, errc::closed);
}

// --- constructors that do things -----------------------------------------------------------------

TEST_F(FindOrConstruct, TriesOnAnotherRankWhenAConstructorThrows) {
    static_cast<void>(seg.create_value<int>("warm"));
    auto const used = seg.heap().stats().used;
    seg.fence();
    auto const fail_unless_last = [&] {
        if (rank != last) throw std::runtime_error("no reason");
    };
    bool thrown = false;
    bool created = false;
    try {
        auto const made = seg.find_or_construct<busy>(transient, "u", rank, fail_unless_last);
        created = made.created;
        EXPECT_EQ(made.handle->value, last);
    } catch (std::runtime_error const& failed) {
        thrown = true;
        EXPECT_STREQ(failed.what(), "no reason");
    }
    EXPECT_EQ(created, rank == last);
    EXPECT_FALSE(thrown && rank == last);
    seg.fence();
    EXPECT_EQ(seg.find<busy>("u")->value, last);
    seg.fence();
    if (rank == last) seg.destroy<busy>("u");
    seg.fence();
    seg.heap().collect();
    EXPECT_EQ(seg.heap().stats().used, used) << "a block of one that failed is lost";
    expect_sound(seg);
}

TEST_F(FindOrConstruct, AConstructorMayConstructOthersAndAllocate) {
    auto const work = [&] {
        for (int i = 0; i < 20; ++i) {
            seg.find_or_construct<int>("part/" + std::to_string(i), i);
        }
        seg.construct<int>("whole/extra", 5);
        seg.heap().deallocate(seg.heap().allocate(100));
    };
    auto const made = seg.find_or_construct<busy>(transient, "whole", 1, work);
    EXPECT_TRUE(same_on_all(made.handle));
    EXPECT_EQ(*seg.find<int>("part/19"), 19);
    EXPECT_EQ(seg.group("part").list().size(), 20U);
    EXPECT_EQ(seg.list().size(), 22U);
}

TEST_F(FindOrConstruct, AConstructorThatAsksForItselfIsToldSo) {
    auto const ask = [&] { seg.find_or_construct<busy>(transient, "u", 0, [] {}); };
    auto const thrown = error_of([&] { seg.find_or_construct<busy>(transient, "u", rank, ask); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::already_exists);
    EXPECT_THAT(thrown->text, AllOf(HasSubstr("\"u\""), HasSubstr("this thread")));
    seg.fence();
    EXPECT_FALSE(seg.contains("u"));
    seg.fence();
}

// Whoever waits lets MPI work: the constructor receives what those who wait have sent.
TEST_F(FindOrConstruct, MessagesMoveWhileOthersWait) {
    constexpr int n_bytes = 2'000'000;
    std::vector<char> out(n_bytes, static_cast<char>('a' + rank));
    std::vector<char> in(n_bytes);
    MPI_Request sent = MPI_REQUEST_NULL;
    auto const receive = [&] {
        for (int r = 1; r < size; ++r) {
            MPI_Send(nullptr, 0, MPI_BYTE, r, 1, world); // it is claimed
        }
        for (int r = 1; r < size; ++r) {
            MPI_Recv(in.data(), n_bytes, MPI_CHAR, r, 2, world, MPI_STATUS_IGNORE);
            EXPECT_EQ(in[n_bytes - 1], static_cast<char>('a' + r));
        }
    };
    if (rank != 0) {
        MPI_Recv(nullptr, 0, MPI_BYTE, 0, 1, world, MPI_STATUS_IGNORE);
        MPI_Isend(out.data(), n_bytes, MPI_CHAR, 0, 2, world, &sent);
    }
    auto const made = seg.find_or_construct<busy>(transient, "u", rank, receive);
    EXPECT_EQ(made.created, rank == 0);
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
}

// --- what others see of it meanwhile -------------------------------------------------------------

// One object is being constructed by a thread of the last rank until all have looked.
struct BeingConstructed : FindOrConstruct {
    BeingConstructed() {
        if (rank == last) {
            constructing = std::jthread([this] {
                auto const thrown = error_of([&] {
                    seg.find_or_construct<busy>(transient, "u", 1, [this] {
                        began = true;
                        while (!go_on) {
                            std::this_thread::sleep_for(std::chrono::milliseconds(1));
                        }
                    });
                });
                if (thrown) ADD_FAILURE() << thrown->text;
            });
            while (!began) {
                std::this_thread::yield();
            }
        }
        seg.fence();
    }
    void end() {
        seg.fence();
        go_on = true;
        if (constructing.joinable()) constructing.join();
        seg.fence();
        EXPECT_EQ(seg.find<busy>("u")->value, 1);
        expect_sound(seg);
    }
    [[nodiscard]] auto text_that_names_it() const {
        return AllOf(HasSubstr("\"u\" is being constructed by rank " + std::to_string(last)),
                     HasSubstr("find_or_construct_test.cpp"));
    }

    std::atomic<bool> began{false};
    std::atomic<bool> go_on{false};
    std::jthread constructing;
};

TEST_F(BeingConstructed, AnObjectIsNotShown) {
    EXPECT_FALSE(seg.contains("u"));
    EXPECT_FALSE(seg.info("u"));
    EXPECT_TRUE(seg.list().empty());
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find<busy>("u")); })->code, errc::not_found);
    EXPECT_EQ(error_of([&] { seg.destroy<busy>("u"); })->code, errc::not_found);
    expect_sound(seg);
    end();
}

TEST_F(BeingConstructed, ItsNameIsTaken) {
    auto const alone = error_of([&] { seg.construct<counted>(transient, "u", 1); });
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->code, errc::already_exists);
    EXPECT_THAT(alone->text, text_that_names_it());
    EXPECT_EQ(counted::n_made, 0) << "it saw that in time";
    seg.fence();
    for (auto const& thrown :
         {agreed_error_of(world, [&] { static_cast<void>(seg.create_value<int>("u")); }),
          agreed_error_of(world, [&] { seg.create_object<counted>("u", 1); }),
          agreed_error_of(world, [&] { static_cast<void>(seg.create_array<int>("u", shape(3))); }),
          agreed_error_of(world,
                          [&] { static_cast<void>(seg.create_array<int>("u", shape(100'000))); }),
          agreed_error_of(
              world, [&] { static_cast<void>(seg.find_or_create_array<int>("u", shape(3))); })}) {
        EXPECT_EQ(thrown.code, errc::already_exists);
        EXPECT_THAT(thrown.text, text_that_names_it());
    }
    end();
}

} // namespace
} // namespace shmwin
