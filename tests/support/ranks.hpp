// SPDX-License-Identifier: MIT
// What tests on several ranks share: who am I, what did the others see, which error was that.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/function_ref.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::test {

[[nodiscard]] inline int rank_in(MPI_Comm comm) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    return rank;
}

[[nodiscard]] inline int size_of(MPI_Comm comm) {
    int size = 1;
    MPI_Comm_size(comm, &size);
    return size;
}

/// The shmwin error that `call` throws; nothing if it throws none.
[[nodiscard]] inline std::optional<error_info> error_of(detail::function_ref<void()> call) {
    try {
        call();
    } catch (error const& thrown) {
        return thrown.info();
    }
    return std::nullopt;
}

/// Collective. `mine` of each rank.
[[nodiscard]] inline std::vector<std::string> gather(MPI_Comm comm, std::string const& mine) {
    std::vector<std::string> all;
    for (int r = 0; r < size_of(comm); ++r) {
        std::string text = mine;
        auto length = static_cast<int>(text.size());
        MPI_Bcast(&length, 1, MPI_INT, r, comm);
        text.resize(static_cast<std::size_t>(length));
        MPI_Bcast(text.data(), length, MPI_CHAR, r, comm);
        all.push_back(std::move(text));
    }
    return all;
}

/// Collective. True on all ranks if `mine` is true on all.
[[nodiscard]] inline bool on_all(MPI_Comm comm, bool mine) {
    int all = mine ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm);
    return all != 0;
}

/// Collective. The error that `call` throws on this rank, after a check that all ranks of `comm`
/// got that same one: an agreed error, with equal code, rank and text.
[[nodiscard]] inline error_info agreed_error_of(MPI_Comm comm, detail::function_ref<void()> call) {
    auto const thrown = error_of(call);
    EXPECT_TRUE(thrown.has_value()) << "no error was thrown";
    auto const mine = thrown.value_or(error_info{});
    EXPECT_TRUE(mine.agreed || !thrown) << mine.text;
    auto const whole =
        std::string(name(mine.code)) + ' ' + std::to_string(mine.rank) + ' ' + mine.text;
    for (auto const& other : gather(comm, whole)) {
        EXPECT_EQ(other, whole) << "ranks got different errors";
    }
    return mine;
}

/// A variable of the environment, for a scope.
class scoped_variable {
  public:
    scoped_variable(char const* variable, std::string const& value) : variable_(variable) {
        if (char const* const old = std::getenv(variable)) before_ = old;
        ::setenv(variable, value.c_str(), 1);
    }
    scoped_variable(scoped_variable const&) = delete;
    scoped_variable(scoped_variable&&) = delete;
    scoped_variable& operator=(scoped_variable const&) = delete;
    scoped_variable& operator=(scoped_variable&&) = delete;
    ~scoped_variable() {
        if (before_) {
            ::setenv(variable_, before_->c_str(), 1);
        } else {
            ::unsetenv(variable_);
        }
    }

  private:
    char const* variable_;
    std::optional<std::string> before_;
};

/// File descriptors that this process has open.
[[nodiscard]] inline std::int64_t n_descriptors() {
    auto const all = std::filesystem::directory_iterator("/proc/self/fd");
    return std::distance(begin(all), end(all)) - 1; // but for the one that looks
}

/// Mappings of this process: what vm.max_map_count bounds.
[[nodiscard]] inline std::int64_t n_mappings() {
    std::ifstream in("/proc/self/maps");
    std::int64_t n = 0;
    for (std::string line; std::getline(in, line);) {
        ++n;
    }
    return n;
}

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace shmwin::test
