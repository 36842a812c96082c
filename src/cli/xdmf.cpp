// SPDX-License-Identifier: MIT
// shmwin xdmf: what ParaView and VTK need beside the HDF5 file (https://www.xdmf.org, XDMF 2).
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "cli/commands.hpp"
#include "cli/listing.hpp"
#include "cli/output_file.hpp"
#include "io/object_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::cli {
namespace {

namespace fs = std::filesystem;
using detail::checkpoint_file;
using detail::stored_object;
using extents = std::vector<std::uint64_t>;

std::string escaped(std::string_view text) {
    std::string all;
    for (char const c : text) {
        switch (c) {
        case '&':
            all += "&amp;";
            break;
        case '<':
            all += "&lt;";
            break;
        case '"':
            all += "&quot;";
            break;
        default:
            all += c;
        }
    }
    return all;
}

// As an attribute of DataItem; nothing for what XDMF has no numbers for.
std::optional<std::string> number_type(dtype const& type) {
    auto const n_bytes = type.n_bytes();
    bool const is_integer =
        type.kind() == dtype_kind::signed_integer || type.kind() == dtype_kind::unsigned_integer;
    bool const is_real = type.kind() == dtype_kind::floating && (n_bytes == 4 || n_bytes == 8);
    if (!is_integer && !is_real) return std::nullopt;
    bool const has_sign = type.kind() == dtype_kind::signed_integer;
    std::string_view const name = is_real        ? "Float"
                                  : n_bytes == 1 ? (has_sign ? "Char" : "UChar")
                                  : has_sign     ? "Int"
                                                 : "UInt";
    return fmt::format("NumberType=\"{}\" Precision=\"{}\"", name, n_bytes);
}

// Why an object is in no grid; empty if it is in one.
std::string why_skipped(stored_object const& object) {
    if (object.shape.size() != 2 && object.shape.size() != 3) return "not of 2 or 3 dimensions";
    if (object.n_bytes == 0) return "no elements";
    if (!number_type(*dtype_of_signature(object.type))) return "no number that XDMF has";
    return {};
}

// ParaView makes values at nodes from them.
std::string attribute_of(stored_object const& object, std::string const& file) {
    auto const dimensions = detail::dimensions_in_file(object);
    return fmt::format("        <Attribute Name=\"{}\" AttributeType=\"Scalar\" Center=\"Node\">\n"
                       "          <DataItem Format=\"HDF\" Dimensions=\"{}\" {}>{}:/{}</DataItem>\n"
                       "        </Attribute>\n",
                       escaped(object.name),
                       fmt::join(dimensions, " "),
                       *number_type(*dtype_of_signature(object.type)),
                       escaped(file),
                       escaped(object.name));
}

std::string mesh_of(extents const& of) {
    bool const is_flat = of.size() == 2;
    auto const values = [&](char const* value) {
        return fmt::format("          <DataItem Format=\"XML\" Dimensions=\"{}\">{}</DataItem>\n",
                           of.size(),
                           fmt::join(std::vector<char const*>(of.size(), value), " "));
    };
    return fmt::format("        <Topology TopologyType=\"{}\" Dimensions=\"{}\"/>\n"
                       "        <Geometry GeometryType=\"{}\">\n{}{}        </Geometry>\n",
                       is_flat ? "2DCoRectMesh" : "3DCoRectMesh",
                       fmt::join(of, " "),
                       is_flat ? "ORIGIN_DXDY" : "ORIGIN_DXDYDZ",
                       values("0"),
                       values("1"));
}

// Grids of the same shape, of one checkpoint after the other.
class document {
  public:
    explicit document(fs::path const& output)
        : folder_(fs::absolute(output).lexically_normal().parent_path()) {}

    void add(checkpoint_file const& file) {
        auto const name = relative(file.info.file);
        std::map<extents, std::string> attributes;
        for (auto const& each : file.objects) {
            auto const why = why_skipped(each);
            if (why.empty()) {
                attributes[detail::dimensions_in_file(each)] += attribute_of(each, name);
            } else {
                skipped_.insert_or_assign(each.name, why);
            }
        }
        for (auto const& [shape, text] : attributes) {
            grids_[shape].push_back({file.info.step, file.info.time, mesh_of(shape) + text});
        }
    }

    [[nodiscard]] std::map<std::string, std::string> const& skipped() const noexcept {
        return skipped_;
    }
    [[nodiscard]] bool empty() const noexcept { return grids_.empty(); }

    [[nodiscard]] std::string text() const {
        std::string all = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Xdmf Version=\"2.2\">\n"
                          "  <Domain>\n";
        for (auto const& [shape, grids] : grids_) {
            all += fmt::format("    <Grid Name=\"{}\" GridType=\"Collection\" "
                               "CollectionType=\"Temporal\">\n{}    </Grid>\n",
                               fmt::join(shape, "x"),
                               text_of(grids));
        }
        return all + "  </Domain>\n</Xdmf>\n";
    }

  private:
    struct grid {
        std::int64_t step;
        double time;
        std::string content;
    };

    // Programs that have no time of their own leave it at 0: then steps tell grids apart.
    static std::string text_of(std::vector<grid> const& grids) {
        bool const has_times =
            std::ranges::adjacent_find(grids, std::greater_equal{}, &grid::time) == grids.end();
        std::string all;
        for (auto const& each : grids) {
            all += fmt::format("      <Grid Name=\"step {}\" GridType=\"Uniform\">\n"
                               "        <Time Value=\"{}\"/>\n{}      </Grid>\n",
                               each.step,
                               has_times ? each.time : static_cast<double>(each.step),
                               each.content);
        }
        return all;
    }

    // XDMF takes "file:/data" apart at the colon.
    [[nodiscard]] std::string relative(fs::path const& file) const {
        auto name =
            fs::absolute(file).lexically_normal().lexically_relative(folder_).native();
        if (name.find(':') == std::string::npos) return name;
        raise(errc::unsupported,
              detail::text("XDMF cannot name the file (", name, " has a colon; rename it)"));
    }

    fs::path folder_;
    std::map<extents, std::vector<grid>> grids_;
    std::map<std::string, std::string> skipped_;
};

void write(store_files const& store, fs::path const& output) {
    document made(output);
    for (auto const& each : store.files) {
        try {
            made.add(detail::read_checkpoint(each, false));
        } catch (error const& failed) {
            if (store.files.size() == 1 || failed.code() == errc::unsupported) throw;
            fmt::print(stderr, "shmwin: left out: {}\n", failed.what());
        }
    }
    for (auto const& [name, why] : made.skipped()) {
        fmt::print(stderr, "shmwin: skipped {} ({})\n", name, why);
    }
    if (made.empty()) {
        raise(errc::not_found,
              detail::text("nothing to show (no array of numbers of 2 or 3 dimensions in ",
                           store.path.native(),
                           ")"));
    }
    output_file out(output);
    out.write(made.text());
    out.close();
    fmt::print("{}\n", output.native());
}

fs::path beside(fs::path path) {
    if (path.extension() == ".h5") return path.replace_extension(".xdmf");
    return path += ".xdmf";
}

} // namespace

int xdmf(xdmf_options const& options) {
    auto const stores = stores_at(options.where);
    if (stores.size() > 1 && !options.output.empty()) {
        raise(errc::invalid_argument,
              detail::text("one output is not enough (",
                           options.where.native(),
                           " holds ",
                           stores.size(),
                           " stores; name one, or leave out --output)"));
    }
    for (auto const& each : stores) {
        write(each, options.output.empty() ? beside(each.path) : options.output);
    }
    return all_right;
}

} // namespace shmwin::cli
