// SPDX-License-Identifier: MIT
// shmwin stat: what the numbers of a checkpoint look like.
#include "cli/commands.hpp"
#include "cli/elements.hpp"
#include "cli/json.hpp"
#include "cli/pieces.hpp"
#include "cli/progress.hpp"
#include "cli/table.hpp"
#include "io/checked_reader.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace shmwin::cli {
namespace {

// Of one leaf of all elements. long double holds every number of up to 64 bits here, and sums of
// double lose nothing that shows.
struct summary {
    std::string name;
    bool is_integer = false;
    std::uint64_t n = 0;
    std::uint64_t n_nan = 0;
    std::uint64_t n_infinite = 0;
    long double min = std::numeric_limits<long double>::infinity();
    long double max = -std::numeric_limits<long double>::infinity();
    long double sum = 0;

    [[nodiscard]] std::uint64_t n_finite() const noexcept { return n - n_nan - n_infinite; }

    void add(long double value) noexcept {
        min = std::min(min, value);
        max = std::max(max, value);
        sum += value;
    }
    void add_floating(long double value) noexcept {
        if (std::isnan(value)) {
            ++n_nan;
        } else if (std::isinf(value)) {
            ++n_infinite;
        } else {
            add(value);
        }
    }
};

// Scalars of T at equal distances, or their parts.
struct column {
    std::byte const* first;
    std::size_t n_elements;
    std::size_t element_bytes;
    std::size_t count; ///< of each element, side by side
    std::size_t step;  ///< bytes from one of them to the next
};

template <typename T>
void add_column(summary& to, column const& from) {
    for (std::size_t i = 0; i < from.n_elements; ++i) {
        auto const* at = from.first + i * from.element_bytes;
        for (std::size_t k = 0; k < from.count; ++k, at += from.step) {
            if constexpr (std::floating_point<T>)
                to.add_floating(load<T>(at));
            else
                to.add(static_cast<long double>(load<T>(at)));
        }
    }
    to.n += from.n_elements * from.count;
}

// Of one object: a summary for each name.
class object_summaries {
  public:
    explicit object_summaries(dtype const& type) : type_(type), leaves_(leaves_of(type)) {}

    void add(std::span<std::byte const> bytes) {
        for (auto const& each : leaves_) {
            visit_number(each.type, [&]<typename T>() { add<T>(each, bytes); });
        }
    }
    [[nodiscard]] std::vector<summary> const& all() const noexcept { return all_; }

  private:
    template <typename T>
    void add(leaf const& of, std::span<std::byte const> bytes) {
        auto const n = bytes.size() / type_.n_bytes();
        column const values{bytes.data() + of.offset, n, type_.n_bytes(), of.count, sizeof(T)};
        if constexpr (detail::is_complex<T>) {
            using part = typename T::value_type;
            auto imaginary = values;
            imaginary.first += sizeof(part);
            add_column<part>(named(of.name + ".r", false), values);
            add_column<part>(named(of.name + ".i", false), imaginary);
        } else {
            add_column<T>(named(of.name, std::integral<T>), values);
        }
    }

    summary& named(std::string const& name, bool is_integer) {
        auto const found = std::ranges::find(all_, name, &summary::name);
        if (found != all_.end()) return *found;
        all_.push_back({name, is_integer});
        return all_.back();
    }

    dtype type_;
    std::vector<leaf> leaves_;
    std::vector<summary> all_;
};

struct object_stat {
    std::string name;
    std::string type;
    std::vector<summary> summaries;
};

object_stat stat_of(detail::checkpoint_file const& file,
                    detail::stored_object const& object,
                    bool check,
                    progress& shown) {
    pieces const parts(object);
    object_summaries summaries(parts.type());
    detail::checked_reader reader(file, object, check);
    auto const element_bytes = parts.type().n_bytes();
    std::vector<std::byte> buffer;
    summaries.add({}); // names, also of objects without elements
    parts.for_each([&](std::uint64_t first, std::size_t n) {
        buffer.resize(n * element_bytes);
        reader.read(first * element_bytes, buffer);
        summaries.add(buffer);
        shown.add(buffer.size());
    });
    return {object.name, object.type, summaries.all()};
}

std::string whole_name(object_stat const& of, summary const& part) {
    if (part.name.empty()) return of.name;
    return of.name + (part.name.starts_with('.') ? "" : ".") + part.name;
}

std::string text_of(summary const& of, long double value) {
    if (of.n_finite() == 0) return "-";
    return of.is_integer ? fmt::format("{:.0f}", value) : fmt::format("{:.9g}", value);
}

double mean_of(summary const& of) {
    return static_cast<double>(of.sum / static_cast<long double>(of.n_finite()));
}

void print(std::vector<object_stat> const& all) {
    table lines({"NUMBERS", ">COUNT", ">MIN", ">MAX", ">MEAN", ">NAN", ">INF"});
    for (auto const& object : all) {
        for (auto const& each : object.summaries) {
            lines.add({whole_name(object, each),
                       fmt::format("{}", each.n),
                       text_of(each, each.min),
                       text_of(each, each.max),
                       each.n_finite() == 0 ? "-" : fmt::format("{:.9g}", mean_of(each)),
                       fmt::format("{}", each.n_nan),
                       fmt::format("{}", each.n_infinite)});
        }
    }
    lines.print();
}

json& add_bound(json& out, summary const& of, long double value) {
    if (of.n_finite() == 0) return out.null();
    if (!of.is_integer) return out.value(static_cast<double>(value));
    return value < 0 ? out.value(static_cast<std::int64_t>(value))
                     : out.value(static_cast<std::uint64_t>(value));
}

void print_json(std::vector<object_stat> const& all) {
    json out;
    out.object().name("numbers").array();
    for (auto const& object : all) {
        for (auto const& each : object.summaries) {
            out.object().field("name", whole_name(object, each)).field("object", object.name);
            out.field("type", object.type).field("count", each.n);
            add_bound(out.name("min"), each, each.min);
            add_bound(out.name("max"), each, each.max);
            out.name("mean");
            each.n_finite() == 0 ? out.null() : out.value(mean_of(each));
            out.field("nan", each.n_nan).field("infinite", each.n_infinite).end();
        }
    }
    out.end().end().print();
}

} // namespace

int stat(stat_options const& options) {
    auto const file = detail::read_checkpoint(options.file, true);
    std::vector<object_stat> all;
    {
        progress shown("stat", file.payload_bytes());
        for (auto const& each : file.objects) {
            all.push_back(stat_of(file, each, !options.unchecked, shown));
        }
    }
    options.json ? print_json(all) : print(all);
    return all_right;
}

} // namespace shmwin::cli
