// SPDX-License-Identifier: MIT
// Harness of the benchmarks: ours and its peers run in turn within one program, round by round,
// so that whatever else the machine does meets both. Each round gives one ratio; their median is
// what counts.
//
// A program lists its rows (name, rank counts, function) and calls bench::run. A row calls
// context::compare with its sides; each side is a function that returns the seconds (or any other
// cost) of one round on this rank, of which the slowest rank's counts.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// How a cost becomes the figure that is shown.
struct unit_of_figure {
    char const* text;
    double scale;
    bool rate; ///< amount / cost: more is better; else cost / amount
};
inline constexpr unit_of_figure microseconds{"us", 1e6, false};
inline constexpr unit_of_figure nanoseconds{"ns", 1e9, false};
inline constexpr unit_of_figure gigabytes_per_second{"GB/s", 1e-9, true};
inline constexpr unit_of_figure millions_per_second{"M/s", 1e-6, true};
inline constexpr unit_of_figure bytes{"B", 1.0, false};
inline constexpr unit_of_figure instructions{"instr.", 1.0, false};

inline constexpr unit_of_figure share{"share", 1.0, true};
inline constexpr unit_of_figure times{"times", 1.0, false};

/// What a round costs this rank. A plain number of seconds is one too.
struct cost {
    double seconds;    ///< or whatever else a row counts
    double also = 0.0; ///< what a second line shows of the same round

    cost(double what) : seconds(what) {} // NOLINT(google-explicit-constructor): as said
    cost(double what, double second) : seconds(what), also(second) {}
};

/// A second line from the same rounds.
struct second_line {
    unit_of_figure unit;
    char const* suffix; ///< behind the row's name
    bool per_amount;    ///< of one object, call or byte, as the first line
};
/// What took processor time in the first line, by the clock.
inline constexpr second_line wall_line{millions_per_second, "_wall", true};

/// One of those that are compared.
struct side {
    std::string name;
    double amount;             ///< of objects, calls or bytes in one round
    std::function<cost()> run; ///< one round: its cost on this rank
};

/// The middle value; of an even number, the mean of the two in the middle.
inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    auto const n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

struct options {
    std::vector<std::string> names; ///< prefixes; none: all rows
    std::string row;                ///< or the whole name of one
    std::string json;               ///< lines are appended to this file
    std::string directory = ".";    ///< for files
    int rounds = 0;                 ///< 0: 7, or 3 if quick
    bool quick = false;             ///< smaller and fewer, to see that all works
    bool list = false;
};

/// What a row works with.
class context {
  public:
    context(options const& given, std::string row) : options_(given), row_(std::move(row)) {
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &n_ranks_);
    }

    [[nodiscard]] static MPI_Comm comm() { return MPI_COMM_WORLD; }
    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int n_ranks() const { return n_ranks_; }
    [[nodiscard]] bool quick() const { return options_.quick; }
    [[nodiscard]] std::string const& directory() const { return options_.directory; }

    /// Seconds that `work` takes on this rank; all ranks begin together.
    template <typename Work>
    [[nodiscard]] double time(Work&& work) const {
        using clock = std::chrono::steady_clock;
        MPI_Barrier(comm());
        auto const begin = clock::now();
        work();
        return std::chrono::duration<double>(clock::now() - begin).count();
    }

    /// The largest value of all ranks, on all.
    [[nodiscard]] static double slowest(double mine) {
        double all = mine;
        MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, comm());
        return all;
    }

    /// Collective. The least cost of some batches, each that of its slowest rank. For what takes
    /// milliseconds: one interruption by another program must not decide a round.
    template <typename Batch>
    [[nodiscard]] double fastest(int n_batches, Batch&& batch) const {
        auto least = slowest(batch());
        for (int i = 1; i < n_batches; ++i) {
            least = std::min(least, slowest(batch()));
        }
        return least;
    }

    /// Collective. Runs the sides in turn, once to warm up and then round by round, and writes one
    /// line for each peer. Every other round goes backwards, so that nobody always comes first.
    void compare(unit_of_figure const& unit,
                 std::vector<side> const& sides,
                 second_line const* also = nullptr) const {
        using figures = std::vector<double>; // of one object, call or byte; round by round
        std::vector<figures> costs(sides.size());
        std::vector<figures> others(sides.size());
        for (int round = -1; round < n_rounds(); ++round) {
            for (std::size_t k = 0; k < sides.size(); ++k) {
                auto const which = round % 2 == 0 ? k : sides.size() - 1 - k;
                auto const [mine, second] = sides[which].run();
                auto const amount = sides[which].amount;
                auto const first_cost = slowest(mine) / amount;
                auto const other_cost =
                    slowest(second) / (also != nullptr && also->per_amount ? amount : 1.0);
                if (round < 0) continue;
                costs[which].push_back(first_cost);
                others[which].push_back(other_cost);
            }
        }
        for (std::size_t peer = 1; peer < sides.size(); ++peer) {
            report(row_, unit, costs[0], costs[peer], sides[peer].name);
            if (also == nullptr) continue;
            report(row_ + also->suffix, also->unit, others[0], others[peer], sides[peer].name);
        }
    }

  private:
    [[nodiscard]] int n_rounds() const {
        if (options_.rounds > 0) return options_.rounds;
        return options_.quick ? 3 : 7;
    }

    // What is shown of one peer.
    struct line {
        std::string row;
        char const* unit;
        std::string peer_name;
        double ours;
        double peer;
        std::vector<double> better; // round by round
    };

    void report(std::string const& row,
                unit_of_figure const& unit,
                std::vector<double> const& ours,
                std::vector<double> const& peer,
                std::string const& peer_name) const {
        if (rank_ != 0) return;
        auto const figure = [&](std::vector<double> const& costs) {
            auto const cost = median(costs);
            return unit.rate ? unit.scale / cost : unit.scale * cost;
        };
        line all{row, unit.text, peer_name, figure(ours), figure(peer), {}};
        for (std::size_t i = 0; i < ours.size(); ++i) {
            all.better.push_back(peer[i] / ours[i]);
        }
        std::sort(all.better.begin(), all.better.end());
        print(all);
        if (!options_.json.empty()) append(all);
    }

    void print(line const& all) const {
        std::printf("%-33s %5d %-22s %6s %11.4g %11.4g %9.3g %9.3g %9.3g %5zu\n",
                    all.row.c_str(),
                    n_ranks_,
                    all.peer_name.c_str(),
                    all.unit,
                    all.ours,
                    all.peer,
                    median(all.better),
                    all.better.front(),
                    all.better.back(),
                    all.better.size());
        std::fflush(stdout);
    }

    void append(line const& all) const {
        auto* const file = std::fopen(options_.json.c_str(), "a");
        if (file == nullptr) return std::perror(options_.json.c_str());
        std::fprintf(file,
                     R"({"name": "%s", "ranks": %d, "unit": "%s", "ours": %.6g, "peer": %.6g, )"
                     R"("peer_name": "%s", "better": %.6g, "better_min": %.6g, )"
                     R"("better_max": %.6g, "runs": %zu})"
                     "\n",
                     all.row.c_str(),
                     n_ranks_,
                     all.unit,
                     all.ours,
                     all.peer,
                     all.peer_name.c_str(),
                     median(all.better),
                     all.better.front(),
                     all.better.back(),
                     all.better.size());
        std::fclose(file);
    }

    options const& options_;
    std::string row_;
    int rank_ = 0;
    int n_ranks_ = 1;
};

/// One line of the list of benchmarks.
struct row {
    std::string name;       ///< layer/what
    std::vector<int> ranks; ///< rank counts that run.sh starts it with
    std::function<void(context const&)> run;
};

inline options parse(int argc, char** argv) {
    options given;
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        bool const has_value = i + 1 < argc;
        if (word == "--quick") {
            given.quick = true;
        } else if (word == "--list") {
            given.list = true;
        } else if (word == "--row" && has_value) {
            given.row = argv[++i];
        } else if (word == "--json" && has_value) {
            given.json = argv[++i];
        } else if (word == "--dir" && has_value) {
            given.directory = argv[++i];
        } else if (word == "--rounds" && has_value) {
            given.rounds = static_cast<int>(std::strtol(argv[++i], nullptr, 10));
        } else {
            given.names.emplace_back(word);
        }
    }
    return given;
}

inline bool wanted(options const& given, std::string const& name) {
    if (!given.row.empty()) return name == given.row;
    return given.names.empty()
           || std::any_of(given.names.begin(), given.names.end(), [&](std::string const& prefix) {
                  return name.starts_with(prefix);
              });
}

/// main() of a program of benchmarks. With --list: names and rank counts, without MPI.
inline int run(int argc, char** argv, std::vector<row> const& rows) {
    auto const given = parse(argc, argv);
    if (given.list) {
        for (auto const& each : rows) {
            std::printf("%s", each.name.c_str());
            for (int const n : each.ranks) {
                std::printf(" %d", n);
            }
            std::printf("\n");
        }
        return 0;
    }
    MPI_Init(&argc, &argv);
    try {
        for (auto const& each : rows) {
            if (wanted(given, each.name)) each.run(context(given, each.name));
        }
    } catch (std::exception const& failed) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failed.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return 0;
}

} // namespace bench
