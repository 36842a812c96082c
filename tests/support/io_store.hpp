// SPDX-License-Identifier: MIT
// What tests of files share: an empty directory, files as bytes, the log, and the words they use
// without a prefix.
#pragma once

#include "shmwin/base/log.hpp"
#include "shmwin/io/checkpoint_store.hpp"

#include "support/open_segment.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::test {

using namespace literals;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Collective. Empties that directory.
inline std::filesystem::path empty_directory(MPI_Comm comm, std::filesystem::path const& path) {
    MPI_Barrier(comm);
    if (rank_in(comm) == 0) {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    MPI_Barrier(comm);
    return path;
}

/// Names in a directory, hidden ones too, sorted. Collective: all have looked when it returns.
inline std::vector<std::string> names_in(MPI_Comm comm, std::filesystem::path const& path) {
    MPI_Barrier(comm);
    std::vector<std::string> names;
    for (auto const& each : std::filesystem::directory_iterator(path)) {
        names.push_back(each.path().filename());
    }
    std::ranges::sort(names);
    MPI_Barrier(comm);
    return names;
}

[[nodiscard]] inline std::string bytes_of(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(std::filesystem::path const& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The names alone.
[[nodiscard]] inline std::vector<std::string>
names_of(std::vector<left_out_object> const& left_out) {
    std::vector<std::string> names;
    for (auto const& each : left_out) {
        names.push_back(each.name);
    }
    return names;
}

/// Collective. Rank 0 changes a file; all wait.
inline void replace(MPI_Comm comm, std::filesystem::path const& path, std::string_view bytes) {
    MPI_Barrier(comm);
    if (rank_in(comm) == 0) write_bytes(path, bytes);
    MPI_Barrier(comm);
}

/// The lines that are logged while it lives, with all levels.
class logged_lines {
  public:
    logged_lines() : before_(set_log_sink(take)) { lines().clear(); }
    logged_lines(logged_lines const&) = delete;
    logged_lines(logged_lines&&) = delete;
    logged_lines& operator=(logged_lines const&) = delete;
    logged_lines& operator=(logged_lines&&) = delete;
    ~logged_lines() { set_log_sink(before_); }

    [[nodiscard]] static std::vector<std::string>& lines() {
        static std::vector<std::string> all;
        return all;
    }

  private:
    static void take(log_level /*level*/, std::string_view line) { lines().emplace_back(line); }

    log_sink before_;
};

/// A segment, and an empty directory for each test.
struct open_segment_and_directory : open_segment {
    std::filesystem::path const directory =
        empty_directory(world, testing::UnitTest::GetInstance()->current_test_info()->name());
};

/// One object to save, and the path of a store.
struct store_fixture : open_segment_and_directory {
    shmwin::value<int> n = seg.create_value<int>("n", 1);
    std::filesystem::path const path = directory / "state";
};

} // namespace shmwin::test
