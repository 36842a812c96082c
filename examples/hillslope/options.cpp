// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <array>
#include <charconv>
#include <getopt.h>
#include <limits>
#include <sstream>
#include <system_error>

namespace hillslope {

char const* const help_text = R"(usage: mpirun -n RANKS hillslope --input FILE [OPTION...]

Hillslope diffusion, dz/dt = D laplacian(z), of an elevation model in one segment of shared memory.
The result is the same to the last bit on any number of ranks.

  --input FILE         HDF5 file with the elevation in metres, row 0 in the north
  --dataset NAME       the data set in it, of any number type ("elevation")
  --spacing DY,DX      metres between rows, columns; without it the data set's attribute
                       spacing (DY, DX), or dx_degrees, dy_degrees, ymin and ymax (latitude)
  --diffusivity D      m2 a year (0.01)
  --years T            stop with the first step that reaches T (1e6)
  --refine K           interpolate the grid K times finer (1)
  --checkpoint DIR     save there; go on from the newest checkpoint that is there already
  --every N            steps from one checkpoint to the next; one more at the end (100)
  --keep K             newest checkpoints to keep (2)
  --output FILE        the result as HDF5
  --picture FILE       the relief before and after, side by side, as PNG
  --help               this text

With --checkpoint, SIGUSR1 to any rank, or the end of the job's time (SHMWIN_WALL_CLOCK, or Slurm's),
makes it save and end with exit status 85: started again, it goes on. See examples/slurm.
)";

namespace {

// Values of getopt_long's `val`, above all characters.
enum key : int {
    input = 256,
    dataset,
    spacing_yx,
    diffusivity,
    years,
    refine,
    checkpoint,
    every,
    keep,
    output,
    picture,
    help
};

std::array<::option, 13> const table{{{"input", required_argument, nullptr, input},
                                      {"dataset", required_argument, nullptr, dataset},
                                      {"spacing", required_argument, nullptr, spacing_yx},
                                      {"diffusivity", required_argument, nullptr, diffusivity},
                                      {"years", required_argument, nullptr, years},
                                      {"refine", required_argument, nullptr, refine},
                                      {"checkpoint", required_argument, nullptr, checkpoint},
                                      {"every", required_argument, nullptr, every},
                                      {"keep", required_argument, nullptr, keep},
                                      {"output", required_argument, nullptr, output},
                                      {"picture", required_argument, nullptr, picture},
                                      {"help", no_argument, nullptr, help},
                                      {nullptr, 0, nullptr, 0}}};

/// The whole of `text` as a number between `lo` and `hi`.
template <typename Number>
Number number(std::string const& name, std::string const& text, Number lo, Number hi) {
    Number value{};
    auto const* const end = text.data() + text.size();
    auto const [rest, trouble] = std::from_chars(text.data(), end, value);
    if (trouble == std::errc() && rest == end && lo <= value && value <= hi) return value;
    std::ostringstream why;
    why << "--" << name << ' ' << text << " (not a number from " << lo << " to " << hi << ')';
    throw usage_error(why.str());
}

double positive(std::string const& name, std::string const& text) {
    double const value = number(name, text, 0.0, 1e15);
    if (value == 0.0) throw usage_error("--" + name + " " + text + " (must be above 0)");
    return value;
}

std::int64_t count(std::string const& name, std::string const& text, std::int64_t most) {
    return number(name, text, std::int64_t{1}, most);
}

spacing both(std::string const& name, std::string const& text) {
    auto const comma = text.find(',');
    if (comma == std::string::npos)
        throw usage_error("--" + name + " " + text + " (two numbers are needed: DY,DX)");
    return {positive(name, text.substr(0, comma)), positive(name, text.substr(comma + 1))};
}

void set(options& all, key which, std::string const& name, std::string const& text) {
    switch (which) {
    case input:
        all.input = text;
        break;
    case dataset:
        all.dataset = text;
        break;
    case spacing_yx:
        all.given_spacing = both(name, text);
        break;
    case diffusivity:
        all.diffusivity = positive(name, text);
        break;
    case years:
        all.years = positive(name, text);
        break;
    case refine:
        all.refine = count(name, text, 10'000);
        break;
    case checkpoint:
        all.checkpoint = text;
        break;
    case every:
        all.every = count(name, text, std::numeric_limits<std::int64_t>::max());
        break;
    case keep:
        all.keep = static_cast<int>(count(name, text, 1'000'000));
        break;
    case output:
        all.output = text;
        break;
    case picture:
        all.picture = text;
        break;
    case help:
        all.help = true;
        break;
    }
}

} // namespace

options parse(int argc, char** argv) {
    options all;
    opterr = 0; // every rank parses; one of them prints
    int index = 0;
    for (int found = 0; (found = getopt_long(argc, argv, ":", table.data(), &index)) != -1;) {
        char const* const last = argv[optind - 1];
        if (found == ':') throw usage_error(std::string(last) + " (needs a value)");
        if (found == '?') throw usage_error(std::string(last) + " (no such option)");
        auto const& option = table[static_cast<std::size_t>(index)];
        set(all, static_cast<key>(found), option.name, optarg != nullptr ? optarg : "");
    }
    if (optind < argc) throw usage_error(std::string(argv[optind]) + " (not an option)");
    if (all.input.empty() && !all.help) throw usage_error("--input is missing");
    return all;
}

} // namespace hillslope
