// SPDX-License-Identifier: MIT
// shmwin ls: which checkpoints are there.
#include "shmwin/base/text.hpp"

#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/listing.hpp"
#include "cli/table.hpp"
#include "cli/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <string>
#include <vector>

namespace shmwin::cli {
namespace {

struct listed_store {
    std::filesystem::path path;
    std::vector<listed_checkpoint> checkpoints;
};

// The parent's step, if it is in the same store; else the begin of its uuid.
std::string parent_of(listed_checkpoint const& child, listed_store const& store) {
    auto const& parent = child.info->parent_uuid;
    for (auto const& each : store.checkpoints) {
        if (each.info && !parent.empty() && each.info->uuid == parent) {
            return fmt::format("step {}", each.info->step);
        }
    }
    return short_uuid(parent);
}

std::vector<std::string> cells_of(listed_checkpoint const& each, listed_store const& store) {
    bool const is_known = each.info.has_value();
    return {each.is_newest ? "*" : "",
            each.step < 0 ? "?" : fmt::format("{}", each.step),
            is_known ? fmt::format("{}", each.info->time) : "-",
            short_bytes(each.n_bytes),
            is_known ? detail::time_text(each.info->created_ns) : "-",
            is_known ? short_uuid(each.info->uuid) : "-",
            is_known ? parent_of(each, store) : "-",
            each.is_pinned ? each.state + ", pinned" : each.state,
            each.file.filename().string()};
}

void print_store(listed_store const& store) {
    fmt::print("{}\n", store.path.native());
    table lines({"", ">STEP", ">TIME", ">SIZE", "WRITTEN", "UUID", "PARENT", "STATE", "FILE"});
    for (auto const& each : store.checkpoints) {
        lines.add(cells_of(each, store));
    }
    lines.print();
    for (auto const& each : store.checkpoints) {
        if (!each.why.empty()) fmt::print("{}: {}\n", each.file.filename().native(), each.why);
    }
}

void print_json(json& out, listed_checkpoint const& each, listed_store const& store) {
    out.object().field("file", each.file.native()).field("store", store.path.native());
    out.field("step", each.step).field("bytes", each.n_bytes);
    out.field("state", each.state).field("why", each.why).field("newest", each.is_newest);
    out.field("pinned", each.is_pinned);
    if (each.info) {
        out.field("time", each.info->time).field("created_ns", each.info->created_ns);
        out.field("created", detail::time_text(each.info->created_ns));
        out.field("uuid", each.info->uuid).field("parent_uuid", each.info->parent_uuid);
        out.field("n_ranks", each.info->n_ranks);
    }
    out.end();
}

void print_json(std::vector<listed_store> const& all) {
    json out;
    out.object().name("checkpoints").array();
    for (auto const& store : all) {
        for (auto const& each : store.checkpoints) {
            print_json(out, each, store);
        }
    }
    out.end().end().print();
}

} // namespace

int ls(ls_options const& options) {
    std::vector<listed_store> all;
    for (auto const& each : stores_at(options.where)) {
        all.push_back({each.path, list(each)});
    }
    bool is_whole = true;
    for (auto const& store : all) {
        is_whole = is_whole && std::ranges::all_of(store.checkpoints, [](auto const& each) {
                       return each.is_whole() || each.state == "unfinished";
                   });
    }
    if (options.json) {
        print_json(all);
    } else {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i > 0) fmt::print("\n");
            print_store(all[i]);
        }
    }
    return is_whole ? all_right : something_differs;
}

} // namespace shmwin::cli
