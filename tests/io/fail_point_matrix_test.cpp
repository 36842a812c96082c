// SPDX-License-Identifier: MIT
// Trouble at each step of a save and a restore, on each rank, for each kind of save: the same error
// on all ranks, the next store finds a whole checkpoint, at most one older, bit for bit, and
// nothing else is there. Kills: support/io_fail_points.py.
#include "shmwin/io/checkpoint_store.hpp"

#include "io/fail_point.hpp"
#include "support/fault_fixture.hpp"
#include "support/save_kinds.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

char const* reflink_disk() {
    return std::getenv("SHMWIN_TEST_REFLINK_DISK"); // NOLINT(concurrency-mt-unsafe)
}

struct FailPointMatrix : fault_fixture {
    // --- one save and restore with trouble on the way ----------------------------------------

    // A checkpoint of 1000; then one of 2000, as another step or the same; then a restore.
    void run(std::string const& what, save_kind kind, int variant) {
        SCOPED_TRACE(what + ", " + std::string(name_of(kind)) + ", variant "
                     + std::to_string(variant));
        logged_lines const quiet;
        save_whole();
        std::optional<error_info> trouble;
        {
            scoped_variable const fail("SHMWIN_FAIL_POINT", what);
            // fsync costs most of the time
            bool const durable = what.find("sync_") != std::string::npos || what.ends_with("fsync");
            trouble = agreed_trouble([&] { save_and_restore(kind, durable, variant); });
        }
        if (trouble) {
            EXPECT_THAT(trouble->code, AnyOf(errc::io_failure, errc::no_space)) << trouble->text;
            EXPECT_THAT(what, AnyOf(HasSubstr("eio"), HasSubstr("enospc"), HasSubstr("fsync")))
                << trouble->text;
        }
        expect_whole();
    }

    void fill_all(double value) {
        for (auto const i : steady.rows()) { // what .incremental takes from before
            steady(i) = static_cast<double>(i);
        }
        if (rank == 0) n.store(static_cast<int>(value));
        fill(value);
    }
    void spoil() {
        for (auto const i : steady.rows()) {
            steady(i) = -1;
        }
        if (rank == 0) n.store(-1);
        fill(-1);
    }
    [[nodiscard]] static bool hold(segment& in, double value) {
        return holds(in.find_array<double, 1>("a"), value)
               && holds(in.find_array<double, 1>("steady"), 0)
               && in.find_value<int>("n").load() == static_cast<int>(value);
    }

    void save_whole() {
        empty_directory(world, place);
        fill_all(1000);
        checkpoint_store store(world, where, {.durable = false});
        store.save(seg, {.step = 1});
    }
    void save_and_restore(save_kind kind, bool durable, int variant) {
        saved_ = false;
        checkpoint_store store(
            world,
            where,
            options_of(kind,
                       {.keep = 1, .durable = durable, .verify_first = variant / 2 % 3 == 0}));
        if (is_incremental(kind)) know_the_one_before(store);
        fill_all(2000);
        save_as(kind, store, seg, {.step = variant % 2 == 1 ? 1 : 2}, [&] { fill_all(3000); });
        saved_ = true;
        if (variant / 2 % 2 == 0) {
            spoil();
            store.restore_latest(seg);
            EXPECT_TRUE(hold(seg, 2000));
        } else {
            restore_into_another(store);
        }
    }
    // Without trouble: that is for the save.
    void know_the_one_before(checkpoint_store& store) {
        {
            scoped_variable const none("SHMWIN_FAIL_POINT", "");
            detail::arm_fail_points(rank);
            store.restore_latest(seg);
        }
        seg.fence();
        detail::arm_fail_points(rank);
    }
    void restore_into_another(checkpoint_store& store) {
        segment other(on, {.capacity = 8_MiB});
        auto const failed = error_of([&] { store.restore_latest(other); });
        if (failed) {
            EXPECT_THAT(other.list(), IsEmpty());
        } else {
            EXPECT_TRUE(hold(other, 2000));
        }
        other.fence();
        other.close();
        if (failed) raise(*failed);
    }
    void expect_whole() {
        checkpoint_store next(world, where);
        for (auto const& each : names_in(world, place)) {
            EXPECT_THAT(each,
                        AnyOf(".state.lock", "state-000000000001.h5", "state-000000000002.h5"));
        }
        spoil();
        auto const at = next.restore_latest(seg);
        ASSERT_TRUE(at);
        EXPECT_EQ(at->file, next.list().back()) << "the newest is not whole";
        EXPECT_TRUE(hold(seg, 2000) || (!saved_ && hold(seg, 1000)));
        seg.fence();
    }

    // --- who comes where ---------------------------------------------------------------------

    using ranks_by_point = std::map<std::string, std::vector<int>>;

    // Which ranks come to which points: as a run without trouble shows.
    ranks_by_point ranks_at_points(save_kind kind) {
        logged_lines const quiet;
        save_whole();
        save_and_restore(kind, true, 1);
        std::string mine;
        for (auto const& each : detail::passed_fail_points()) {
            mine += each + ' ';
        }
        ranks_by_point found;
        int r = 0;
        for (auto const& theirs : gather(world, mine)) {
            std::istringstream words(theirs);
            for (std::string each; words >> each;) {
                found[each].push_back(r);
            }
            ++r;
        }
        seg.fence();
        return found;
    }

    // Blocks for every rank, and chunks.
    array<double, 1> steady = seg.create_array<double>("steady", shape(6 << 15));
    std::filesystem::path const place =
        reflink_disk() == nullptr ? directory / "run"
                                  : std::filesystem::path(reflink_disk()) / directory.filename();
    std::filesystem::path const where = place / "state";
    bool saved_ = false; ///< the save of 2000 has returned
};

constexpr std::array<char const*, 5> actions{"eio", "enospc", "fsync", "short", "delay:1"};

// --- pairs -------------------------------------------------------------------------------------

struct EachFailPoint : FailPointMatrix, testing::WithParamInterface<int> {};

// For each point another kind of save and another rank with each action, so that all pairs of
// point, action, rank and kind occur, the sixth kind of each point among the kills.
TEST_P(EachFailPoint, NextStoreFindsAWholeCheckpoint) {
    std::vector<ranks_by_point> ranks_at;
    for (int k = 0; k < n_save_kinds; ++k) {
        ranks_at.push_back(ranks_at_points(static_cast<save_kind>(k)));
    }
    auto const names = detail::fail_point_names();
    auto const action = GetParam();
    std::size_t n_runs = 0;
    for (int p = 0; p < static_cast<int>(names.size()); ++p) {
        auto const& point = names[static_cast<std::size_t>(p)];
        for (int k = 0; k < n_save_kinds; ++k) { // the first that comes there
            auto const kind = (p + action + k) % n_save_kinds;
            auto const found = ranks_at[static_cast<std::size_t>(kind)].find(point);
            if (found == ranks_at[static_cast<std::size_t>(kind)].end()) continue;
            auto const& ranks = found->second;
            auto const who = ranks[static_cast<std::size_t>(p / 6 + action) % ranks.size()];
            run(point + '@' + std::to_string(who) + '='
                    + actions.at(static_cast<std::size_t>(action)),
                static_cast<save_kind>(kind),
                p / 2 + 5 * action);
            ++n_runs;
            if (HasFatalFailure()) return;
            break;
        }
    }
    EXPECT_GE(n_runs, names.size() - 2) << "share: only where there are reflinks";
}

INSTANTIATE_TEST_SUITE_P(Actions, EachFailPoint, testing::Range(0, 5));

// --- all, in the soak --------------------------------------------------------------------------

struct EveryFailPoint : FailPointMatrix, testing::WithParamInterface<std::tuple<int, int>> {};

TEST_P(EveryFailPoint, NextStoreFindsAWholeCheckpoint) {
    if (soak_factor() <= 1) GTEST_SKIP() << "part of the soak";
    auto const kind = static_cast<save_kind>(std::get<0>(GetParam()));
    auto const* const action = actions.at(static_cast<std::size_t>(std::get<1>(GetParam())));
    for (auto const& [point, ranks] : ranks_at_points(kind)) {
        for (auto const who : ranks) {
            for (int const variant : {0, 3}) { // a new step; one that is replaced
                run(point + '@' + std::to_string(who) + '=' + action, kind, variant);
                if (HasFatalFailure()) return;
            }
        }
    }
}

std::string name_of_case(testing::TestParamInfo<std::tuple<int, int>> const& which) {
    auto const [kind, action] = which.param;
    std::string_view const what = actions.at(static_cast<std::size_t>(action));
    std::string name(name_of(static_cast<save_kind>(kind)));
    return name.append("_").append(what.substr(0, what.find(':')));
}

INSTANTIATE_TEST_SUITE_P(KindsAndActions,
                         EveryFailPoint,
                         testing::Combine(testing::Range(0, n_save_kinds), testing::Range(0, 5)),
                         name_of_case);

// --- blocks of the checkpoint before -------------------------------------------------------------

// On a file system with reflinks: support/io_reflink_disk.sh.
TEST_F(FailPointMatrix, TroubleWhileOldBlocksAreTaken) {
    if (reflink_disk() == nullptr) GTEST_SKIP() << "started by support/io_reflink_disk.sh";
    std::array const kinds{save_kind::incremental, save_kind::async_incremental};
    std::array const ranks_at{ranks_at_points(kinds[0]), ranks_at_points(kinds[1])};
    int variant = 0;
    for (auto const* const point : {"before_open_previous",
                                    "after_open_previous",
                                    "before_try_share",
                                    "after_try_share",
                                    "before_share",
                                    "after_share"}) {
        for (auto const* const action : actions) {
            auto const k = static_cast<std::size_t>(variant) % 2;
            ASSERT_TRUE(ranks_at.at(k).contains(point)) << point << ", " << name_of(kinds.at(k));
            auto const& ranks = ranks_at.at(k).at(point);
            auto const who = ranks[static_cast<std::size_t>(variant / 2) % ranks.size()];
            run(std::string(point) + '@' + std::to_string(who) + '=' + action,
                kinds.at(k),
                variant++);
            if (HasFatalFailure()) return;
        }
    }
}

// --- more than one at once
// -------------------------------------------------------------------------

TEST_F(FailPointMatrix, LaterOccurrencesAndSeveralRanksAtOnceFailTheSame) {
    int variant = 0;
    using row = std::pair<save_kind, char const*>;
    for (auto const& [kind, what] :
         {row{save_kind::plain, "after_block@1#2=eio,before_block@2#1=enospc"},
          row{save_kind::plain, "before_block=eio"},
          row{save_kind::plain, "before_read_block@1#2=eio,after_read_block@0#1=enospc"},
          row{save_kind::plain, "before_sign=short,before_sign=fsync"},
          row{save_kind::plain, "after_block#2=short,before_record=short,after_rename=delay:1"},
          row{save_kind::async, "before_block@0#9=eio,before_read_block@1=eio"},
          row{save_kind::async_bounded, "before_block@0#2=eio,before_stage_block#2=delay:20"},
          row{save_kind::async_bounded, "before_block@0#11=enospc"},
          row{save_kind::deflate, "before_place_chunk@0#2=enospc,before_compress@1=delay:20"},
          row{save_kind::deflate, "before_place_chunk@0=eio,before_block@1=eio"}}) {
        run(what, kind, variant++);
        if (HasFatalFailure()) return;
    }
}

} // namespace
} // namespace shmwin
