// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "shmwin/base/export.hpp"

#include "cli/commands.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <string>

namespace shmwin::cli {
namespace {

constexpr char const* footer = R"(
Exit status: 0 all right; 1 something is damaged, or differs; 2 trouble.
What diff, stat and extract read is compared with its checksums: damage is trouble.
Errors go to stderr, and so does a progress bar on a terminal.

Examples:
  shmwin ls run                       which checkpoints are there
  shmwin verify --jobs 4 run          are they as they were written
  shmwin diff --rel 1e-12 A.h5 B.h5   have two runs come to the same
  shmwin SUBCOMMAND --help            says more)";

// What stands behind a subcommand: its options, filled by the parser, and its call.
class parser {
  public:
    parser() {
        app_.set_version_flag("--version", std::string("shmwin ") + SHMWIN_VERSION);
        app_.require_subcommand(1);
        app_.footer(footer);
        add_ls();
        add_info();
        add_verify();
        add_diff();
        add_stat();
        add_extract();
        add_prune();
        add_pins();
        add_xdmf();
    }

    int run(int argc, char const* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (CLI::ParseError const& failed) {
            return app_.exit(failed) == 0 ? all_right : trouble;
        }
        return chosen_();
    }

  private:
    template <typename Options>
    CLI::App& add(char const* name,
                  char const* what,
                  char const* examples,
                  int (*call)(Options const&),
                  std::shared_ptr<Options> const& options) {
        auto& made = *app_.add_subcommand(name, what);
        made.footer(examples);
        made.callback(
            [this, call, options] { chosen_ = [call, options] { return call(*options); }; });
        return made;
    }

    template <typename Options>
    static void add_json(CLI::App& to, Options& options) {
        to.add_flag("--json", options.json, "One JSON object instead of text");
    }

    template <typename Options>
    static void add_unchecked(CLI::App& to, Options& options) {
        to.add_flag(
            "--unchecked", options.unchecked, "Takes what is there, whatever its checksums say");
    }

    void add_ls() {
        auto const options = std::make_shared<ls_options>();
        auto& made = add("ls",
                         "Lists checkpoints: step, time, size, age, descent, and whether whole",
                         R"(
The newest that is whole, from which a restart goes on, is marked with *. "whole" means that the
structure is as it was written; `shmwin verify` reads the data, too. PARENT is the step of the
checkpoint that the run had restored or saved before, or the begin of its uuid.
Exit status 1 if one is not whole.

Examples:
  shmwin ls run              all stores of a directory
  shmwin ls run/state        one store
  shmwin ls --json run | jq '.checkpoints[] | select(.newest) | .file')",
                         ls,
                         options);
        made.add_option("WHERE", options->where, "A directory, a store (directory/stem), or a file")
            ->required();
        add_json(made, *options);
    }

    void add_info() {
        auto const options = std::make_shared<info_options>();
        auto& made = add("info",
                         "Shows a checkpoint: labels, attributes, objects with type and layout",
                         R"(
Examples:
  shmwin info run/state-000000001200.h5
  shmwin info --json FILE | jq '.objects[].name')",
                         info,
                         options);
        made.add_option("FILE", options->file, "A checkpoint")->required();
        add_json(made, *options);
    }

    void add_verify() {
        auto const options = std::make_shared<verify_options>();
        auto& made = add("verify",
                         "Reads every byte of checkpoints and compares checksums",
                         R"(
  intact     every byte is as it was written
  repacked   the data are; another tool rewrote the structure around them
  damaged    something changed: which object, which block
Exit status 1 if one is damaged, 2 if one is no checkpoint.

Examples:
  shmwin verify run/state-000000001200.h5
  shmwin verify --jobs 4 run)",
                         verify,
                         options);
        made.add_option("WHERE", options->where, "A file, a directory, or a store (directory/stem)")
            ->required();
        made.add_option("-j,--jobs", options->n_jobs, "Threads that read")
            ->check(CLI::Range(1, 1024))
            ->capture_default_str();
        add_json(made, *options);
    }

    void add_diff() {
        auto const options = std::make_shared<diff_options>();
        auto& made = add("diff",
                         "Compares the objects of two checkpoints, value by value",
                         R"(
Numbers x and y are taken for equal if |x - y| <= abs, or |x - y| <= rel max(|x|, |y|). Structures
are compared member by member, all else byte by byte. Labels and attributes are not compared.
Exit status 0 if all is equal, 1 if something differs, 2 on trouble.

Examples:
  shmwin diff before.h5 after.h5
  shmwin diff --rel 1e-12 --nan-equal A.h5 B.h5)",
                         diff,
                         options);
        made.add_option("A", options->a, "A checkpoint")->required();
        made.add_option("B", options->b, "Another one")->required();
        made.add_option("--abs", options->absolute, "Absolute difference that is allowed")
            ->check(CLI::NonNegativeNumber);
        made.add_option("--rel", options->relative, "Relative difference that is allowed")
            ->check(CLI::NonNegativeNumber);
        made.add_flag("--nan-equal", options->nan_equal, "Takes NaN for equal to NaN");
        add_unchecked(made, *options);
        add_json(made, *options);
    }

    void add_stat() {
        auto const options = std::make_shared<stat_options>();
        auto& made = add("stat",
                         "Minimum, maximum, mean, NaNs and infinities of all numbers",
                         R"(
One line for each object, for each member of structures, and for real and imaginary parts. NaNs
and infinities are counted, and in no minimum, maximum or mean.

Examples:
  shmwin stat run/state-000000001200.h5
  shmwin stat --json FILE | jq '.numbers[] | select(.nan > 0) | .name')",
                         stat,
                         options);
        made.add_option("FILE", options->file, "A checkpoint")->required();
        add_unchecked(made, *options);
        add_json(made, *options);
    }

    void add_extract() {
        auto const options = std::make_shared<extract_options>();
        auto& made = add("extract",
                         "Writes one object as .npy, .csv or raw bytes",
                         R"(
The ending of OUT tells the format: .npy (NumPy), .csv (at most 2 dimensions), .bin (the bytes).
Rows are those of the data set, whose slowest dimension is first, as h5py has it.

Examples:
  shmwin extract FILE fields/u -o u.npy
  shmwin extract FILE fields/u --rows 10:20 -o u.csv)",
                         extract,
                         options);
        made.add_option("FILE", options->file, "A checkpoint")->required();
        made.add_option("NAME", options->object, "Name of an object")->required();
        made.add_option("-o,--output", options->output, "File to write; replaced if it is there")
            ->required();
        made.add_option(
            "--rows", options->rows, "a:b, from a on, before b; negative: from the end");
        add_unchecked(made, *options);
    }

    void add_prune() {
        auto const options = std::make_shared<prune_options>();
        auto& made = add("prune",
                         "Removes old checkpoints of a store",
                         R"(
As a job does after each save: --keep of the newest stay that are whole, and what is damaged among
them; those that are pinned stay, too. Refuses while a job has the store open.

Examples:
  shmwin prune --keep 2 --dry-run run/state
  shmwin prune --keep 2 --keep-every 1000 run/state)",
                         prune,
                         options);
        made.add_option("STORE", options->store, "Directory and stem, as run/state")->required();
        made.add_option("--keep", options->keep, "Newest checkpoints that stay")
            ->required()
            ->check(CLI::PositiveNumber);
        made.add_option("--keep-every", options->keep_every, "Multiples of this step stay, too")
            ->check(CLI::PositiveNumber);
        made.add_flag("-n,--dry-run", options->dry_run, "Only says what would be done");
        add_json(made, *options);
    }

    void add_pins() {
        auto const options = std::make_shared<pin_options>();
        add("pin",
            "Keeps checkpoints from being removed by jobs and by prune",
            R"(
A job that runs heeds it from its next save on.

Examples:
  shmwin pin run/state-000000001200.h5)",
            pin,
            options)
            .add_option("FILE", options->files, "Checkpoints")
            ->required();
        add("unpin",
            "Ends that",
            R"(
Examples:
  shmwin unpin run/state-000000001200.h5)",
            unpin,
            options)
            .add_option("FILE", options->files, "Checkpoints")
            ->required();
    }

    void add_xdmf() {
        auto const options = std::make_shared<xdmf_options>();
        auto& made = add("xdmf",
                         "Writes an XDMF file, by which ParaView and VTK read checkpoints",
                         R"(
Arrays of numbers of 2 and 3 dimensions become attributes of uniform grids, one grid for each
shape, of spacing 1. All checkpoints of a store become steps in time, by their labels; by step
number where the times do not grow. The data stay where they are: keep the file beside them.

Examples:
  shmwin xdmf run/state-000000001200.h5      writes run/state-000000001200.xdmf
  shmwin xdmf run/state                      writes run/state.xdmf)",
                         xdmf,
                         options);
        made.add_option("WHERE", options->where, "A file, a store (directory/stem), or a directory")
            ->required();
        made.add_option("-o,--output", options->output, "File to write; replaced if it is there");
    }

    CLI::App app_{"Looks at checkpoints of shmwin: HDF5 files that are named stem-<step>.h5.",
                  "shmwin"};
    std::function<int()> chosen_;
};

} // namespace

int run(int argc, char const* const* argv) {
    return parser().run(argc, argv);
}

} // namespace shmwin::cli
