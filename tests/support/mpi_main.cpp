// SPDX-License-Identifier: MIT
// main() of the tests that ctest starts under mpiexec.
//
// GoogleTest knows nothing of ranks. The listener below makes n processes behave
// like one test program:
//   - Rank 0 alone prints. It reports a failure on another rank at that failure's
//     own file and line, with the prefix "[rank r/n]".
//   - A test fails if it fails on any rank, and then so do all processes.
//   - A test ends with a rendezvous that has a time limit. A rank that left early
//     (ASSERT_*, exception) while the others wait for it in a collective call does
//     not hang the run: it prints its failure and aborts the job.
//   - All ranks run the tests in the same order, also under --gtest_shuffle.
//   - A filter that selects no test is a failure.
//
// The argument --thread-multiple initialises MPI with MPI_THREAD_MULTIPLE instead of MPI_Init,
// --thread-funneled with MPI_THREAD_FUNNELED.
#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <gmock/gmock.h>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// How long rank 0 waits for the others at the end of a test; they wait twice as long
// for it, so that rank 0, which knows who is missing, speaks first.
constexpr seconds patience_after_failure{5};
constexpr seconds patience_after_success{60};

struct failure {
    std::string file;
    int line;
    std::string message;
};

std::string pack(std::vector<failure> const& failures) {
    std::ostringstream out;
    for (auto const& f : failures) {
        out << f.file << '\0' << f.line << '\0' << f.message << '\0';
    }
    return out.str();
}

std::vector<failure> unpack(std::string const& packed) {
    std::vector<failure> failures;
    std::istringstream in(packed);
    std::string file;
    std::string line;
    std::string message;
    while (std::getline(in, file, '\0') && std::getline(in, line, '\0')
           && std::getline(in, message, '\0')) {
        failures.push_back({file, std::stoi(line), message});
    }
    return failures;
}

class rank_listener final : public testing::EmptyTestEventListener {
  public:
    rank_listener() {
        MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
        MPI_Comm_rank(comm_, &rank_);
        MPI_Comm_size(comm_, &size_);
    }

    ~rank_listener() override { MPI_Comm_free(&comm_); }

    rank_listener(rank_listener const&) = delete;
    rank_listener& operator=(rank_listener const&) = delete;
    rank_listener(rank_listener&&) = delete;
    rank_listener& operator=(rank_listener&&) = delete;

    void OnTestStart(testing::TestInfo const& /*test*/) override { failures_.clear(); }

    void OnTestPartResult(testing::TestPartResult const& result) override {
        if (!result.failed()) return;
        char const* file = result.file_name(); // null for an exception
        failures_.push_back(
            {file != nullptr ? file : "unknown file", result.line_number(), result.message()});
    }

    void OnTestEnd(testing::TestInfo const& test) override {
        if (rank_ == 0) {
            gather(test);
        } else {
            report(test);
        }
    }

  private:
    // Rank 0: takes in the failures of the other ranks, then lets them go on.
    void gather(testing::TestInfo const& test) {
        auto patience = failures_.empty() ? patience_after_success : patience_after_failure;
        std::string missing;
        for (int r = 1; r < size_; ++r) {
            auto const packed = receive(r, patience);
            if (!packed) {
                missing += ' ' + std::to_string(r);
                patience = seconds{0}; // the others had as much time
                continue;
            }
            for (auto const& f : unpack(*packed)) {
                ADD_FAILURE_AT(f.file.c_str(), f.line)
                    << "[rank " << r << '/' << size_ << "] " << f.message;
            }
        }
        if (!missing.empty()) give_up(test, "these ranks never ended the test:" + missing);
        for (int r = 1; r < size_; ++r)
            MPI_Send(nullptr, 0, MPI_CHAR, r, 0, comm_);
    }

    // Other ranks: hand their failures to rank 0 and wait until it has everyone's.
    void report(testing::TestInfo const& test) {
        auto const patience = failures_.empty() ? patience_after_success : patience_after_failure;
        auto const packed = pack(failures_);
        MPI_Request sent = MPI_REQUEST_NULL;
        MPI_Isend(packed.data(), static_cast<int>(packed.size()), MPI_CHAR, 0, 0, comm_, &sent);
        if (!receive(0, 2 * patience))
            give_up(test, "rank 0 never ended the test"); // NOLINT(*MPI-Checker): ends the job
        MPI_Wait(&sent, MPI_STATUS_IGNORE);
    }

    // The next message from `source`, or nothing if none comes in time.
    [[nodiscard]] std::optional<std::string> receive(int source, seconds patience) const {
        auto const limit = steady_clock::now() + patience;
        for (;;) {
            int arrived = 0;
            MPI_Status status;
            MPI_Iprobe(source, 0, comm_, &arrived, &status);
            if (arrived != 0) {
                int count = 0;
                MPI_Get_count(&status, MPI_CHAR, &count);
                std::string text(static_cast<std::size_t>(count), '\0');
                MPI_Recv(text.data(), count, MPI_CHAR, source, 0, comm_, MPI_STATUS_IGNORE);
                return text;
            }
            if (steady_clock::now() >= limit) return std::nullopt;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }

    [[noreturn]] void give_up(testing::TestInfo const& test, std::string const& why) const {
        std::ostringstream out;
        if (rank_ != 0) { // rank 0's printer has shown them
            for (auto const& f : failures_) {
                out << f.file << ':' << f.line << ": Failure\n"
                    << "[rank " << rank_ << '/' << size_ << "] " << f.message << '\n';
            }
        }
        out << "[  FAILED  ] " << test.test_suite_name() << '.' << test.name() << ": rank " << rank_
            << '/' << size_ << " gave up: " << why << '\n';
        static_cast<void>(std::fflush(stdout));
        static_cast<void>(std::fputs(out.str().c_str(), stderr));
        std::this_thread::sleep_for(seconds{1}); // the launcher drops output that is in flight
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
        std::abort(); // MPI_Abort is not declared [[noreturn]]
    }

    MPI_Comm comm_ = MPI_COMM_NULL;
    int rank_ = 0;
    int size_ = 1;
    std::vector<failure> failures_;
};

// Rank 0's seed for all. Without --gtest_random_seed, one from the clock (1 to 99999).
void agree_on_random_seed() {
    int seed = GTEST_FLAG_GET(random_seed);
    if (seed == 0) {
        auto const ticks = steady_clock::now().time_since_epoch().count();
        seed = static_cast<int>(ticks % 99999) + 1;
    }
    MPI_Bcast(&seed, 1, MPI_INT, 0, MPI_COMM_WORLD);
    GTEST_FLAG_SET(random_seed, seed);
}

void start_mpi(int* argc, char*** argv) {
    int wanted = MPI_THREAD_SINGLE;
    for (int i = 1; i < *argc; ++i) {
        std::string_view const word = (*argv)[i];
        if (word == "--thread-multiple") wanted = MPI_THREAD_MULTIPLE;
        if (word == "--thread-funneled") wanted = MPI_THREAD_FUNNELED;
    }
    if (wanted == MPI_THREAD_SINGLE) {
        MPI_Init(argc, argv);
        return;
    }
    int provided = MPI_THREAD_SINGLE;
    MPI_Init_thread(argc, argv, wanted, &provided);
    if (provided < wanted) {
        static_cast<void>(std::fputs("this MPI has no such thread level\n", stderr));
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
}

} // namespace

int main(int argc, char** argv) {
    start_mpi(&argc, &argv);
    testing::InitGoogleMock(&argc, argv); // GoogleTest with it
    agree_on_random_seed();

    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    auto& unit_test = *testing::UnitTest::GetInstance();
    auto& listeners = unit_test.listeners();
    if (rank != 0) {
        delete listeners.Release(listeners.default_result_printer());
        delete listeners.Release(listeners.default_xml_generator());
    }
    auto* const listener = new rank_listener;
    listeners.Append(listener);

    int failed = RUN_ALL_TESTS();
    if (unit_test.test_to_run_count() == 0) failed = 1;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);

    delete listeners.Release(listener); // it frees its communicator: before MPI_Finalize
    MPI_Finalize();
    return failed;
}
