// SPDX-License-Identifier: MIT
#include "shmwin/segment/memory_map.hpp"

#include "shmwin/base/text.hpp"
#include "shmwin/segment/core.hpp"

#include "segment/memory_map.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>
#include <string_view>

namespace shmwin::inline v1 {
namespace {

using detail::bytes_text;

std::string_view name_of(memory_order_kind order) {
    switch (order) {
    case memory_order_kind::right:
        return "right";
    case memory_order_kind::left:
        return "left";
    case memory_order_kind::strided:
        return "strided";
    case memory_order_kind::none:
        break;
    }
    return "none";
}

// --- as a table ----------------------------------------------------------------------------------

constexpr std::size_t n_columns = 6; // the name is the last and needs no width
using row = std::array<std::string, n_columns + 1>;

row row_of(object_info const& object) {
    return {std::to_string(object.n_bytes),
            object.foreign ? std::string("adopted ") + name(object.kind) : name(object.kind),
            object.type,
            object.shape.empty() ? "-" : detail::shape_text(object.shape),
            object.creator < 0 ? "all" : std::to_string(object.creator),
            object.where,
            object.name};
}

void write_table(std::ostream& out, std::vector<row> const& rows) {
    std::array<std::size_t, n_columns> widths{};
    for (auto const& each : rows) {
        for (std::size_t i = 0; i < n_columns; ++i) {
            widths.at(i) = std::max(widths.at(i), each.at(i).size());
        }
    }
    for (auto const& each : rows) {
        for (std::size_t i = 0; i < n_columns; ++i) {
            out << "  " << (i == 0 ? std::right : std::left)
                << std::setw(static_cast<int>(widths.at(i))) << each.at(i);
        }
        out << "  " << each.back() << '\n';
    }
}

// --- as JSON -------------------------------------------------------------------------------------

std::string json_string(std::string_view text) {
    std::ostringstream out;
    out << '"';
    for (char const each : text) {
        if (each == '"' || each == '\\') {
            out << '\\' << each;
        } else if (static_cast<unsigned char>(each) < 0x20) {
            out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << int{each};
        } else {
            out << each;
        }
    }
    out << '"';
    return std::move(out).str();
}

void write_json(std::ostream& out, object_info const& object) {
    out << "{\"name\": " << json_string(object.name) << ", \"kind\": \"" << name(object.kind)
        << "\", \"type\": " << json_string(object.type) << ", \"shape\": [";
    for (std::size_t i = 0; i < object.shape.size(); ++i) {
        out << (i == 0 ? "" : ", ") << object.shape[i];
    }
    out << "], \"order\": \"" << name_of(object.order) << "\", \"bytes\": " << object.n_bytes
        << ", \"offset\": " << object.offset << ", \"rank\": "
        << (object.creator < 0 ? std::string("null") : std::to_string(object.creator))
        << ", \"where\": " << json_string(object.where) << ", \"created\": \""
        << detail::time_text(object.created_ns)
        << "\", \"saved\": " << (object.saved ? "true" : "false")
        << ", \"foreign\": " << (object.foreign ? "true" : "false") << '}';
}

} // namespace

std::string memory_map::text(std::size_t n_objects) const {
    std::ostringstream out;
    out << "segment: " << bytes_text(heap.used) << " in use of " << bytes_text(heap.capacity)
        << "\n  free " << bytes_text(heap.free) << ", largest free block "
        << bytes_text(heap.largest_free) << "\n  high-water mark " << bytes_text(heap.most_used)
        << ", taken from the system " << bytes_text(heap.present) << ", the heap's own "
        << bytes_text(heap.metadata) << "\n  " << heap.n_blocks << " blocks; without a name "
        << bytes_text(unnamed_bytes) << '\n';
    std::vector<row> rows{{"bytes", "kind", "type", "shape", "rank", "where", "name"}};
    for (auto const& each : objects) {
        if (rows.size() > n_objects) break;
        rows.push_back(row_of(each));
    }
    write_table(out, rows);
    if (objects.size() > n_objects) out << "  and " << objects.size() - n_objects << " more\n";
    return std::move(out).str();
}

std::string memory_map::json() const {
    std::ostringstream out;
    out << "{\"capacity\": " << heap.capacity << ", \"used\": " << heap.used
        << ", \"free\": " << heap.free << ", \"largest_free\": " << heap.largest_free
        << ", \"most_used\": " << heap.most_used << ", \"in_pages\": " << heap.in_pages
        << ", \"metadata\": " << heap.metadata << ", \"present\": " << heap.present
        << ", \"blocks\": " << heap.n_blocks << ", \"unnamed_bytes\": " << unnamed_bytes
        << ", \"objects\": [";
    for (std::size_t i = 0; i < objects.size(); ++i) {
        out << (i == 0 ? "" : ", ");
        write_json(out, objects[i]);
    }
    out << "]}";
    return std::move(out).str();
}

memory_map detail::map_of(segment_core const& core) {
    memory_map map;
    map.heap = core.memory().stats();
    std::size_t named = 0;
    for (auto const& each : core.names().list()) {
        named += core.memory().usable_size(core.memory().at(each.record.offset));
        map.objects.push_back(describe(core, each.record));
    }
    map.unnamed_bytes = map.heap.used - std::min(named, map.heap.used);
    std::ranges::stable_sort(map.objects, std::ranges::greater{}, &object_info::n_bytes);
    return map;
}

} // namespace shmwin::inline v1
