// SPDX-License-Identifier: MIT
// The command `shmwin`. It needs no mpirun and starts no MPI.
#include "cli/arguments.hpp"
#include "cli/commands.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    try {
        auto const status = shmwin::cli::run(argc, argv);
        if (std::fflush(stdout) == 0) return status;
        std::perror("shmwin: output failed");
    } catch (std::exception const& failed) { // the library's errors, too
        static_cast<void>(std::fprintf(stderr, "shmwin: %s\n", failed.what()));
    }
    return shmwin::cli::trouble;
}
