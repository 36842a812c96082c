// SPDX-License-Identifier: MIT
// Checkpoints through the C interface: every function's success and its errors. What files hold and
// survive: tests/io.
#include "shmwin/c/checkpoint.h"
#include "shmwin/io/checkpoint_store.hpp"

#include "c/handles.hpp"
#include "support/c_handle.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin::test {
namespace {

using store_handle = c_handle<shmwin_checkpoint_store, shmwin_checkpoint_store_close>;
using info_handle = c_handle<shmwin_checkpoint_info, shmwin_checkpoint_info_free>;
using report_handle = c_handle<shmwin_save_report, shmwin_save_report_free>;
using verify_handle = c_handle<shmwin_verify_report, shmwin_verify_report_free>;
using files_handle = c_handle<shmwin_file_list, shmwin_file_list_free>;
using pending_handle = c_handle<shmwin_pending_save, shmwin_pending_save_free_handle>;
using data_handle = c_handle<shmwin_synchronized, shmwin_synchronized_free_handle>;

std::vector<std::string> texts(char const* const* first, std::size_t n) {
    return {first, first + n};
}
std::vector<std::string> names_of_files(shmwin_file_list const* list) {
    std::vector<std::string> all;
    for (auto const& each : texts(list->files, list->n_files))
        all.push_back(std::filesystem::path(each).filename());
    return all;
}

struct CCheckpoint : c_test {
    void SetUp() override {
        c_test::SetUp();
        directory = empty_directory(MPI_COMM_WORLD, std::filesystem::absolute("c_store"));
        path = directory / "state";
        double const begin = 1.5;
        SHMWIN_ASSERT_OK(
            shmwin_synchronized_create(seg, "x", shmwin_dtype_double(), &begin, x.out()));
    }
    // Node, collective: all see it after.
    void set(double value) {
        fence();
        if (rank == 0) {
            *lock() = value;
            SHMWIN_EXPECT_OK(shmwin_synchronized_unlock(x));
        }
        fence();
    }
    [[nodiscard]] double get() {
        auto const value = *lock();
        EXPECT_EQ(shmwin_synchronized_unlock(x), SHMWIN_SUCCESS);
        return value;
    }
    [[nodiscard]] double* lock() {
        void* bytes = nullptr;
        EXPECT_EQ(shmwin_synchronized_lock(x, -1, &bytes), SHMWIN_SUCCESS) << shmwin_last_error();
        return static_cast<double*>(bytes);
    }
    void open(shmwin_checkpoint_options const* options = nullptr) {
        SHMWIN_ASSERT_OK(
            shmwin_checkpoint_store_open(MPI_COMM_WORLD, path.c_str(), options, store.out()));
    }
    void save(std::int64_t step) {
        shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
        label.step = step;
        SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save(store, seg, &label, nullptr));
    }
    [[nodiscard]] std::string file(int step) const {
        auto digits = std::to_string(step);
        return path.native() + "-" + std::string(12 - digits.size(), '0') + digits + ".h5";
    }

    std::filesystem::path directory;
    std::filesystem::path path;
    data_handle x;
    store_handle store;
};

// Objects of each kind that C makes.
void make_objects(c_test& test) {
    c_handle<shmwin_queue, shmwin_queue_free_handle> tasks;
    c_handle<shmwin_per_rank, shmwin_per_rank_free_handle> parts;
    SHMWIN_ASSERT_OK(
        shmwin_queue_create(test.seg, "tasks", shmwin_dtype_int32(), nullptr, tasks.out()));
    SHMWIN_ASSERT_OK(
        shmwin_per_rank_create(test.seg, "parts", shmwin_dtype_float(), nullptr, parts.out()));
    if (test.rank == test.last) {
        std::array<std::int32_t, 3> const three{7, 8, 9};
        SHMWIN_ASSERT_OK(shmwin_queue_push(tasks, three.data(), three.size()));
    }
    std::vector<float> const mine(static_cast<std::size_t>(test.rank) + 1,
                                  static_cast<float>(test.rank));
    SHMWIN_ASSERT_OK(shmwin_per_rank_append(parts, mine.data(), mine.size()));
    test.fence();
}

TEST_F(CCheckpoint, WrittenByCIsReadByCppAndH5py) {
    SHMWIN_NEEDS_H5PY();
    make_objects(*this);
    open();
    std::int64_t const answer = 42;
    std::array<double, 2> const pair{0.5, -1.0};
    std::array const attributes{
        shmwin_attribute{"answer", SHMWIN_ATTRIBUTE_INT64, &answer, 0},
        shmwin_attribute{"pair", SHMWIN_ATTRIBUTE_DOUBLE_LIST, pair.data(), pair.size()},
        shmwin_attribute{"unit", SHMWIN_ATTRIBUTE_TEXT, "metre", 0}};
    shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
    label.step = 7;
    label.time = 0.25;
    label.attributes = attributes.data();
    label.n_attributes = attributes.size();
    report_handle report;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save(store, seg, &label, report.out()));
    shmwin_save_report const* const told = report;
    EXPECT_EQ(told->file, file(7));
    EXPECT_THAT(texts(told->saved, told->n_saved), ElementsAre("parts", "tasks", "x"));
    EXPECT_EQ(told->n_left_out, 0U);
    EXPECT_GT(told->n_bytes, 0U);
    EXPECT_EQ(told->is_skipped, 0);

    run_python(MPI_COMM_WORLD,
               "with h5py.File(sys.argv[1]) as f:\n"
               "    assert f[\"x\"][()] == 1.5 and f[\"x\"].dtype == np.float64\n"
               "    assert list(f[\"tasks\"][:]) == [7, 8, 9]\n"
               "    n = int(sys.argv[2])\n"
               "    parts = [r for r in range(n) for i in range(r + 1)]\n"
               "    assert list(f[\"parts/data\"][:]) == parts\n"
               "    a = f.attrs\n"
               "    assert a[\"step\"] == 7 and a[\"time\"] == 0.25 and a[\"answer\"] == 42\n"
               "    assert list(a[\"pair\"]) == [0.5, -1.0] and str(a[\"unit\"]) in "
               "(\"metre\", \"b\\x27metre\\x27\")\n",
               file(7) + " " + std::to_string(size));

    segment other(on->is, {.capacity = 16_MiB});
    auto const parts = other.create_per_rank<vector<float>>("parts");
    checkpoint_store theirs(MPI_COMM_WORLD, directory / "other");
    auto const info = theirs.restore(other, file(7));
    EXPECT_EQ(info.step, 7);
    EXPECT_EQ(*other.find_synchronized<double>("x").lock(), 1.5);
    EXPECT_EQ(other.find_queue<std::int32_t>("tasks").size(), 3U);
    ASSERT_EQ(parts[last].size(), static_cast<std::size_t>(size));
    EXPECT_EQ(parts[last][0], static_cast<float>(last));
    other.close();
}

TEST_F(CCheckpoint, ComesBackInPlace) {
    open();
    info_handle info;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_restore_latest(store, seg, nullptr, info.out()));
    EXPECT_EQ(info, nullptr) << "there is none";
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_latest(store, info.out()));
    EXPECT_EQ(info, nullptr);
    save(1);
    set(2.5);
    save(2);
    set(99);
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_restore_latest(store, seg, nullptr, info.out()));
    shmwin_checkpoint_info const* const told = info;
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(told->struct_bytes, sizeof *told);
    EXPECT_EQ(told->step, 2);
    EXPECT_EQ(told->n_ranks, size);
    EXPECT_EQ(std::string(told->uuid).size(), 32U);
    EXPECT_EQ(std::string(told->parent_uuid).size(), 32U) << "of the first";
    EXPECT_EQ(get(), 2.5);
    SHMWIN_ASSERT_OK(
        shmwin_checkpoint_store_restore(store, seg, file(1).c_str(), nullptr, nullptr));
    EXPECT_EQ(get(), 1.5);
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_latest(store, info.out()));
    EXPECT_EQ(static_cast<shmwin_checkpoint_info*>(info)->step, 2);
    fence();
}

TEST_F(CCheckpoint, AttributesComeBack) {
    open();
    std::array<std::int64_t, 3> const list{1, 2, -3};
    std::int64_t const one = -9;
    double const half = 0.5;
    std::array<double, 1> const single{4.5};
    std::array const attributes{
        shmwin_attribute{"a", SHMWIN_ATTRIBUTE_INT64, &one, 0},
        shmwin_attribute{"b", SHMWIN_ATTRIBUTE_DOUBLE, &half, 0},
        shmwin_attribute{"c", SHMWIN_ATTRIBUTE_TEXT, "a text", 0},
        shmwin_attribute{"d", SHMWIN_ATTRIBUTE_INT64_LIST, list.data(), list.size()},
        shmwin_attribute{"e", SHMWIN_ATTRIBUTE_DOUBLE_LIST, single.data(), 1}};
    shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
    label.attributes = attributes.data();
    label.n_attributes = attributes.size();
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save(store, seg, &label, nullptr));
    info_handle info;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_latest(store, info.out()));
    shmwin_checkpoint_info const* const told = info;
    ASSERT_EQ(told->n_attributes, 5U);
    auto const at = [&](std::size_t i) { return told->attributes[i]; };
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_STREQ(at(i).name, attributes.at(i).name);
        EXPECT_EQ(at(i).kind, attributes.at(i).kind);
    }
    EXPECT_EQ(*static_cast<std::int64_t const*>(at(0).data), -9);
    EXPECT_EQ(*static_cast<double const*>(at(1).data), 0.5);
    EXPECT_STREQ(static_cast<char const*>(at(2).data), "a text");
    ASSERT_EQ(at(3).n, 3U);
    EXPECT_EQ(static_cast<std::int64_t const*>(at(3).data)[2], -3);
    ASSERT_EQ(at(4).n, 1U);
    EXPECT_EQ(static_cast<double const*>(at(4).data)[0], 4.5);
    fence();
}

TEST_F(CCheckpoint, RetentionPinsAndBranches) {
    shmwin_checkpoint_options options = SHMWIN_CHECKPOINT_OPTIONS_INIT;
    options.keep = 3;
    open(&options);
    for (int step = 1; step <= 4; ++step)
        save(step);
    files_handle files;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_list(store, files.out()));
    EXPECT_THAT(
        names_of_files(files),
        ElementsAre("state-000000000002.h5", "state-000000000003.h5", "state-000000000004.h5"));
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_pin(store, file(2).c_str()));
    save(5);
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_pinned(store, files.out()));
    EXPECT_THAT(names_of_files(files), ElementsAre("state-000000000002.h5"));
    EXPECT_TRUE(std::filesystem::exists(file(2)));
    EXPECT_EQ(shmwin_checkpoint_store_pin(store, file(1).c_str()), SHMWIN_ERR_NOT_FOUND);
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_discard_after(store, 3, files.out()));
    EXPECT_THAT(names_of_files(files),
                ElementsAre("state-000000000005.h5", "state-000000000004.h5"));
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_unpin(store, file(2).c_str()));
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_discard_after(store, 2, nullptr));
    EXPECT_EQ(shmwin_checkpoint_store_discard_after(store, 1, files.out()), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(files, nullptr);
    fence();
}

TEST_F(CCheckpoint, VerifyFindsWhatChanged) {
    open();
    save(1);
    verify_handle report;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_verify(store, file(1).c_str(), report.out()));
    EXPECT_EQ(static_cast<shmwin_verify_report*>(report)->verdict, SHMWIN_VERDICT_INTACT);
    EXPECT_EQ(static_cast<shmwin_verify_report*>(report)->n_bytes, sizeof(double));
    run_python(MPI_COMM_WORLD,
               "with h5py.File(sys.argv[1], \"r+\") as f:\n    f[\"x\"][()] = 3.0\n",
               file(1));
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_verify(store, file(1).c_str(), report.out()));
    shmwin_verify_report const* const told = report;
    EXPECT_EQ(told->verdict, SHMWIN_VERDICT_DAMAGED);
    ASSERT_GE(told->n_problems, 1U);
    EXPECT_THAT(told->problems[0], HasSubstr("x"));
    info_handle info;
    EXPECT_EQ(shmwin_checkpoint_store_restore_latest(store, seg, nullptr, info.out()),
              SHMWIN_ERR_DAMAGED);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
    if (rank == 0) {
        write_bytes(directory / "other.h5", "no file of HDF5");
    }
    fence();
    auto const other = (directory / "other.h5").native();
    EXPECT_EQ(shmwin_checkpoint_store_verify(store, other.c_str(), report.out()),
              SHMWIN_ERR_NOT_A_CHECKPOINT);
    EXPECT_EQ(report, nullptr);
    fence();
}

TEST_F(CCheckpoint, PatternsLeaveOutAndSayWhy) {
    make_objects(*this);
    std::array<char const*, 2> const except{"x", "no such"};
    shmwin_checkpoint_options options = SHMWIN_CHECKPOINT_OPTIONS_INIT;
    options.except = except.data();
    options.n_except = except.size();
    open(&options);
    shmwin_container_options unsaved = SHMWIN_CONTAINER_OPTIONS_INIT;
    unsaved.is_unsaved = 1;
    c_handle<shmwin_queue, shmwin_queue_free_handle> scrap;
    SHMWIN_ASSERT_OK(shmwin_queue_create(seg, "scrap", shmwin_dtype_int(), &unsaved, scrap.out()));
    shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
    report_handle report;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save(store, seg, &label, report.out()));
    shmwin_save_report const* const told = report;
    EXPECT_THAT(texts(told->saved, told->n_saved), ElementsAre("parts", "tasks"));
    ASSERT_EQ(told->n_left_out, 2U);
    EXPECT_STREQ(told->left_out[0].name, "scrap");
    EXPECT_EQ(told->left_out[0].reason, SHMWIN_LEFT_OUT_UNSAVED);
    EXPECT_STREQ(told->left_out[1].name, "x");
    EXPECT_EQ(told->left_out[1].reason, SHMWIN_LEFT_OUT_BY_PATTERN);

    // Only one of the two comes back.
    shmwin_restore_options how = SHMWIN_RESTORE_OPTIONS_INIT;
    std::array<char const*, 1> const only{"t*"};
    how.only = only.data();
    how.n_only = 1;
    c_handle<shmwin_queue, shmwin_queue_free_handle> tasks;
    SHMWIN_ASSERT_OK(shmwin_queue_find(seg, "tasks", tasks.out()));
    fence();
    SHMWIN_EXPECT_OK(shmwin_queue_clear(tasks, nullptr));
    fence();
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_restore(store, seg, file(0).c_str(), &how, nullptr));
    std::size_t n = 0;
    SHMWIN_EXPECT_OK(shmwin_queue_size(tasks, &n));
    EXPECT_EQ(n, 3U);
    fence();
}

TEST_F(CCheckpoint, PartialRestoresTellWhatIsOnOneSide) {
    open();
    save(1);
    data_handle late;
    SHMWIN_ASSERT_OK(
        shmwin_synchronized_create(seg, "late", shmwin_dtype_int(), nullptr, late.out()));
    EXPECT_EQ(shmwin_checkpoint_store_restore(store, seg, file(1).c_str(), nullptr, nullptr),
              SHMWIN_ERR_NOT_FOUND);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("late"));
    shmwin_restore_options how = SHMWIN_RESTORE_OPTIONS_INIT;
    how.partial = 1;
    info_handle info;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_restore_latest(store, seg, &how, info.out()));
    shmwin_checkpoint_info const* const told = info;
    EXPECT_THAT(texts(told->only_in_segment, told->n_only_in_segment), ElementsAre("late"));
    EXPECT_EQ(told->n_only_in_file, 0U);
    fence();
}

TEST_F(CCheckpoint, NumbersAreConvertedIfAsked) {
    open();
    set(4);
    save(1);
    fence();
    SHMWIN_ASSERT_OK(shmwin_synchronized_destroy(seg, x));
    data_handle whole;
    SHMWIN_ASSERT_OK(
        shmwin_synchronized_create(seg, "x", shmwin_dtype_int32(), nullptr, whole.out()));
    EXPECT_EQ(shmwin_checkpoint_store_restore(store, seg, file(1).c_str(), nullptr, nullptr),
              SHMWIN_ERR_TYPE_MISMATCH);
    shmwin_restore_options how = SHMWIN_RESTORE_OPTIONS_INIT;
    how.convert = 1;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_restore(store, seg, file(1).c_str(), &how, nullptr));
    void* bytes = nullptr;
    SHMWIN_ASSERT_OK(shmwin_synchronized_lock(whole, -1, &bytes));
    EXPECT_EQ(*static_cast<std::int32_t*>(bytes), 4);
    SHMWIN_EXPECT_OK(shmwin_synchronized_unlock(whole));
    fence();
}

TEST_F(CCheckpoint, IsWrittenBehind) {
    open();
    shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
    label.step = 3;
    pending_handle pending;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save_async(store, seg, &label, pending.out()));
    set(77); // too late for the file
    report_handle report;
    SHMWIN_ASSERT_OK(shmwin_pending_save_wait(pending, report.out()));
    EXPECT_EQ(static_cast<shmwin_save_report*>(report)->file, file(3));
    int is_over = 0;
    SHMWIN_EXPECT_OK(shmwin_pending_save_test(pending, &is_over));
    EXPECT_EQ(is_over, 1);
    shmwin_save_progress progress = SHMWIN_SAVE_PROGRESS_INIT;
    SHMWIN_EXPECT_OK(shmwin_pending_save_progress(pending, &progress));
    EXPECT_EQ(progress.struct_bytes, sizeof progress);
    EXPECT_EQ(progress.phase, SHMWIN_SAVE_DONE);
    EXPECT_EQ(progress.n_bytes, sizeof(double));
    EXPECT_EQ(progress.n_bytes_done, progress.n_bytes);
    info_handle info;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_restore_latest(store, seg, nullptr, info.out()));
    EXPECT_EQ(get(), 1.5);
    label.step = 4; // nobody keeps the handle
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save_async(store, seg, &label, nullptr));
    files_handle files;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_list(store, files.out())); // waits for it
    EXPECT_EQ(static_cast<shmwin_file_list*>(files)->n_files, 2U);
    fence();
}

// A struct of an earlier version, that ended with `phase`.
TEST_F(CCheckpoint, FillsNoMoreThanTheCallersStruct) {
    open();
    shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
    pending_handle pending;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_save_async(store, seg, &label, pending.out()));
    SHMWIN_ASSERT_OK(shmwin_pending_save_wait(pending, nullptr));
    shmwin_save_progress progress = SHMWIN_SAVE_PROGRESS_INIT;
    progress.struct_bytes = offsetof(shmwin_save_progress, n_bytes);
    progress.n_bytes = 123;
    SHMWIN_EXPECT_OK(shmwin_pending_save_progress(pending, &progress));
    EXPECT_EQ(progress.phase, SHMWIN_SAVE_DONE);
    EXPECT_EQ(progress.n_bytes, 123U);
    EXPECT_EQ(progress.struct_bytes, offsetof(shmwin_save_progress, n_bytes));
    progress.struct_bytes = 0;
    EXPECT_EQ(shmwin_pending_save_progress(pending, &progress), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_pending_save_progress(nullptr, &progress), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_pending_save_wait(nullptr, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
}

TEST_F(CCheckpoint, IsDueByStepsAndSignals) {
    std::array const signals{SIGUSR1};
    shmwin_checkpoint_options options = SHMWIN_CHECKPOINT_OPTIONS_INIT;
    options.every_steps = 10;
    options.signals = signals.data();
    options.n_signals = 1;
    open(&options);
    shmwin_due due = SHMWIN_DUE_INIT;
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_due(store, 0, &due));
    EXPECT_EQ(due.kind, SHMWIN_DUE_NO);
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_due(store, 9, &due));
    EXPECT_EQ(due.kind, SHMWIN_DUE_STEPS);
    EXPECT_EQ(due.stop, 0);
    char* text = nullptr;
    SHMWIN_EXPECT_OK(shmwin_due_text(&due, &text));
    EXPECT_STREQ(text, "steps");
    shmwin_text_free(text);
    save(10);
    fence();
    if (rank == last) {
        EXPECT_EQ(std::raise(SIGUSR1), 0);
    }
    fence();
    std::int64_t step = 10;
    do {
        ASSERT_LT(step, 20) << "the signal is seen within the next calls";
        SHMWIN_ASSERT_OK(shmwin_checkpoint_store_due(store, step++, &due));
        fence();
    } while (due.kind == SHMWIN_DUE_NO);
    EXPECT_EQ(due.kind, SHMWIN_DUE_SIGNAL);
    EXPECT_EQ(due.signal, SIGUSR1);
    EXPECT_EQ(due.stop, 1);
    SHMWIN_EXPECT_OK(shmwin_due_text(&due, &text));
    EXPECT_EQ(text, "signal " + std::to_string(SIGUSR1));
    shmwin_text_free(text);
    EXPECT_EQ(shmwin_checkpoint_store_due(store, -1, &due), SHMWIN_ERR_INVALID_ARGUMENT);
    due.struct_bytes = 0;
    EXPECT_EQ(shmwin_checkpoint_store_due(store, 30, &due), SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
}

TEST_F(CCheckpoint, RefusesOptionsThatCannotBe) {
    auto const refused = [&](auto const& change, int status = SHMWIN_ERR_INVALID_ARGUMENT) {
        shmwin_checkpoint_options options = SHMWIN_CHECKPOINT_OPTIONS_INIT;
        change(options);
        EXPECT_EQ(shmwin_checkpoint_store_open(MPI_COMM_WORLD, path.c_str(), &options, store.out()),
                  status)
            << shmwin_last_error();
        EXPECT_EQ(store, nullptr);
    };
    refused([](auto& o) { o.keep = -1; });
    refused([](auto& o) { o.deflate = 10; });
    refused([](auto& o) { o.staging = 3; });
    refused([](auto& o) { o.when_busy = -1; });
    refused([](auto& o) { o.n_only = 1; });
    refused([](auto& o) { o.n_signals = 1; });
    refused([](auto& o) { o.struct_bytes = 0; });
    EXPECT_THAT(shmwin_last_error(), HasSubstr("SHMWIN_CHECKPOINT_OPTIONS_INIT"));
    EXPECT_EQ(shmwin_checkpoint_store_open(MPI_COMM_WORLD, nullptr, nullptr, store.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_checkpoint_store_open(MPI_COMM_WORLD, path.c_str(), nullptr, nullptr),
              SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
    SHMWIN_ASSERT_OK(shmwin_checkpoint_store_open_f(
        MPI_Comm_c2f(MPI_COMM_WORLD), path.c_str(), nullptr, store.out()));
    // One job at a time has it.
    store_handle second;
    EXPECT_EQ(shmwin_checkpoint_store_open(MPI_COMM_WORLD, path.c_str(), nullptr, second.out()),
              SHMWIN_ERR_BUSY);
}

TEST_F(CCheckpoint, RefusesCallsThatCannotBe) {
    open();
    auto const refused = [&](auto const& change) {
        shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
        change(label);
        report_handle report;
        EXPECT_EQ(shmwin_checkpoint_store_save(store, seg, &label, report.out()),
                  SHMWIN_ERR_INVALID_ARGUMENT);
        EXPECT_EQ(report, nullptr);
    };
    refused([](auto& label) { label.step = -1; });
    refused([](auto& label) { label.struct_bytes = 1; });
    refused([](auto& label) { label.n_attributes = 1; });
    shmwin_attribute const own{"step", SHMWIN_ATTRIBUTE_TEXT, "mine", 0};
    shmwin_attribute const odd{"a", 5, "mine", 0};
    shmwin_attribute const none{"a", SHMWIN_ATTRIBUTE_DOUBLE, nullptr, 0};
    for (auto const* each : {&own, &odd, &none}) {
        refused([&](auto& label) {
            label.attributes = each;
            label.n_attributes = 1;
        });
    }
    EXPECT_EQ(shmwin_checkpoint_store_save(store, seg, nullptr, nullptr),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_checkpoint_store_latest(store, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_checkpoint_store_list(nullptr, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    shmwin_restore_options how = SHMWIN_RESTORE_OPTIONS_INIT;
    how.other_ranks = 2;
    EXPECT_EQ(shmwin_checkpoint_store_restore(store, seg, file(0).c_str(), &how, nullptr),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_NE(shmwin_checkpoint_store_restore(store, seg, file(0).c_str(), nullptr, nullptr),
              SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
    fence();
}

} // namespace
} // namespace shmwin::test
