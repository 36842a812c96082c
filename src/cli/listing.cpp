// SPDX-License-Identifier: MIT
#include "cli/listing.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <system_error>

namespace shmwin::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view whole_ending = ".h5";
constexpr std::string_view unfinished_ending = ".h5.tmp";

// Of "stem-000000001200.h5", with any ending.
struct parted_name {
    std::string stem;
    std::int64_t step;
};

std::optional<parted_name> parts_of(std::string_view name, std::string_view ending) {
    if (!name.ends_with(ending)) return std::nullopt;
    name.remove_suffix(ending.size());
    auto const dash = name.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return std::nullopt;
    auto const digits = name.substr(dash + 1);
    std::int64_t step = -1;
    auto const* const end = digits.data() + digits.size();
    auto const [rest, failed] = std::from_chars(digits.data(), end, step);
    if (failed != std::errc{} || rest != end || step < 0) return std::nullopt;
    return parted_name{std::string(name.substr(0, dash)), step};
}

bool is_hidden(std::string_view name) {
    return name.starts_with('.');
}

// Stems of all stores, with their temporaries.
std::map<std::string, std::vector<fs::path>> stems_in(fs::path const& directory) {
    std::map<std::string, std::vector<fs::path>> found;
    std::error_code failed;
    for (fs::directory_iterator each(directory, failed), end; !failed && each != end;
         each.increment(failed)) {
        auto const name = each->path().filename().native();
        if (is_hidden(name)) {
            auto const parts = parts_of(std::string_view(name).substr(1), unfinished_ending);
            if (parts) found[parts->stem].push_back(each->path());
        } else if (auto const parts = parts_of(name, whole_ending)) {
            found[parts->stem];
        }
    }
    if (failed) {
        raise(errc::io_failure,
              detail::text(
                  "directory cannot be read (", directory.native(), ": ", failed.message(), ")"));
    }
    for (auto& [stem, unfinished] : found) {
        std::ranges::sort(unfinished);
    }
    return found;
}

store_files
files_of(fs::path const& directory, std::string const& stem, std::vector<fs::path> unfinished) {
    auto const path = directory / stem;
    return {path, detail::checkpoint_names(path).list(), std::move(unfinished)};
}

[[noreturn]] void nothing_at(fs::path const& where) {
    raise(errc::not_found,
          detail::text("no checkpoint found (",
                       where.native(),
                       " is neither a file, nor a directory with files named stem-<step>.h5, nor "
                       "such a directory and stem)"));
}

std::string state_of(errc code) {
    switch (code) {
    case errc::damaged:
        return "damaged";
    case errc::not_a_checkpoint:
        return "no checkpoint";
    default:
        return "unreadable";
    }
}

listed_checkpoint look_at(fs::path const& file) {
    listed_checkpoint found;
    found.file = file;
    std::error_code failed;
    auto const n_bytes = fs::file_size(file, failed);
    if (!failed) found.n_bytes = n_bytes;
    if (auto const store = store_of(file)) {
        found.step = store->step_of(file);
        found.is_pinned = store->is_pinned(file);
    }
    try {
        auto const read = detail::read_checkpoint(file, true);
        found.info = read.info;
        found.step = read.info.step;
        found.state = read.as_written ? "whole" : "rewritten";
        if (!read.as_written) found.why = "its structure is not as it was written: see verify";
    } catch (error const& refused) {
        found.state = state_of(refused.code());
        found.why = refused.what();
    }
    return found;
}

listed_checkpoint look_at_unfinished(fs::path const& file) {
    listed_checkpoint found;
    found.file = file;
    std::error_code failed;
    auto const n_bytes = fs::file_size(file, failed);
    if (!failed) found.n_bytes = n_bytes;
    auto const name = file.filename().native();
    auto const parts = parts_of(std::string_view(name).substr(1), unfinished_ending);
    if (parts) found.step = parts->step;
    found.state = "unfinished";
    found.why = "it is being written, or a killed job left it: the next job removes it";
    return found;
}

} // namespace

std::vector<store_files> stores_at(fs::path const& where) {
    if (fs::is_regular_file(where)) return {{where, {where}, {}}};
    std::vector<store_files> all;
    if (fs::is_directory(where)) {
        for (auto& [stem, unfinished] : stems_in(where)) {
            all.push_back(files_of(where, stem, std::move(unfinished)));
        }
        if (all.empty()) nothing_at(where);
        return all;
    }
    auto const directory = where.parent_path().empty() ? fs::path(".") : where.parent_path();
    if (!where.has_filename() || !fs::is_directory(directory)) nothing_at(where);
    auto stems = stems_in(directory);
    auto const found = stems.find(where.filename().native());
    if (found == stems.end()) nothing_at(where);
    all.push_back(files_of(directory, found->first, std::move(found->second)));
    return all;
}

std::optional<detail::checkpoint_names> store_of(fs::path const& file) {
    auto const parts = parts_of(file.filename().native(), whole_ending);
    if (!parts || is_hidden(parts->stem)) return std::nullopt;
    return detail::checkpoint_names(file.parent_path() / parts->stem);
}

std::vector<listed_checkpoint> list(store_files const& of) {
    std::vector<listed_checkpoint> all;
    for (auto const& each : of.files) {
        all.push_back(look_at(each));
    }
    auto const newest =
        std::find_if(all.rbegin(), all.rend(), [](auto const& each) { return each.is_whole(); });
    if (newest != all.rend()) newest->is_newest = true;
    for (auto const& each : of.unfinished) {
        all.push_back(look_at_unfinished(each));
    }
    return all;
}

} // namespace shmwin::cli
