// SPDX-License-Identifier: MIT
// shmwin diff: have two checkpoints the same values.
#include "cli/commands.hpp"
#include "cli/compare.hpp"
#include "cli/json.hpp"
#include "cli/pieces.hpp"
#include "cli/progress.hpp"
#include "cli/words.hpp"
#include "io/checked_reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::cli {
namespace {

using detail::checkpoint_file;
using detail::stored_object;

// An object of both files.
struct compared_object {
    stored_object object;
    std::string unlike; ///< why values cannot be compared; empty: they were
    difference values;

    [[nodiscard]] bool is_equal() const noexcept {
        return unlike.empty() && values.n_elements == 0;
    }
};

struct compared_files {
    std::vector<compared_object> both;
    std::vector<std::string> only_a;
    std::vector<std::string> only_b;

    [[nodiscard]] bool is_equal() const {
        return only_a.empty() && only_b.empty()
               && std::ranges::all_of(both, [](auto const& each) { return each.is_equal(); });
    }
};

std::string why_unlike(stored_object const& a, stored_object const& b) {
    if (a.type != b.type) return fmt::format("type is {}, and {}", a.type, b.type);
    if (a.shape != b.shape) return fmt::format("shape is {}, and {}", shape_of(a), shape_of(b));
    if (a.order != b.order) return fmt::format("order is {}, and {}", order_of(a), order_of(b));
    return {};
}

// Of the element with that number in the file, as the array has it.
std::vector<std::uint64_t> index_of(std::uint64_t element, stored_object const& object) {
    auto const extents = detail::dimensions_in_file(object);
    std::vector<std::uint64_t> index(extents.size());
    for (auto d = extents.size(); d-- > 0; element /= extents[d]) {
        index[d] = element % extents[d];
    }
    if (object.order == memory_order_kind::left) std::ranges::reverse(index);
    return index;
}

class file_comparison {
  public:
    explicit file_comparison(diff_options const& options)
        : a_(detail::read_checkpoint(options.a, true)),
          b_(detail::read_checkpoint(options.b, true)),
          allowed_{options.absolute, options.relative, options.nan_equal},
          check_(!options.unchecked),
          progress_("diff", a_.payload_bytes()) {}

    compared_files run() {
        compared_files found;
        for (auto const& each : a_.objects) {
            auto const* const other = object_of(b_, each.name);
            if (other == nullptr) {
                found.only_a.push_back(each.name);
            } else {
                found.both.push_back(compare(each, *other));
            }
        }
        for (auto const& each : b_.objects) {
            if (object_of(a_, each.name) == nullptr) found.only_b.push_back(each.name);
        }
        return found;
    }

  private:
    // Files have them in the order of their names.
    static stored_object const* object_of(checkpoint_file const& file, std::string const& name) {
        auto const found = std::ranges::lower_bound(file.objects, name, {}, &stored_object::name);
        return found != file.objects.end() && found->name == name ? &*found : nullptr;
    }

    compared_object compare(stored_object const& a, stored_object const& b) {
        compared_object found{a, why_unlike(a, b), {}};
        if (!found.unlike.empty()) return found;
        pieces const parts(a);
        comparison values(parts.type(), allowed_);
        detail::checked_reader from_a(a_, a, check_);
        detail::checked_reader from_b(b_, b, check_);
        auto const element_bytes = parts.type().n_bytes();
        std::vector<std::byte> of_a;
        std::vector<std::byte> of_b;
        parts.for_each([&](std::uint64_t first, std::size_t n) {
            of_a.resize(n * element_bytes);
            of_b.resize(n * element_bytes);
            from_a.read(first * element_bytes, of_a);
            from_b.read(first * element_bytes, of_b);
            values.add(first, of_a, of_b);
            progress_.add(of_a.size());
        });
        found.values = values.result();
        return found;
    }

    checkpoint_file a_;
    checkpoint_file b_;
    tolerance allowed_;
    bool check_;
    progress progress_;
};

void print(compared_object const& each) {
    if (each.is_equal()) return;
    if (!each.unlike.empty()) {
        fmt::print("{}: {}\n", each.object.name, each.unlike);
        return;
    }
    auto const& values = each.values;
    auto const all = pieces(each.object).n_elements();
    fmt::print("{}: {} of {} elements differ", each.object.name, values.n_elements, all);
    if (values.has_numbers) {
        fmt::print(", by at most {:.6g}, relative {:.6g}",
                   values.largest_absolute,
                   values.largest_relative);
    }
    auto const member = values.first_leaf.empty() ? "" : fmt::format(" in {}", values.first_leaf);
    fmt::print("; first at ({}){}: {}, and {}\n",
               fmt::join(index_of(values.first, each.object), ", "),
               member,
               values.first_a,
               values.first_b);
}

void print(compared_files const& found, diff_options const& options) {
    for (auto const& each : found.both) {
        print(each);
    }
    for (auto const& each : found.only_a) {
        fmt::print("{}: only in {}\n", each, options.a.native());
    }
    for (auto const& each : found.only_b) {
        fmt::print("{}: only in {}\n", each, options.b.native());
    }
}

void print_json(json& out, compared_object const& each) {
    out.object().field("name", each.object.name).field("equal", each.is_equal());
    if (!each.unlike.empty()) out.field("unlike", each.unlike);
    if (each.unlike.empty()) {
        auto const& values = each.values;
        out.field("elements", pieces(each.object).n_elements());
        out.field("different", values.n_elements);
        out.field("largest_absolute", static_cast<double>(values.largest_absolute));
        out.field("largest_relative", static_cast<double>(values.largest_relative));
        if (values.n_elements > 0) {
            out.name("first").object().field("index", index_of(values.first, each.object));
            out.field("member", values.first_leaf);
            out.field("a", values.first_a).field("b", values.first_b).end();
        }
    }
    out.end();
}

void print_json(compared_files const& found) {
    json out;
    out.object().field("equal", found.is_equal()).name("objects").array();
    for (auto const& each : found.both) {
        print_json(out, each);
    }
    out.end().field("only_a", found.only_a).field("only_b", found.only_b).end().print();
}

} // namespace

int diff(diff_options const& options) {
    auto const found = file_comparison(options).run();
    options.json ? print_json(found) : print(found, options);
    return found.is_equal() ? all_right : something_differs;
}

} // namespace shmwin::cli
