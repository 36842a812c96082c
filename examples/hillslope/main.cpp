// SPDX-License-Identifier: MIT
// Hillslope diffusion on a real elevation model: ranks own blocks of rows of one shared grid, read
// their neighbours' rows in place, and save checkpoints. See --help.
#include "shmwin/base/error.hpp"

#include "options.hpp"
#include "run.hpp"

#include <hdf5.h>
#include <mpi.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <thread>

namespace {

using namespace std::chrono_literals;

int rank_of_all() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

void say(char const* text) {
    std::fprintf(stderr, "hillslope: %s\n", text);
}

/// An error of this rank alone: the others wait for it, so the job ends here.
[[noreturn]] void give_up(char const* text) {
    say(text);
    MPI_Abort(MPI_COMM_WORLD, 1);
    std::terminate();
}

int guarded(int argc, char** argv) {
    bool const speaks = rank_of_all() == 0;
    try {
        auto const wanted = hillslope::parse(argc, argv);
        if (!wanted.help) return static_cast<int>(hillslope::run(MPI_COMM_WORLD, wanted));
        if (speaks) std::fputs(hillslope::help_text, stdout);
        return 0;
    } catch (hillslope::usage_error const& e) { // every rank reads the same command line
        if (speaks) std::fprintf(stderr, "hillslope: %s\n\n%s", e.what(), hillslope::help_text);
        return 2;
    } catch (shmwin::error const& e) {
        // A rank that left says why, and ends the job; if it is dead, this is all there is to say.
        if (e.code() == shmwin::errc::peer_left) std::this_thread::sleep_for(1s);
        if (!e.agreed() || e.code() == shmwin::errc::peer_left) give_up(e.what());
        if (speaks) say(e.what());
        return 1;
    } catch (std::exception const& e) {
        give_up(e.what());
    }
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); // errors are reported once, in words
    int const status = guarded(argc, argv);
    MPI_Finalize();
    return status;
}
