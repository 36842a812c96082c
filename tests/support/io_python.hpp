// SPDX-License-Identifier: MIT
// h5py, as the maker of other people's files and as the one who spoils ours.
#pragma once

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdlib>
#include <string>

namespace shmwin::test {

/// The Python with h5py that the build found; "" if there is none.
[[nodiscard]] inline std::string python() {
    char const* const found = std::getenv("SHMWIN_TEST_PYTHON"); // NOLINT(concurrency-mt-unsafe)
    return found == nullptr ? "" : found;
}

#define SHMWIN_NEEDS_H5PY()                                                                        \
    if (::shmwin::test::python().empty()) GTEST_SKIP() << "no Python with h5py"

/// Collective. Rank 0 runs it, with h5py and NumPy (np) at hand; `arguments` are sys.argv[1:].
inline void run_python(MPI_Comm comm, std::string const& script, std::string const& arguments) {
    MPI_Barrier(comm);
    if (rank_in(comm) == 0) {
        auto const command =
            python() + " -c 'import sys, h5py, numpy as np\n" + script + "' " + arguments;
        // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): a test's own command
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
    }
    MPI_Barrier(comm);
}

} // namespace shmwin::test
