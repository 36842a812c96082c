// SPDX-License-Identifier: MIT
// shmwin extract: one object, for other programs.
#include "shmwin/base/error.hpp"

#include "cli/commands.hpp"
#include "cli/elements.hpp"
#include "cli/npy.hpp"
#include "cli/output_file.hpp"
#include "cli/pieces.hpp"
#include "cli/progress.hpp"
#include "io/checked_reader.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shmwin::cli {
namespace {

using detail::stored_object;

// Rows of the data set: what is written.
struct selection {
    std::vector<std::uint64_t> extents; ///< of what is selected, slowest first
    std::uint64_t first = 0;            ///< element
    std::uint64_t last = 0;
};

[[noreturn]] void bad_rows(std::string const& rows) {
    raise(errc::invalid_argument,
          fmt::format("rows cannot be selected (\"{}\"; \"10:20\" is 10 to 19, \"10:\" all from 10 "
                      "on, \"-5:\" the last 5)",
                      rows));
}

// One side of "a:b", as Python takes it; `otherwise` if it is empty.
std::uint64_t bound(std::string_view text, std::uint64_t otherwise, std::uint64_t n_rows) {
    if (text.empty()) return otherwise;
    std::int64_t value = 0;
    auto const [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || rest != text.data() + text.size()) bad_rows(std::string(text));
    auto const n = static_cast<std::int64_t>(n_rows);
    if (value < 0) value += n;
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, n));
}

selection select(stored_object const& object, std::string const& rows) {
    selection chosen{detail::dimensions_in_file(object), 0, pieces(object).n_elements()};
    if (rows.empty()) return chosen;
    auto const colon = rows.find(':');
    if (colon == std::string::npos || chosen.extents.empty()) bad_rows(rows);
    auto const n_rows = chosen.extents.front();
    auto const in_a_row = n_rows == 0 ? 0 : chosen.last / n_rows;
    auto const first = bound(std::string_view(rows).substr(0, colon), 0, n_rows);
    auto const last =
        std::max(first, bound(std::string_view(rows).substr(colon + 1), n_rows, n_rows));
    chosen.extents.front() = last - first;
    chosen.first = first * in_a_row;
    chosen.last = last * in_a_row;
    return chosen;
}

class extraction {
  public:
    extraction(detail::checkpoint_file const& file,
               stored_object const& object,
               extract_options const& options)
        : chosen_(select(object, options.rows)),
          parts_(object),
          reader_(file, object, !options.unchecked),
          out_(options.output) {}

    void write_raw() {
        for_each_piece([&](std::vector<std::byte> const& bytes) { out_.write(bytes); });
        out_.close();
    }

    void write_npy() {
        out_.write(npy_header(parts_.type(), chosen_.extents));
        write_raw();
    }

    void write_csv() {
        auto const& type = parts_.type();
        bool const is_structure = type.kind() == dtype_kind::structure;
        bool const has_room =
            chosen_.extents.size() <= (is_structure ? 1U : 2U) && type.kind() != dtype_kind::array;
        if (!has_room) {
            raise(errc::unsupported,
                  "object cannot be written as .csv (it has more than 2 dimensions, or more than 1 "
                  "of structures; .npy and .bin have no such limit)");
        }
        if (is_structure) write_member_names();
        auto const n_columns = chosen_.extents.size() == 2 ? chosen_.extents[1] : 1;
        std::uint64_t column = 0;
        for_each_piece([&](std::vector<std::byte> const& bytes) {
            std::string lines;
            for (std::size_t at = 0; at < bytes.size(); at += type.n_bytes()) {
                lines += is_structure ? members_text(&bytes[at]) : element_text(type, &bytes[at]);
                column = (column + 1) % n_columns;
                lines += column == 0 ? '\n' : ',';
            }
            out_.write(lines);
        });
        out_.close();
    }

  private:
    void for_each_piece(std::function<void(std::vector<std::byte> const&)> const& f) {
        auto const element_bytes = parts_.type().n_bytes();
        progress shown("extract", (chosen_.last - chosen_.first) * element_bytes);
        std::vector<std::byte> buffer;
        parts_.for_each(chosen_.first, chosen_.last, [&](std::uint64_t first, std::size_t n) {
            buffer.resize(n * element_bytes);
            reader_.read(first * element_bytes, buffer);
            f(buffer);
            shown.add(buffer.size());
        });
    }

    void write_member_names() {
        std::string line;
        for (auto const& each : leaves_of(parts_.type())) {
            for (std::size_t k = 0; k < each.count; ++k) {
                if (!line.empty()) line += ',';
                line += each.count == 1 ? each.name : fmt::format("{}[{}]", each.name, k);
            }
        }
        out_.write(line + '\n');
    }

    std::string members_text(std::byte const* at) const {
        std::string line;
        for (auto const& each : leaves_) {
            for (std::size_t k = 0; k < each.count; ++k) {
                if (!line.empty()) line += ',';
                line += element_text(each.type, at + each.offset + k * each.type.n_bytes());
            }
        }
        return line;
    }

    selection chosen_;
    pieces parts_;
    std::vector<leaf> leaves_ = leaves_of(parts_.type());
    detail::checked_reader reader_;
    output_file out_;
};

stored_object const& object_named(detail::checkpoint_file const& file, std::string_view name) {
    while (name.starts_with('/')) {
        name.remove_prefix(1); // as HDF5's tools write it
    }
    auto const found = std::ranges::find(file.objects, name, &stored_object::name);
    if (found != file.objects.end()) return *found;
    raise(errc::not_found,
          fmt::format("no such object (\"{}\" in {}; `shmwin info` lists all)",
                      name,
                      file.info.file.native()));
}

} // namespace

int extract(extract_options const& options) {
    auto const format = options.output.extension();
    if (format != ".bin" && format != ".npy" && format != ".csv") {
        raise(errc::invalid_argument,
              fmt::format("format is not known ({}; its name must end with .npy, .csv or .bin)",
                          options.output.native()));
    }
    auto const file = detail::read_checkpoint(options.file, true);
    extraction work(file, object_named(file, options.object), options);
    if (format == ".npy") {
        work.write_npy();
    } else if (format == ".csv") {
        work.write_csv();
    } else {
        work.write_raw();
    }
    return all_right;
}

} // namespace shmwin::cli
