// SPDX-License-Identifier: MIT
// Disks that are full or may not be written: the same error on all ranks, the earlier checkpoint
// whole, nothing left lying about, and segment and store go on.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/filled_array.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shmwin {
namespace {

using namespace test;

struct Disk : filled_array<400000> { // 3 MiB and a bit
    // After a save that failed: what was there before is whole, nothing else is there, the segment
    // holds what it did, and a save to another place works.
    void
    expect_no_harm(checkpoint_store& store, std::filesystem::path const& of_store, double held) {
        EXPECT_THAT(names_in(world, of_store), ElementsAre(".state.lock", "state-000000000001.h5"));
        EXPECT_EQ(store.verify(of_store / "state-000000000001.h5").result, verdict::intact);
        EXPECT_TRUE(holds(held));
        expect_sound(seg);
        checkpoint_store elsewhere(world, directory / "elsewhere/state");
        fill(held + 1);
        elsewhere.save(seg, {.step = 2});
        fill(-1);
        EXPECT_EQ(store.restore_latest(seg)->step, 1);
        EXPECT_TRUE(holds(1));
        EXPECT_EQ(elsewhere.restore_latest(seg)->step, 2);
        EXPECT_TRUE(holds(held + 1));
    }
};

// --- a bound of the size of files -----------------------------------------------------------

class file_size_limit {
  public:
    explicit file_size_limit(std::uint64_t n_bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        auto limit = before_;
        limit.rlim_cur = n_bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    file_size_limit(file_size_limit const&) = delete;
    file_size_limit(file_size_limit&&) = delete;
    file_size_limit& operator=(file_size_limit const&) = delete;
    file_size_limit& operator=(file_size_limit&&) = delete;
    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    struct rlimit before_ {};
};

TEST_F(Disk, FileThatMayNotGrowIsAboutSpace) {
    auto* const signal_before = std::signal(SIGXFSZ, SIG_IGN);
    checkpoint_store store(world, directory / "run/state");
    fill(1);
    auto const file = store.save(seg, {.step = 1}).file;
    auto const whole = std::filesystem::file_size(file);
    auto const open_before = n_descriptors();
    for (auto const limit : {std::uint64_t{0},
                             std::uint64_t{100},
                             std::uint64_t{1000},
                             std::uint64_t{4096},
                             std::uint64_t{70000},
                             std::uint64_t{1000000},
                             whole - 1}) {
        fill(5);
        error_info refused;
        {
            file_size_limit const small(limit);
            refused = agreed_error_of(world, [&] { store.save(seg, {.step = 2}); });
        }
        EXPECT_EQ(refused.code, errc::no_space) << limit << ": " << refused.text;
        EXPECT_THAT(refused.text, AllOf(HasSubstr("required"), HasSubstr("/run by RLIMIT_FSIZE")));
        expect_no_harm(store, directory / "run", 5);
    }
    // And where it failed, it goes on.
    fill(7);
    store.save(seg, {.step = 2});
    fill(0);
    store.restore_latest(seg);
    EXPECT_TRUE(holds(7));
    MPI_Barrier(world);
    EXPECT_EQ(n_descriptors(), open_before) << "left open";
    static_cast<void>(std::signal(SIGXFSZ, signal_before));
}

// --- what may not be written ----------------------------------------------------------------

TEST_F(Disk, PathBelowAFileIsAnIoFailure) {
    replace(world, directory / "file", "");
    for (auto const& where : {directory / "file/state", directory / "file/deep/er/state"}) {
        auto const refused = agreed_error_of(world, [&] { checkpoint_store store(world, where); });
        EXPECT_EQ(refused.code, errc::io_failure);
        EXPECT_THAT(refused.text, AllOf(HasSubstr("file"), HasSubstr("irectory")));
    }
    EXPECT_THAT(names_in(world, directory), ElementsAre("file"));
}

TEST_F(Disk, DirectoryThatGoesAwayIsAnIoFailure) {
    checkpoint_store store(world, directory / "run/state");
    fill(1);
    store.save(seg, {.step = 1});
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::rename(directory / "run", directory / "moved");
    MPI_Barrier(world);
    auto const refused = agreed_error_of(world, [&] { store.save(seg, {.step = 2}); });
    EXPECT_EQ(refused.code, errc::io_failure);
    EXPECT_THAT(refused.text, HasSubstr("run/.state-000000000002.h5.tmp"));
    EXPECT_EQ(agreed_error_of(world, [&] { static_cast<void>(store.list()); }).code,
              errc::io_failure);
    EXPECT_EQ(agreed_error_of(world, [&] { store.restore_latest(seg); }).code, errc::io_failure);
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::rename(directory / "moved", directory / "run");
    MPI_Barrier(world);
    expect_no_harm(store, directory / "run", 1);
}

TEST_F(Disk, NameThatIsADirectoryIsAnIoFailureAndNoTemporaryIsLeft) {
    checkpoint_store store(world, directory / "run/state");
    fill(1);
    store.save(seg, {.step = 1});
    for (auto const* const name : {"state-000000000002.h5", ".state-000000000002.h5.tmp"}) {
        auto const blocked = directory / "run" / name;
        empty_directory(world, blocked / "full");
        auto const refused = agreed_error_of(world, [&] { store.save(seg, {.step = 2}); });
        EXPECT_EQ(refused.code, errc::io_failure) << name;
        EXPECT_THAT(refused.text, HasSubstr(name));
        MPI_Barrier(world);
        if (rank == 0) std::filesystem::remove_all(blocked);
        expect_no_harm(store, directory / "run", 1);
        fill(1);
    }
}

// The file system asks who the effective user is.
class as_nobody {
  public:
    as_nobody() : was_root_(::geteuid() == 0) {
        if (was_root_) static_cast<void>(::seteuid(65534));
    }
    as_nobody(as_nobody const&) = delete;
    as_nobody(as_nobody&&) = delete;
    as_nobody& operator=(as_nobody const&) = delete;
    as_nobody& operator=(as_nobody&&) = delete;
    ~as_nobody() {
        if (was_root_) static_cast<void>(::seteuid(0));
    }

  private:
    bool was_root_;
};

TEST_F(Disk, DirectoryThatMayNotBeWrittenIsAnIoFailure) {
    checkpoint_store store(world, directory / "run/state");
    fill(1);
    store.save(seg, {.step = 1});
    empty_directory(world, directory / "locked");
    auto const allow = [&](mode_t mode) {
        MPI_Barrier(world);
        if (rank == 0) ::chmod((directory / "locked").c_str(), mode);
        if (rank == 0) ::chmod((directory / "run").c_str(), mode);
        MPI_Barrier(world);
    };
    allow(0555);
    {
        as_nobody const nobody;
        for (auto const& where : {directory / "locked/state", directory / "locked/new/state"}) {
            auto const refused =
                agreed_error_of(world, [&] { checkpoint_store other(world, where); });
            EXPECT_EQ(refused.code, errc::io_failure);
            EXPECT_THAT(refused.text, AllOf(HasSubstr("locked"), HasSubstr("ermission")));
        }
        auto const refused = agreed_error_of(world, [&] { store.save(seg, {.step = 2}); });
        EXPECT_EQ(refused.code, errc::io_failure);
        EXPECT_THAT(refused.text, HasSubstr("ermission"));
    }
    allow(0755);
    expect_no_harm(store, directory / "run", 1);
    EXPECT_THAT(names_in(world, directory / "locked"), SizeIs(0));
}

TEST_F(Disk, FileThatMayNotBeReadIsAnIoFailure) {
    checkpoint_store store(world, directory / "run/state");
    auto const file = store.save(seg, {.step = 1}).file;
    MPI_Barrier(world);
    if (rank == 0) ::chmod(file.c_str(), 0);
    MPI_Barrier(world);
    {
        as_nobody const nobody;
        auto const refused = agreed_error_of(world, [&] { store.restore(seg, file); });
        EXPECT_EQ(refused.code, errc::io_failure);
        EXPECT_THAT(refused.text, AllOf(HasSubstr(file.native()), HasSubstr("ermission")));
    }
    seg.fence();
}

// --- a file system of 6 MiB, made by support/io_small_disk.sh ----------------------------------

struct SmallDisk : Disk {
    void SetUp() override {
        if (small == nullptr) GTEST_SKIP() << "started by support/io_small_disk.sh";
        empty_directory(world, std::filesystem::path(small) / "run");
    }
    char const* const small = std::getenv("SHMWIN_TEST_SMALL_DISK"); // NOLINT(*-mt-unsafe)
};

TEST_F(SmallDisk, FullDiskIsRefusedWithWhatIsRequiredAndAvailable) {
    auto const run = std::filesystem::path(small) / "run";
    checkpoint_store store(world, run / "state");
    fill(1);
    store.save(seg, {.step = 1});
    fill(5);
    auto const refused = agreed_error_of(world, [&] { store.save(seg, {.step = 2}); });
    EXPECT_EQ(refused.code, errc::no_space);
    EXPECT_THAT(refused.text,
                AllOf(HasSubstr("required"),
                      HasSubstr("available"),
                      HasSubstr(run.native()),
                      HasSubstr("another directory")));
    expect_no_harm(store, run, 5);
    // Room again: the next save of the same store works.
    fill(8);
    MPI_Barrier(world);
    if (rank == 0) std::filesystem::remove(run / "state-000000000001.h5");
    MPI_Barrier(world);
    store.save(seg, {.step = 3});
    fill(0);
    EXPECT_EQ(store.restore_latest(seg)->step, 3);
    EXPECT_TRUE(holds(8));
}

// Other programs take the space until not even a structure has room.
TEST_F(SmallDisk, FilledByOthersIsRefusedAtAnyAmount) {
    auto const run = std::filesystem::path(small) / "run";
    checkpoint_store store(world, run / "state");
    fill(1);
    store.save(seg, {.step = 1});
    for (std::size_t left : {std::size_t{0}, std::size_t{4096}, std::size_t{100000}, 1_MiB}) {
        MPI_Barrier(world);
        if (rank == 0) {
            auto const free = std::filesystem::space(small).available;
            if (free > left) write_bytes(run / "foreign", std::string(free - left, 'x'));
        }
        MPI_Barrier(world);
        fill(5);
        EXPECT_EQ(agreed_error_of(world, [&] { store.save(seg, {.step = 2}); }).code,
                  errc::no_space);
        MPI_Barrier(world);
        if (rank == 0) std::filesystem::remove(run / "foreign");
        expect_no_harm(store, run, 5);
    }
}

} // namespace
} // namespace shmwin
