// SPDX-License-Identifier: MIT
// Queues in checkpoints: a plain data set of the tasks, leased ones among them, which comes back
// into a queue that is there, or makes one.
#include "shmwin/base/describe.hpp"
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/segment/queue.hpp"

#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace app {
struct job { // padded
    double x;
    std::int32_t id;
    bool urgent;
    friend bool operator==(job const&, job const&) = default;
};
struct secret {
    int word;
};
} // namespace app
SHMWIN_DESCRIBE(app::job, x, id, urgent);
SHMWIN_NAME(app::secret, "app.secret/1");

namespace shmwin {
namespace {

using namespace test;

app::job job_at(int i) {
    return {i + 0.5, i, i % 3 == 0};
}

struct QueueCheckpoint : open_segment_and_directory {
    checkpoint_store store{world, directory / "state"};

    static std::vector<std::int64_t> numbers(std::int64_t n, std::int64_t first = 0) {
        std::vector<std::int64_t> all(static_cast<std::size_t>(n));
        std::iota(all.begin(), all.end(), first);
        return all;
    }
    // Node, collective. One rank pushes.
    template <typename T>
    void push(queue<T> const& to, std::vector<T> const& tasks) {
        if (rank == last) to.push_range(tasks);
        seg.fence();
    }
    // One rank takes all that is queued.
    template <typename T>
    static std::vector<T> drain(queue<T> const& from) {
        std::vector<T> all;
        for (auto got = from.try_pop(); got && *got; got = from.try_pop()) {
            EXPECT_EQ(got->attempts(), 1);
            all.push_back(**got);
            got->done();
        }
        return all;
    }
    // Node, collective.
    template <typename T>
    void expect_tasks(segment& in, queue<T> const& of, std::vector<T> const& tasks) const {
        in.fence();
        EXPECT_EQ(of.size(), tasks.size());
        EXPECT_EQ(of.n_leased(), 0U);
        in.fence();
        if (rank == 0) {
            EXPECT_EQ(drain(of), tasks);
        }
        expect_sound(in);
    }
};

TEST_F(QueueCheckpoint, TasksComeBackIntoTheQueueThatIsThere) {
    auto const tasks = seg.create_queue<std::int64_t>("tasks");
    for (std::int64_t const n : {100'000, 1, 0, 64, 65}) { // more than one block of checksums
        push(tasks, numbers(n));
        auto const saved = store.save(seg, {.step = 1});
        EXPECT_THAT(saved.saved, ElementsAre("tasks"));
        EXPECT_EQ(saved.n_bytes, 8U * static_cast<std::size_t>(n));
        EXPECT_EQ(store.verify(saved.file).result, verdict::intact);
        push(tasks, numbers(777, -5));
        EXPECT_TRUE(store.restore_latest(seg));
        expect_tasks(seg, tasks, numbers(n));
    }
}

// Also with holes: what is done meanwhile is not there.
TEST_F(QueueCheckpoint, LeasedTasksAreQueuedAgain) {
    auto const tasks = seg.create_queue<std::int64_t>("tasks");
    push(tasks, numbers(1000));
    std::vector<lease<std::int64_t>> held;
    if (rank == 0) {
        for (int i = 0; i < 300; ++i) {
            auto task = tasks.pop();
            if (i % 3 == 0) task.done();
            if (i % 3 == 1) held.push_back(std::move(task));
        } // every third comes back at once, and is leased again
    }
    seg.fence();
    auto const n_left = tasks.size() + tasks.n_leased();
    store.save(seg, {.step = 1});
    EXPECT_EQ(tasks.size() + tasks.n_leased(), n_left) << "leases go on";
    seg.fence();
    if (rank == 0) {
        EXPECT_TRUE(held.back().put_back());
        held.pop_back();
    }
    store.restore_latest(seg);
    EXPECT_EQ(tasks.size(), n_left);
    EXPECT_EQ(tasks.n_leased(), 0U);
    for (auto& each : held)
        EXPECT_FALSE(each.done()) << "its task was replaced";
    seg.fence();
    if (rank == 0) {
        auto const found = drain(tasks); // each once, and with the first attempt
        EXPECT_EQ(found.size(), n_left);
        EXPECT_TRUE(std::ranges::is_sorted(found));
        EXPECT_TRUE(std::ranges::adjacent_find(found) == found.end());
    }
    expect_sound(seg);
}

TEST_F(QueueCheckpoint, MakesTheQueueThatIsMissing) {
    auto const jobs = seg.create_queue<app::job>("deep/jobs");
    std::vector<app::job> all;
    for (int i = 0; i < 5000; ++i) {
        all.push_back(job_at(i));
    }
    push(jobs, all);
    seg.create_queue<double>("none");
    auto const file = store.save(seg, {.step = 1}).file;
    segment other(on, {.capacity = 16_MiB});
    store.restore(other, file);
    auto const found = other.find_queue<app::job>("deep/jobs");
    EXPECT_TRUE(other.info("deep/jobs")->saved);
    expect_tasks(other, found, all);
    EXPECT_EQ(other.find_queue<double>("none").size(), 0U);
    other.fence();
    if (rank == last) found.push(job_at(7)); // it lives on
    other.fence();
    expect_tasks(other, found, {job_at(7)});
    other.destroy(found);
    other.close();

    // And on one rank, as many as there are.
    node alone(MPI_COMM_SELF);
    segment mine(alone, {.capacity = 16_MiB});
    checkpoint_store reader(MPI_COMM_SELF, directory / ("reader" + std::to_string(rank)));
    reader.restore(mine, file);
    EXPECT_EQ(drain(mine.find_queue<app::job>("deep/jobs")), all);
    mine.close();
    alone.close();
    MPI_Barrier(world);
}

TEST_F(QueueCheckpoint, H5pyReadsOneDataSet) {
    SHMWIN_NEEDS_H5PY();
    push(seg.create_queue<app::job>("jobs"), {job_at(0), job_at(1), job_at(2)});
    push(seg.create_queue<std::int64_t>("numbers"), numbers(1000));
    seg.create_queue<float>("none");
    auto const file = store.save(seg, {.step = 1}).file;
    run_python(world,
               "f = h5py.File(sys.argv[1])\n"
               "j = f[\"jobs\"]\n"
               "assert j.shape == (3,) and j.dtype.names == (\"x\", \"id\", \"urgent\"), j.dtype\n"
               "assert (j[\"x\"] == [0.5, 1.5, 2.5]).all() and (j[\"id\"] == [0, 1, 2]).all()\n"
               "assert j.attrs[\"shmwin_kind\"] == b\"queue\"\n"
               "n = f[\"numbers\"]\n"
               "assert n.dtype == np.int64 and (n[...] == np.arange(1000)).all()\n"
               "assert f[\"none\"].shape == (0,) and f[\"none\"].dtype == np.float32\n",
               file.native());
}

TEST_F(QueueCheckpoint, RepackedInChunksComesBack) {
    SHMWIN_NEEDS_H5PY();
    auto const tasks = seg.create_queue<std::int64_t>("tasks");
    push(tasks, numbers(1000));
    auto const file = store.save(seg, {.step = 1}).file;
    auto const chunked = directory / "chunked.h5";
    run_python(world,
               "import os\n"
               "if os.system(\"h5repack -l tasks:CHUNK=7 -f GZIP=1 \" + sys.argv[1] + \" \" +"
               " sys.argv[2]): sys.exit(1)\n"
               "assert h5py.File(sys.argv[2])[\"tasks\"].chunks\n",
               file.native() + ' ' + chunked.native());
    push(tasks, numbers(5));
    logged_lines const log;
    store.restore(seg, chunked);
    expect_tasks(seg, tasks, numbers(1000));
}

// What was there stays, and no memory is lost.
TEST_F(QueueCheckpoint, ADamagedFileChangesNothing) {
    SHMWIN_NEEDS_H5PY();
    auto const tasks = seg.create_queue<std::int64_t>("tasks");
    auto const more = seg.create_queue<std::int64_t>("more");
    push(tasks, numbers(1000));
    push(more, numbers(1000));
    auto const file = store.save(seg, {.step = 1}).file;
    run_python(
        world, "with h5py.File(sys.argv[1], \"r+\") as f: f[\"tasks\"][500] = -1\n", file.native());
    seg.destroy(more);
    seg.fence();
    if (rank == 0) static_cast<void>(drain(tasks));
    seg.fence();
    push(tasks, numbers(3));
    auto const before = seg.heap().stats().n_blocks;
    logged_lines const log;
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(refused.code, errc::damaged);
    EXPECT_THAT(refused.text, HasSubstr("tasks, block 0"));
    EXPECT_FALSE(seg.contains("more"));
    EXPECT_EQ(seg.heap().stats().n_blocks, before);
    expect_tasks(seg, tasks, numbers(3));
}

TEST_F(QueueCheckpoint, WithoutRoomAllStaysAsItWas) {
    push(seg.create_queue<std::int64_t>("a"), numbers(10));
    push(seg.create_queue<std::int64_t>("b"), numbers(1'000'000));
    auto const file = store.save(seg, {.step = 1}).file;
    segment small(on, {.capacity = 1_MiB});
    auto const a = small.create_queue<std::int64_t>("a");
    if (rank == 0) a.push(4);
    small.fence();
    auto const refused = agreed_error_of(world, [&] { store.restore(small, file); });
    EXPECT_EQ(refused.code, errc::out_of_memory) << refused.text;
    EXPECT_FALSE(small.contains("b"));
    expect_tasks(small, a, {4});
    small.close();
}

TEST_F(QueueCheckpoint, SavedOrNotAsItWasCreated) {
    seg.create_queue<int>("not", {.saved = false});
    seg.create_queue<app::secret>("secret"); // not described
    seg.create_queue<int>("tasks");
    logged_lines const log;
    auto const report = store.save(seg, {.step = 1});
    EXPECT_THAT(report.saved, ElementsAre("tasks"));
    EXPECT_THAT(names_of(report.left_out), ElementsAre("not", "secret"));
    store.save(seg, {.step = 2}); // said once
    auto const said = HasSubstr("leaves a queue out (\"secret\" holds app.secret/1");
    EXPECT_THAT(log.lines(),
                rank == 0 ? testing::Matcher<std::vector<std::string>>(ElementsAre(said))
                          : testing::Matcher<std::vector<std::string>>(IsEmpty()));
}

TEST_F(QueueCheckpoint, WhatDoesNotFitChangesNothing) {
    push(seg.create_queue<std::int64_t>("tasks"), numbers(4));
    auto const file = store.save(seg, {.step = 1}).file;
    struct row {
        errc code;
        std::string_view said;
        std::function<void(segment&)> create;
    };
    std::vector<row> const rows{
        {errc::type_mismatch,
         "in the checkpoint: int64",
         [](segment& s) { s.create_queue<double>("tasks"); }},
        {errc::type_mismatch,
         "in the checkpoint: int64",
         [](segment& s) { s.create_queue<app::secret>("tasks"); }},
        {errc::type_mismatch,
         "of kind array",
         [](segment& s) { s.create_array<std::int64_t>("tasks", shape(4)); }},
        {errc::not_found, "\"zzz\" of the segment", [](segment& s) {
             s.create_queue<std::int64_t>("tasks");
             s.create_queue<std::int64_t>("zzz");
         }}};
    for (auto const& each : rows) {
        segment other(on, {.capacity = 8_MiB});
        each.create(other);
        auto const n_names = other.list().size();
        auto const refused = agreed_error_of(world, [&] { store.restore(other, file); });
        EXPECT_EQ(refused.code, each.code) << refused.text;
        EXPECT_THAT(refused.text, HasSubstr(std::string(each.said)));
        EXPECT_EQ(other.list().size(), n_names);
        other.fence();
        other.close();
    }
}

TEST_F(QueueCheckpoint, AQueueHasOneDimension) {
    SHMWIN_NEEDS_H5PY();
    seg.create_array<double>("a", shape(3, 4));
    auto const file = store.save(seg, {.step = 1}).file;
    run_python(world,
               "with h5py.File(sys.argv[1], \"r+\") as f:\n"
               "    f[\"a\"].attrs.create(\"shmwin_kind\", \"queue\", "
               "dtype=h5py.string_dtype(\"utf-8\", 5))\n",
               file.native());
    auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
    EXPECT_EQ(refused.code, errc::damaged);
    EXPECT_THAT(refused.text, HasSubstr("a is a queue of 2 dimensions"));
}

} // namespace
} // namespace shmwin
