// SPDX-License-Identifier: MIT
// What goes wrong at each step of a save and a restore, on each rank: the same error on all, the
// next store finds a whole checkpoint, and nothing else is there. Kills: support/io_fail_points.py.
#include "shmwin/io/checkpoint_store.hpp"

#include "io/fail_point.hpp"
#include "support/io_store.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct FailPoint : open_segment_and_directory {
    void SetUp() override {
        if (detail::fail_point_names().empty()) GTEST_SKIP() << "built without fail points";
    }

    void fill(double value) {
        seg.fence();
        for (auto const i : a.rows()) {
            a(i) = value + static_cast<double>(i);
        }
        if (rank == 0) n.store(static_cast<int>(value));
        seg.fence();
    }
    [[nodiscard]] static bool
    holds(array<double, 1> const& in, value<int> const& count, double value) {
        for (std::int64_t i = 0; i < in.extent(0); ++i) {
            if (in(i) != value + static_cast<double>(i)) return false;
        }
        return count.load() == static_cast<int>(value);
    }

    // The error of a collective; all ranks have it, or none, and within 10 s.
    std::optional<error_info> agreed_trouble(detail::function_ref<void()> call) {
        auto const begin = std::chrono::steady_clock::now();
        auto thrown = error_of(call);
        EXPECT_LT(seconds_since(begin), 10.0);
        auto const mine = thrown ? std::string(name(thrown->code)) + ' ' + thrown->text : "";
        EXPECT_TRUE(!thrown || thrown->agreed) << mine;
        for (auto const& other : gather(world, mine)) {
            EXPECT_EQ(other, mine) << "ranks got different errors";
        }
        return thrown;
    }

    // Blocks for every rank: 6 of 256 KiB, and a small one.
    array<double, 1> a = seg.create_array<double>("fields/a", shape(6 << 15));
    value<int> n = seg.create_value<int>("n", 0);
    std::filesystem::path const path = directory / "state";
};

std::string_view step_of(std::string_view name) {
    return name.substr(name.find('_') + 1);
}

// Steps that every rank takes; the others are of rank 0.
bool is_of_all(std::string_view name) {
    static std::set<std::string_view> const all{"prepare",
                                                "plan",
                                                "payload",
                                                "block",
                                                "checksums",
                                                "commit",
                                                "end_save",
                                                "list",
                                                "structure",
                                                "fit",
                                                "objects",
                                                "read_payload",
                                                "read_block",
                                                "end_restore"};
    return all.contains(step_of(name));
}

// --- the matrix ------------------------------------------------------------------------------

struct FailPointMatrix : FailPoint {
    // A checkpoint of 1000; then one of 2000 with trouble on the way, as another step or the same;
    // then a restore with trouble on the way.
    void run(std::string const& point, std::string const& action, int variant) {
        SCOPED_TRACE(point + '=' + action + ", variant " + std::to_string(variant));
        logged_lines const quiet;
        bool const replaces = variant % 2 == 1;
        save_whole();
        std::optional<error_info> trouble;
        {
            scoped_variable const fail("SHMWIN_FAIL_POINT", point + '=' + action);
            // fsync costs most of the time
            bool const durable = (point + action).find("sync") != std::string::npos;
            trouble = agreed_trouble([&] { save_and_restore(replaces, durable, variant); });
        }
        if (trouble) {
            EXPECT_THAT(trouble->code, AnyOf(errc::io_failure, errc::no_space)) << trouble->text;
            EXPECT_THAT(action, AnyOf(HasSubstr("eio"), HasSubstr("enospc"), HasSubstr("fsync")))
                << trouble->text;
        }
        expect_whole();
    }

    void save_whole() {
        empty_directory(world, directory);
        fill(1000);
        checkpoint_store store(world, path, {.durable = false});
        store.save(seg, {.step = 1});
    }
    void save_and_restore(bool replaces, bool durable, int variant) {
        saved_ = false;
        bool const verify_first = variant % 3 == 0;
        checkpoint_store store(
            world, path, {.keep = 1, .durable = durable, .verify_first = verify_first});
        fill(2000);
        store.save(seg, {.step = replaces ? 1 : 2});
        saved_ = true;
        if (variant % 4 < 2) {
            fill(-1);
            store.restore_latest(seg);
            EXPECT_TRUE(holds(a, n, 2000));
        } else {
            restore_into_another(store);
        }
    }
    void restore_into_another(checkpoint_store& store) {
        segment other(on, {.capacity = 8_MiB});
        auto const failed = error_of([&] { store.restore_latest(other); });
        if (failed) {
            EXPECT_THAT(other.list(), IsEmpty());
        } else {
            EXPECT_TRUE(
                holds(other.find_array<double, 1>("fields/a"), other.find_value<int>("n"), 2000));
        }
        other.fence();
        other.close();
        if (failed) raise(*failed);
    }
    void expect_whole() {
        checkpoint_store next(world, path);
        for (auto const& each : names_in(world, directory)) {
            EXPECT_THAT(each,
                        AnyOf(".state.lock", "state-000000000001.h5", "state-000000000002.h5"));
        }
        fill(-1);
        auto const at = next.restore_latest(seg);
        ASSERT_TRUE(at);
        EXPECT_EQ(at->file, next.list().back()) << "the newest is not whole";
        EXPECT_TRUE(holds(a, n, 2000) || (!saved_ && holds(a, n, 1000)));
        seg.fence();
    }

    bool saved_ = false; ///< the save of 2000 has returned
};

struct EachFailPoint : FailPointMatrix, testing::WithParamInterface<char const*> {};

// On one rank after the other, so that all pairs of point, action and rank occur; soak: all.
TEST_P(EachFailPoint, NextStoreFindsAWholeCheckpoint) {
    auto variant =
        static_cast<int>(std::string_view(GetParam()).size()); // they begin with different ranks
    for (auto const& each : detail::fail_point_names()) {
        auto const n_ranks = is_of_all(each) ? size : 1;
        auto const n_runs = soak_factor() > 1 ? 4 * n_ranks : 1;
        for (int i = 0; i < n_runs; ++i) {
            run(each + '@' + std::to_string(variant % n_ranks), GetParam(), variant);
            ++variant;
            if (HasFatalFailure()) return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Actions,
                         EachFailPoint,
                         testing::Values("eio", "enospc", "fsync", "short", "delay:1"));

TEST_F(FailPointMatrix, LaterOccurrencesAndSeveralRanksAtOnceFailTheSame) {
    int variant = 0;
    for (auto const* const each :
         {"after_block@1#2=eio,before_block@2#1=enospc",
          "before_block=eio",
          "before_read_block@1#2=eio,after_read_block@0#1=enospc",
          "before_sign=short,before_sign=fsync",
          "after_block#2=short,before_record=short,after_rename=delay:1"}) {
        std::string_view const text = each;
        auto const at = text.find('=');
        run(std::string(text.substr(0, at)), std::string(text.substr(at + 1)), variant++);
        if (HasFatalFailure()) return;
    }
}

// --- what is said ----------------------------------------------------------------------------

TEST_F(FailPoint, StepThatFailsIsNamed) {
    struct row {
        char const* what;
        errc code;
        char const* text;
    };
    for (auto const& each :
         {row{"before_lock=eio", errc::io_failure, "directory cannot be written"},
          row{"before_space=enospc", errc::no_space, "opening failed"},
          row{"before_blank=eio", errc::io_failure, "writing failed"},
          row{"before_reserve=enospc", errc::no_space, "reserving space failed"},
          row{"before_checksums@0=enospc", errc::no_space, "free space"},
          row{"before_sync_payload=fsync", errc::io_failure, "fsync failed"},
          row{"before_sync_signature=fsync", errc::io_failure, "fsync failed"},
          row{"before_rename=eio", errc::io_failure, "rename failed"},
          row{"before_sync_directory=fsync", errc::io_failure, "fsync failed (directory"},
          row{"before_list@0=eio", errc::io_failure, "directory cannot be read"},
          row{"before_structure@0=eio", errc::io_failure, "opening failed"},
          row{"before_read_block=eio", errc::io_failure, "reading failed"}}) {
        scoped_variable const fail("SHMWIN_FAIL_POINT", each.what);
        auto const thrown = agreed_trouble([&] {
            checkpoint_store store(world, path);
            store.save(seg, {.step = 1});
            store.restore_latest(seg);
        });
        ASSERT_TRUE(thrown) << each.what;
        EXPECT_EQ(thrown->code, each.code) << each.what;
        EXPECT_THAT(thrown->text, HasSubstr(each.text)) << each.what;
    }
}

TEST_F(FailPoint, BadGrammarIsRefusedWithTheWord) {
    for (auto const* const each : {"before_rename",
                                   "rename=eio",
                                   "before_nothing=eio",
                                   "before_rename=explode",
                                   "before_rename@=eio",
                                   "before_rename@x=eio",
                                   "before_rename@-1=eio",
                                   "before_rename#0=eio",
                                   "before_rename=delay",
                                   "before_rename=eio:3",
                                   "before_lock=kill2",
                                   "after_rename=delay:ms",
                                   ",",
                                   "=kill"}) {
        scoped_variable const fail("SHMWIN_FAIL_POINT", each);
        auto const refused = agreed_error_of(world, [&] { checkpoint_store store(world, path); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << each;
        EXPECT_THAT(refused.text,
                    AllOf(HasSubstr("SHMWIN_FAIL_POINT"), HasSubstr("NAME[@RANK][#OCCURRENCE]")))
            << each;
    }
}

} // namespace
} // namespace shmwin
