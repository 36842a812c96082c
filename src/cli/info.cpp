// SPDX-License-Identifier: MIT
// shmwin info: what is in a checkpoint.
#include "shmwin/base/text.hpp"
#include "shmwin/segment/object_info.hpp"

#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "cli/words.hpp"
#include "io/object_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <variant>
#include <vector>

namespace shmwin::cli {
namespace {

constexpr char const* algorithm = "XXH3_128bits";

struct seen_checkpoint {
    detail::checkpoint_file file;
    std::vector<detail::object_storage> storage; ///< of each object
};

std::string storage_text(detail::object_storage const& of) {
    auto const filters = of.filters.empty() ? "" : fmt::format(", {}", fmt::join(of.filters, ", "));
    return of.layout + filters;
}

std::string value_text(checkpoint_attribute const& of) {
    return std::visit([](auto const& value) { return fmt::format("{}", value); }, of.value);
}

void print_labels(checkpoint_info const& info, detail::checkpoint_file const& file) {
    table lines({"file", info.file.native()});
    lines.add({"step", fmt::format("{}", info.step)});
    lines.add({"time", fmt::format("{}", info.time)});
    lines.add({"written", detail::time_text(info.created_ns)});
    lines.add({"uuid", info.uuid});
    lines.add({"parent uuid", info.parent_uuid.empty() ? "-" : info.parent_uuid});
    lines.add({"ranks", fmt::format("{}", info.n_ranks)});
    lines.add({"format", fmt::format("{}", detail::checkpoint_format)});
    lines.add({"size", detail::bytes_text(file.n_bytes)});
    lines.add({"payload", detail::bytes_text(file.payload_bytes())});
    lines.add({"checksums",
               fmt::format("{}, {} blocks of {}",
                           algorithm,
                           file.n_blocks,
                           short_bytes(detail::checksum_block_bytes))});
    lines.add({"structure",
               file.as_written ? "as it was written" : "rewritten by another tool, or damaged"});
    for (auto const& each : info.attributes) {
        lines.add({"attribute " + each.name, value_text(each)});
    }
    lines.print();
}

void print_objects(seen_checkpoint const& seen) {
    fmt::print("\n");
    table lines(
        {"OBJECT", "KIND", "SHAPE", "ORDER", ">LEVELS", ">SIZE", ">IN FILE", "STORED", "TYPE"});
    for (std::size_t i = 0; i < seen.file.objects.size(); ++i) {
        auto const& each = seen.file.objects[i];
        lines.add({each.name,
                   name(each.kind),
                   shape_of(each),
                   std::string(order_of(each)),
                   each.n_levels == 0 ? "" : fmt::format("{}", each.n_levels),
                   short_bytes(each.n_bytes),
                   short_bytes(seen.storage[i].n_bytes),
                   storage_text(seen.storage[i]),
                   each.type});
    }
    lines.print();
}

void print_labels(json& out, detail::checkpoint_file const& file) {
    auto const& info = file.info;
    out.field("file", info.file.native()).field("step", info.step).field("time", info.time);
    out.field("created_ns", info.created_ns).field("created", detail::time_text(info.created_ns));
    out.field("uuid", info.uuid).field("parent_uuid", info.parent_uuid);
    out.field("n_ranks", info.n_ranks).field("format", detail::checkpoint_format);
    out.field("bytes", file.n_bytes).field("payload_bytes", file.payload_bytes());
    out.field("as_written", file.as_written);
    out.name("checksums").object().field("algorithm", algorithm).field("blocks", file.n_blocks);
    out.field("block_bytes", detail::checksum_block_bytes).end();
    out.name("attributes").object();
    for (auto const& each : info.attributes) {
        std::visit([&](auto const& value) { out.field(each.name, value); }, each.value);
    }
    out.end();
}

void print_object(json& out,
                  detail::stored_object const& each,
                  detail::object_storage const& storage) {
    out.object().field("name", each.name).field("kind", name(each.kind)).field("type", each.type);
    out.field("shape", each.shape).field("order", order_of(each)).field("levels", each.n_levels);
    out.field("bytes", each.n_bytes).field("layout", storage.layout);
    out.field("filters", storage.filters).field("stored_bytes", storage.n_bytes).end();
}

void print_json(seen_checkpoint const& seen) {
    json out;
    out.object();
    print_labels(out, seen.file);
    out.name("objects").array();
    for (std::size_t i = 0; i < seen.file.objects.size(); ++i) {
        print_object(out, seen.file.objects[i], seen.storage[i]);
    }
    out.end().end().print();
}

} // namespace

int info(info_options const& options) {
    seen_checkpoint seen;
    seen.file = detail::read_checkpoint(options.file, true);
    seen.storage = detail::storage_of(options.file, seen.file.objects);
    if (options.json) {
        print_json(seen);
    } else {
        print_labels(seen.file.info, seen.file);
        print_objects(seen);
    }
    return all_right;
}

} // namespace shmwin::cli
