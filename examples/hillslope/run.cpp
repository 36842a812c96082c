// SPDX-License-Identifier: MIT
#include "run.hpp"

#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/io/read_dataset.hpp"
#include "shmwin/shmwin.hpp"

#include "files.hpp"
#include "on_first_rank.hpp"
#include "parameters.hpp"
#include "progress.hpp"
#include "solver.hpp"
#include "terrain.hpp"

#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace hillslope {

namespace {

using namespace shmwin::literals;

std::size_t bytes_of(grid const& g) {
    return static_cast<std::size_t>(g.n_y * g.n_x) * sizeof(double);
}

/// Everything that is fixed before memory is asked for.
struct plan {
    grid coarse;
    grid fine;
    double step_years;
    std::int64_t steps; ///< until the model time that was asked for is reached

    [[nodiscard]] double years(std::int64_t step) const {
        return static_cast<double>(step) * step_years;
    }
    /// The input and two levels.
    [[nodiscard]] std::size_t bytes() const { return bytes_of(coarse) + 2 * bytes_of(fine); }
};

/// The step depends on grid and diffusivity alone, so a run can be continued to any later time.
plan plan_of(grid const& coarse, options const& wanted) {
    auto const fine = refined(coarse, wanted.refine);
    double const step_years = longest_step(wanted.diffusivity, fine.metres);
    double const steps = std::ceil(wanted.years / step_years);
    if (!(steps < 1e15))
        shmwin::raise({shmwin::errc::out_of_range,
                       true,
                       0,
                       "that are more than 1e15 steps (--years, --refine, --diffusivity)"});
    return {coarse, fine, step_years, static_cast<std::int64_t>(steps)};
}

/// The model in the segment, and the way from one checkpoint to the next.
class simulation {
  public:
    simulation(MPI_Comm comm, options const& wanted, plan const& what);

    void restore();
    outcome step_to_end();
    void write();
    void close() { seg_.close(); }

  private:
    [[nodiscard]] bool speaks() const { return seg_.rank() == 0; }
    [[nodiscard]] double years() const { return plan_.years(step_); }
    void introduce() const;
    bool save_and_stop();
    std::optional<shmwin::checkpoint_info> newest();

    MPI_Comm comm_;
    options const& wanted_;
    plan plan_;
    shmwin::node node_;
    shmwin::segment seg_;
    input_array input_;
    elevation_levels z_;
    parameters mine_;
    saved_parameters saved_;
    std::optional<shmwin::checkpoint_store> store_;
    std::int64_t step_ = 0;
};

parameters parameters_of(options const& wanted, plan const& what, input_array const& input) {
    return {wanted.diffusivity,
            what.step_years,
            what.fine.metres.y,
            what.fine.metres.x,
            wanted.refine,
            fingerprint(input.view())};
}

simulation::simulation(MPI_Comm comm, options const& wanted, plan const& what)
    : comm_(comm),
      wanted_(wanted),
      plan_(what),
      node_(comm, shmwin::node_split::none),
      seg_(node_, {.capacity = what.bytes() + 16_MiB}),
      input_(shmwin::read_dataset<double, 2>(
          seg_, "input", wanted.input, wanted.dataset, {.saved = false})),
      z_(seg_.create_levels<double>("elevation", shmwin::shape(what.fine.n_y, what.fine.n_x))),
      mine_(parameters_of(wanted, what, input_)),
      saved_(seg_, mine_) {
    if (speaks()) introduce();
    interpolate(input_, wanted.refine, z_);
    if (!wanted.checkpoint.empty())
        store_.emplace(comm,
                       wanted.checkpoint / "state",
                       shmwin::checkpoint_options{
                           .keep = wanted.keep, .every_steps = wanted.every, .signals = {SIGUSR1}});
}

void simulation::introduce() const {
    auto const& [n_y, n_x, metres] = plan_.fine;
    std::printf("%s: %lld x %lld points\n",
                wanted_.input.c_str(),
                static_cast<long long>(plan_.coarse.n_y),
                static_cast<long long>(plan_.coarse.n_x));
    std::printf("grid: %lld x %lld points, %.2f m x %.2f m; %.1f MiB shared by %d rank%s\n",
                static_cast<long long>(n_y),
                static_cast<long long>(n_x),
                metres.y,
                metres.x,
                static_cast<double>(plan_.bytes()) / static_cast<double>(1_MiB),
                seg_.n_ranks(),
                seg_.n_ranks() == 1 ? "" : "s");
    std::printf("diffusivity %g m2/yr; %lld steps of %.3f years\n",
                wanted_.diffusivity,
                static_cast<long long>(plan_.steps),
                plan_.step_years);
    std::fflush(stdout);
}

/// The newest checkpoint, restored. Another shape is another run: the options say so better.
std::optional<shmwin::checkpoint_info> simulation::newest() {
    try {
        return store_->restore_latest(seg_);
    } catch (shmwin::argument_error const& e) {
        if (e.code() != shmwin::errc::shape_mismatch) throw;
        auto told = e.info();
        told.text = wanted_.checkpoint.string() + " is of a run with another --refine or --input ("
                    + e.what()
                    + "; give its options again, or another directory with --checkpoint)";
        shmwin::raise(told);
    }
}

void simulation::restore() {
    if (!store_) return;
    auto const found = newest();
    if (!found) return;
    saved_.require(mine_, found->file.string());
    if (found->step > plan_.steps)
        shmwin::raise({shmwin::errc::invalid_argument,
                       true,
                       0,
                       found->file.string() + " is past the end (" + std::to_string(found->time)
                           + " years; --years, or another directory with --checkpoint)"});
    step_ = found->step;
    if (!speaks()) return;
    std::printf("goes on from step %lld, year %.0f: %s, written by %d rank%s\n",
                static_cast<long long>(step_),
                years(),
                found->file.c_str(),
                found->n_ranks,
                found->n_ranks == 1 ? "" : "s");
    std::fflush(stdout);
}

outcome simulation::step_to_end() {
    auto const mine = z_.rows();
    auto const w = weights_of(wanted_.diffusivity, plan_.step_years, plan_.fine.metres);
    auto const begin = step_;
    progress line(speaks(), step_, plan_.steps, plan_.step_years);
    bool stopped = false;
    while (step_ < plan_.steps && !stopped) {
        diffuse(z_.now(), z_.next(), mine, w); // reads the neighbours' rows where they lie
        z_.flip();
        ++step_;
        stopped = save_and_stop();
        line.at(step_);
    }
    double const seconds = line.finish();
    if (speaks())
        std::printf("year %.0f after %lld steps; %lld of them here, in %.1f s\n",
                    years(),
                    static_cast<long long>(step_),
                    static_cast<long long>(step_ - begin),
                    seconds);
    return step_ < plan_.steps ? outcome::to_be_continued : outcome::done;
}

/// Saves if it is time to, and at the end. True if the job should end, too.
bool simulation::save_and_stop() {
    if (!store_) return false;
    auto const why = store_->due(step_ - 1); // the one just done
    if (!why && step_ != plan_.steps) return false;
    store_->save(seg_, {.step = step_, .time = years()});
    if (why.stop() && speaks()) std::printf("stops: %s\n", why.text().c_str());
    return why.stop();
}

void simulation::write() {
    on_first_rank(comm_, [this] {
        auto const now = z_.now();
        if (!wanted_.output.empty())
            write_result({now, plan_.fine.metres, wanted_.diffusivity, step_, years()},
                         wanted_.output);
        if (!wanted_.picture.empty())
            write_png(
                before_and_after({input_.view(), plan_.coarse.metres}, {now, plan_.fine.metres}),
                wanted_.picture);
    });
    if (!speaks()) return;
    for (auto const* file : {&wanted_.output, &wanted_.picture})
        if (!file->empty()) std::printf("wrote %s\n", file->c_str());
}

} // namespace

outcome run(MPI_Comm comm, options const& wanted) {
    on_first_rank(comm, [&] { check_outputs(wanted); });
    simulation model(comm, wanted, plan_of(read_grid(comm, wanted), wanted));
    model.restore();
    auto const ended = model.step_to_end();
    if (ended == outcome::done) model.write();
    model.close();
    return ended;
}

} // namespace hillslope
