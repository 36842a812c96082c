// SPDX-License-Identifier: MIT
#include "io/retention.hpp"

#include "shmwin/base/error.hpp"

#include "io/checkpoint_file.hpp"
#include "io/seen_files.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

why_kept fate_of(retention_candidate const& one, bool is_among_newest, std::int64_t keep_every) {
    if (is_among_newest) return why_kept::among_newest;
    if (one.is_in_line) return why_kept::in_line;
    if (keep_every > 0 && one.step % keep_every == 0) return why_kept::multiple;
    return one.is_pinned ? why_kept::pinned : why_kept::goes;
}

// Damage shows at once: a file of this job that changes later is another's doing.
seen_files::is look_at(std::filesystem::path const& file) {
    try {
        return read_checkpoint(file, true).as_written ? seen_files::is::whole
                                                      : seen_files::is::damaged;
    } catch (error const&) {
        return seen_files::is::damaged;
    }
}

} // namespace

char const* name(why_kept why) noexcept {
    switch (why) {
    case why_kept::goes:
        return "";
    case why_kept::among_newest:
        return "among the newest";
    case why_kept::in_line:
        return "saved or restored last";
    case why_kept::multiple:
        return "a multiple";
    case why_kept::pinned:
        break;
    }
    return "pinned";
}

std::vector<why_kept> fates_of(std::span<retention_candidate const> all,
                               retention_rules const& rules) {
    std::vector<why_kept> fates(all.size());
    int n_whole = 0;
    for (auto i = all.size(); i-- > 0;) {
        fates[i] = fate_of(all[i], n_whole < std::max(rules.keep, 1), rules.keep_every);
        if (all[i].is_whole) ++n_whole;
    }
    return fates;
}

std::vector<std::filesystem::path>
removable(checkpoint_names const& names,
          retention_rules const& rules,
          function_ref<bool(std::filesystem::path const&)> is_whole) {
    auto files = names.list();
    std::vector<retention_candidate> all;
    all.reserve(files.size());
    for (auto const& each : files) {
        all.push_back({names.step_of(each),
                       is_whole(each),
                       names.is_pinned(each),
                       names.seen().is_in_line(each, rules.keep)});
    }
    auto const fates = fates_of(all, rules);
    std::vector<std::filesystem::path> gone;
    for (std::size_t i = 0; i < files.size(); ++i) {
        // What we would not have named so is somebody's own.
        bool const is_ours = files[i] == names.of_step(all[i].step);
        if (fates[i] == why_kept::goes && is_ours) gone.push_back(std::move(files[i]));
    }
    return gone;
}

std::vector<std::filesystem::path> removable(checkpoint_names const& names,
                                             retention_rules const& rules) {
    return removable(names, rules, [&](std::filesystem::path const& file) {
        return names.seen().state_of(file) == seen_files::is::whole;
    });
}

bool is_whole(checkpoint_names const& names, std::filesystem::path const& file) {
    auto& seen = names.seen();
    if (seen.state_of(file) == seen_files::is::unknown) seen.note(file, look_at(file));
    return seen.state_of(file) == seen_files::is::whole;
}

void look_at_unknown(checkpoint_names const& names, retention_rules const& rules) {
    auto const files = names.list();
    int n_whole = 0;
    for (auto i = files.size(); i-- > 0 && n_whole < rules.keep;) {
        if (is_whole(names, files[i])) ++n_whole;
    }
}

} // namespace shmwin::inline v1::detail
