// SPDX-License-Identifier: MIT
// shmwin prune: removes old checkpoints of a store, as retention does while a job runs.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/listing.hpp"
#include "cli/table.hpp"
#include "cli/words.hpp"
#include "io/retention.hpp"
#include "io/store_directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace shmwin::cli {
namespace {

struct fate {
    listed_checkpoint of;
    std::string why_kept; ///< empty: it goes
};

// As after a save, of a job that has just begun.
std::vector<fate> fates_of(store_files const& store, prune_options const& options) {
    auto const files = list({store.path, store.files, {}});
    std::vector<detail::retention_candidate> candidates;
    candidates.reserve(files.size());
    for (auto const& each : files) {
        candidates.push_back({each.step, each.state == "whole", each.is_pinned, false});
    }
    auto const whys = detail::fates_of(candidates, {options.keep, options.keep_every});
    detail::checkpoint_names const names(store.path);
    std::vector<fate> all;
    all.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto const& file = files[i].file;
        bool const is_ours = file == names.of_step(names.step_of(file));
        all.push_back({files[i], is_ours ? detail::name(whys[i]) : "not named by the library"});
    }
    return all;
}

void remove_file(std::filesystem::path const& file) {
    std::error_code failed;
    std::filesystem::remove(file, failed);
    if (!failed) return;
    raise(
        errc::io_failure,
        detail::text("checkpoint cannot be removed (", file.native(), ": ", failed.message(), ")"));
}

void print(std::vector<fate> const& all, bool dry_run) {
    table lines({"", ">STEP", ">SIZE", "FILE", "WHY"});
    for (auto const& each : all) {
        std::string const gone = dry_run ? "would go" : "removed";
        lines.add({each.why_kept.empty() ? gone : "stays",
                   fmt::format("{}", each.of.step),
                   short_bytes(each.of.n_bytes),
                   each.of.file.filename().string(),
                   each.why_kept});
    }
    lines.print();
}

void print_json(std::vector<fate> const& all, bool dry_run) {
    json out;
    out.object().field("dry_run", dry_run).name("checkpoints").array();
    for (auto const& each : all) {
        out.object().field("file", each.of.file.native()).field("step", each.of.step);
        out.field("kept", !each.why_kept.empty()).field("why", each.why_kept).end();
    }
    out.end().end().print();
}

} // namespace

int prune(prune_options const& options) {
    auto const found = stores_at(options.store);
    if (found.size() != 1 || !std::filesystem::is_directory(found.front().path.parent_path())
        || std::filesystem::exists(options.store)) {
        raise(errc::invalid_argument,
              detail::text("store is not named (",
                           options.store.native(),
                           "; directory and stem are needed, as run/state of "
                           "run/state-000000001200.h5)"));
    }
    // Held while files go: no job has the store open, and none begins meanwhile.
    std::optional<detail::store_lock> lock;
    if (!options.dry_run) lock.emplace(detail::checkpoint_names(found.front().path).lock());
    auto const all = fates_of(found.front(), options);
    for (auto const& each : all) {
        if (each.why_kept.empty() && !options.dry_run) remove_file(each.of.file);
    }
    options.json ? print_json(all, options.dry_run) : print(all, options.dry_run);
    return all_right;
}

} // namespace shmwin::cli
