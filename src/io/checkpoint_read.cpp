// SPDX-License-Identifier: MIT
// How a checkpoint's structure is read and checked.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/attributes.hpp"
#include "io/checkpoint_file.hpp"
#include "io/datatype.hpp"
#include "io/description_table.hpp"
#include "io/file.hpp"
#include "io/per_rank_parts.hpp"
#include "io/queue_part.hpp"
#include "io/seal.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void damaged(std::filesystem::path const& path, std::string const& what) {
    raise(errc::damaged, text("checkpoint is damaged (", path.native(), ": ", what, ")"));
}

h5_handle open_dataset(hid_t file, std::filesystem::path const& path, std::string const& name) {
    h5_handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset) damaged(path, text("data set ", name, " cannot be opened, ", h5_reason()));
    return dataset;
}

std::vector<std::int64_t> shape_of(hid_t dataset) {
    h5_handle const space(H5Dget_space(dataset), H5Sclose);
    std::vector<hsize_t> dimensions(
        static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.get()))));
    H5Sget_simple_extent_dims(space.get(), dimensions.data(), nullptr);
    return {dimensions.begin(), dimensions.end()};
}

std::uint64_t offset_of(hid_t dataset) {
    auto const address = H5Dget_offset(dataset);
    return address == HADDR_UNDEF ? 0 : static_cast<std::uint64_t>(address);
}

// Before memory is taken for so much: whether the file can hold it. What is stored in chunks may
// be compressed, to any share of its size.
std::uint64_t n_bytes_of(hid_t dataset,
                         std::uint64_t element_bytes,
                         checkpoint_file const& in,
                         std::string const& name) {
    std::uint64_t n_bytes = element_bytes;
    bool is_possible = true;
    for (auto const extent : shape_of(dataset)) {
        is_possible =
            is_possible && extent >= 0
            && !__builtin_mul_overflow(n_bytes, static_cast<std::uint64_t>(extent), &n_bytes);
    }
    auto const place = offset_of(dataset);
    bool const in_file = place == 0 || (place <= in.n_bytes && n_bytes <= in.n_bytes - place);
    if (!is_possible || !in_file) damaged(in.info.file, text(name, " is larger than the file"));
    return n_bytes;
}

// Of the tables, which are read as a whole: enough for checksums of 32 TiB.
std::size_t table_bytes_of(hid_t dataset,
                           std::uint64_t element_bytes,
                           checkpoint_file const& in,
                           std::string const& name) {
    constexpr std::uint64_t most = std::uint64_t{2} << 30U;
    auto const n_bytes = n_bytes_of(dataset, element_bytes, in, name);
    bool const is_stored = n_bytes == 0 || H5Dget_storage_size(dataset) > 0;
    if (n_bytes > most || !is_stored) {
        damaged(in.info.file, text(name, " has ", n_bytes, " bytes, or none of them"));
    }
    return n_bytes;
}

std::optional<object_kind> kind_of_name(std::string const& wanted) {
    for (auto const each : {object_kind::array,
                            object_kind::levels,
                            object_kind::value,
                            object_kind::object,
                            object_kind::per_rank,
                            object_kind::synchronized,
                            object_kind::queue}) {
        if (wanted == name(each)) return each;
    }
    return std::nullopt;
}

said_of_object said_by_attributes(hid_t dataset) {
    return {h5_read_text(dataset, "shmwin_kind"),
            h5_read_text(dataset, "shmwin_type"),
            h5_read_integer(dataset, "shmwin_layout"),
            h5_read_integer(dataset, "shmwin_levels"),
            static_cast<std::uint64_t>(h5_read_integer(dataset, "shmwin_first_block"))};
}

stored_object
described(said_of_object&& said, std::filesystem::path const& path, std::string const& name) {
    auto const kind = kind_of_name(said.kind);
    constexpr auto last_order = static_cast<std::int64_t>(memory_order_kind::left);
    bool const has_levels = said.n_levels >= 1 && said.n_levels <= UINT8_MAX;
    bool const known = kind && said.layout >= 0 && said.layout <= last_order
                       && (kind == object_kind::levels ? has_levels : said.n_levels == 0);
    if (!known) damaged(path, text(name, " is of an unknown kind"));
    stored_object found;
    found.name = name;
    found.kind = *kind;
    found.order = static_cast<memory_order_kind>(said.layout);
    found.n_levels = static_cast<int>(said.n_levels);
    found.type = std::move(said.type);
    found.first_block = said.first_block;
    return found;
}

dtype element_of(stored_object const& object, std::filesystem::path const& path) {
    if (auto const type = dtype_of_signature(object.type)) return *type;
    raise(errc::unsupported,
          text("element type is not known here (",
               object.type,
               " of ",
               object.name,
               " in ",
               path.native(),
               ")"));
}

std::vector<std::string>
read_texts(hid_t file, checkpoint_file const& in, std::string const& name) {
    auto const& path = in.info.file;
    auto const dataset = open_dataset(file, path, name);
    h5_handle const type(H5Dget_type(dataset.get()), H5Tclose);
    auto const width = H5Tget_size(type.get());
    auto const shape = shape_of(dataset.get());
    bool const fits = shape.size() == 1 && H5Tget_class(type.get()) == H5T_STRING
                      && H5Tis_variable_str(type.get()) == 0;
    if (!fits) damaged(path, text(name, " is no list of texts"));
    std::string all(table_bytes_of(dataset.get(), width, in, name), '\0');
    if (H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) {
        damaged(path, text(name, ", ", h5_reason()));
    }
    std::vector<std::string> texts;
    for (std::size_t at = 0; at < all.size(); at += width) {
        texts.emplace_back(all.substr(at, width).c_str());
    }
    return texts;
}

// Nothing, if attributes say it.
std::optional<description_table> read_descriptions(hid_t file, checkpoint_file const& in) {
    auto const& path = in.info.file;
    if (H5Lexists(file, ".shmwin/descriptions", H5P_DEFAULT) <= 0) return std::nullopt;
    auto const dataset = open_dataset(file, path, ".shmwin/descriptions");
    auto const shape = shape_of(dataset.get());
    if (shape.size() != 1) damaged(path, "its table of objects has another shape");
    using row = description_table::row;
    std::vector<row> rows(table_bytes_of(dataset.get(), sizeof(row), in, ".shmwin/descriptions")
                          / sizeof(row));
    auto const type = description_table::row_type();
    if (H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) < 0) {
        damaged(path, text("its table of objects, ", h5_reason()));
    }
    description_table table(std::move(rows), read_texts(file, in, ".shmwin/words"));
    checksum const expected{
        static_cast<std::uint64_t>(h5_read_integer(dataset.get(), "checksum_low")),
        static_cast<std::uint64_t>(h5_read_integer(dataset.get(), "checksum_high"))};
    if (table.sum() != expected) damaged(path, "its table of objects has another checksum");
    return table;
}

// What objects of one type have in common.
class element_types {
  public:
    struct one {
        dtype type;
        h5_handle stored;
    };
    one const& of(stored_object const& object, std::filesystem::path const& path) {
        auto const known = known_.find(object.type);
        if (known != known_.end()) return known->second;
        auto const type = element_of(object, path);
        auto stored = h5_type_of(type);
        return known_.emplace(object.type, one{type, std::move(stored)}).first->second;
    }

  private:
    std::unordered_map<std::string, one> known_; ///< by signature
};

stored_object
read_object(hid_t dataset, checkpoint_file const& in, stored_object&& found, element_types& types) {
    auto const& path = in.info.file;
    auto const& [type, expected] = types.of(found, path);
    h5_handle const stored(H5Dget_type(dataset), H5Tclose);
    if (H5Tequal(stored.get(), expected.get()) <= 0) {
        damaged(path, text(found.name, " does not hold ", found.type));
    }
    found.shape = shape_of(dataset);
    if (found.order == memory_order_kind::left) std::ranges::reverse(found.shape);
    check_queue(found, path);
    found.n_bytes = n_bytes_of(dataset, type.n_bytes(), in, found.name);
    found.file_offset = offset_of(dataset);
    return std::move(found);
}

std::vector<checksum> read_checksums(hid_t table, checkpoint_file const& in) {
    std::vector<checksum> all(table_bytes_of(table, 8, in, ".shmwin/checksums") / sizeof(checksum));
    static_assert(sizeof(checksum) == 16);
    if (!all.empty()
        && H5Dread(table, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) {
        damaged(in.info.file, text("its table of checksums, ", h5_reason()));
    }
    return all;
}

checkpoint_info read_labels(hid_t file, std::filesystem::path const& path) {
    auto const is_ours = H5Aexists(file, "shmwin_format");
    if (is_ours < 0) damaged(path, text("its attributes, ", h5_reason()));
    if (is_ours == 0) {
        raise(errc::not_a_checkpoint,
              text("file is HDF5, but no checkpoint (",
                   path.native(),
                   " lacks the attribute shmwin_format; read_dataset reads other files)"));
    }
    auto const format = h5_read_integer(file, "shmwin_format");
    if (format != checkpoint_format) {
        raise(errc::layout_mismatch,
              text("checkpoint is of another format (",
                   path.native(),
                   ": ",
                   format,
                   ", this library reads ",
                   checkpoint_format,
                   ")"));
    }
    checkpoint_info info;
    info.file = path;
    info.step = h5_read_integer(file, "step");
    info.time = h5_read_real(file, "time");
    info.n_ranks = static_cast<int>(h5_read_integer(file, "n_ranks"));
    info.created_ns = h5_read_integer(file, "created_ns");
    info.uuid = h5_read_text(file, "uuid");
    info.parent_uuid = h5_read_text(file, "parent_uuid");
    info.attributes = read_attributes(file, path);
    return info;
}

// Names were written in their order, and blocks in the order of the names: else an object would
// be missed, or taken without a look at its checksums.
void add_object(checkpoint_file& found, stored_object&& object) {
    bool const in_order = found.objects.empty() || found.objects.back().name < object.name;
    if (!in_order || object.first_block != found.n_blocks) {
        damaged(found.info.file, text(object.name, " is not in its place"));
    }
    found.n_blocks += object.n_blocks();
    found.objects.push_back(std::move(object));
}

void read_objects(checkpoint_file& found, hid_t opened) {
    auto const& path = found.info.file;
    auto const names = read_texts(opened, found, ".shmwin/objects");
    auto const table = read_descriptions(opened, found);
    element_types types;
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto const dataset = open_dataset(opened, path, names[i]);
        auto object = described(
            table ? table->at(i, path) : said_by_attributes(dataset.get()), path, names[i]);
        add_object(found, read_object(dataset.get(), found, std::move(object), types));
    }
}

// Only if the structure is as it was written: a tool that rewrites the file moves the chunks, and
// copies the table.
void find_chunks(checkpoint_file& found, hid_t opened) {
    auto const& path = found.info.file;
    if (H5Lexists(opened, ".shmwin/chunks", H5P_DEFAULT) <= 0) return;
    auto const table = open_dataset(opened, path, ".shmwin/chunks");
    std::vector<stored_chunk> rows(table_bytes_of(table.get(), 8, found, ".shmwin/chunks")
                                   / sizeof(stored_chunk));
    if (H5Dread(table.get(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) < 0) {
        damaged(path, text("its table of chunks, ", h5_reason()));
    }
    auto next = std::span<stored_chunk const>(rows);
    for (auto& each : found.objects) {
        if (each.is_contiguous()) continue;
        auto const grid = grid_of(open_dataset(opened, path, each.name).get());
        bool const fits =
            grid && grid->n_chunks() <= next.size()
            && std::ranges::all_of(next.first(grid->n_chunks()), [&](stored_chunk const& chunk) {
                   return chunk.offset <= found.n_bytes
                          && chunk.n_bytes <= found.n_bytes - chunk.offset;
               });
        if (!fits) damaged(path, text("its table of chunks, at ", each.name));
        auto const mine = next.first(grid->n_chunks());
        each.places = std::make_shared<stored_chunks>(
            stored_chunks{*grid, std::vector<stored_chunk>(mine.begin(), mine.end())});
        next = next.subspan(mine.size());
    }
}

} // namespace

checkpoint_file read_checkpoint(std::filesystem::path const& path, bool check) {
    h5_quiet const quiet;
    checkpoint_file found;
    found.n_bytes = file(path, file::mode::read).n_bytes();
    bool const sealed = check && is_sealed(path);
    {
        auto const opened = h5_open_for_reading(path);
        found.info = read_labels(opened.get(), path);
        read_objects(found, opened.get());
        check_per_rank(found);
        if (sealed) find_chunks(found, opened.get());
        auto const table = open_dataset(opened.get(), path, ".shmwin/checksums");
        if (shape_of(table.get())
            != std::vector{static_cast<std::int64_t>(found.n_blocks), std::int64_t{2}}) {
            damaged(path, "its table of checksums has another size");
        }
        found.checksums_offset = offset_of(table.get());
        if (check) found.checksums = read_checksums(table.get(), found);
        found.record_offset = offset_of(open_dataset(opened.get(), path, ".shmwin/record").get());
    }
    if (check) found.as_written = is_as_written(path, found, sealed);
    return found;
}

} // namespace shmwin::inline v1::detail
