// SPDX-License-Identifier: MIT
// How a checkpoint's structure is written: by HDF5, on one rank, before any payload.
#include "shmwin/base/error.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/object_info.hpp"

#include "io/attributes.hpp"
#include "io/checkpoint_file.hpp"
#include "io/datatype.hpp"
#include "io/description_table.hpp"
#include "io/fail_point.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <unordered_map>

namespace shmwin::inline v1::detail {
namespace {

constexpr hsize_t align_above = 65536; // smaller data sets share pages
// HDF5 hands the space of small data sets out of pieces of 2 KiB, or of this size if they are many:
// they are neighbours then, and are written at once.
constexpr hsize_t small_data_bytes = std::uint64_t{256} << 10U;
constexpr hsize_t metadata_bytes = std::uint64_t{64} << 10U;

// Contiguous, allocated when it is created, never filled: then its place in the file is known,
// and whoever knows it may write.
h5_handle plain_layout() {
    h5_handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_layout(list.get(), H5D_CONTIGUOUS);
    H5Pset_alloc_time(list.get(), H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(list.get(), H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(list.get(), false);
    return list;
}

h5_handle utf8_links_with_groups() {
    h5_handle list(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_char_encoding(list.get(), H5T_CSET_UTF8);
    H5Pset_create_intermediate_group(list.get(), 1);
    return list;
}

h5_handle layout_of_file(std::size_t n_objects) {
    auto access = h5_file_access();
    H5Pset_alignment(access.get(), align_above, 4096);
    if (n_objects <= most_with_attributes) return access;
    H5Pset_small_data_block_size(access.get(), small_data_bytes);
    H5Pset_meta_block_size(access.get(), metadata_bytes);
    return access;
}

// HDF5 has the slowest dimension first: of a layout_left array, the last.
std::vector<hsize_t> file_dimensions(stored_object const& object) {
    std::vector<hsize_t> dimensions(object.shape.begin(), object.shape.end());
    if (object.order == memory_order_kind::left) std::ranges::reverse(dimensions);
    return dimensions;
}

h5_handle compressed_layout(std::vector<std::uint64_t> const& chunk, int deflate) {
    h5_handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    std::vector<hsize_t> const extents(chunk.begin(), chunk.end());
    H5Pset_chunk(list.get(), static_cast<int>(extents.size()), extents.data());
    H5Pset_shuffle(list.get());
    H5Pset_deflate(list.get(), static_cast<unsigned>(deflate));
    H5Pset_fill_time(list.get(), H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(list.get(), false);
    return list;
}

} // namespace

// A file that is being made. What many data sets have in common is made once.
class checkpoint_writer::maker {
  public:
    maker(std::filesystem::path const& path, std::size_t n_objects)
        : path_(path),
          file_(h5_own(
              H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, layout_of_file(n_objects).get()),
              H5Fclose,
              "H5Fcreate",
              path)) {}

    [[nodiscard]] hid_t file() const noexcept { return file_.get(); }

    // Contiguous, if it has no chunks of its own.
    h5_handle create(std::string const& name,
                     hid_t type,
                     std::vector<hsize_t> const& dimensions,
                     h5_handle const& chunks = {}) const {
        auto const space = space_of(dimensions);
        h5_handle made(H5Dcreate2(file_.get(),
                                  name.c_str(),
                                  type,
                                  dimensions.empty() ? scalar_.get() : space.get(),
                                  links_.get(),
                                  (chunks ? chunks : layout_).get(),
                                  H5P_DEFAULT),
                       H5Dclose);
        if (!made) h5_fail("H5Dcreate2 of " + name, path_);
        return made;
    }

    // With deflate, in chunks, if it is large.
    h5_handle create(stored_object& object, int deflate) {
        auto& type = types_[object.type];
        if (!type) type = h5_type_of(*dtype_of_signature(object.type));
        auto const dimensions = file_dimensions(object);
        bool const in_chunks =
            deflate > 0 && object.n_bytes > least_compressed_bytes && !dimensions.empty();
        if (!in_chunks) return create(object.name, type.get(), dimensions);
        std::vector<std::uint64_t> const extents(dimensions.begin(), dimensions.end());
        object.chunks = chunk_grid::of(extents, H5Tget_size(type.get()));
        auto const chunk = object.chunks.extents_of_chunk(extents);
        return create(object.name, type.get(), dimensions, compressed_layout(chunk, deflate));
    }

    h5_handle write(std::string const& name, hid_t type, hsize_t n, void const* values) const {
        auto made = create(name, type, {n});
        if (H5Dwrite(made.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
            h5_fail("H5Dwrite of " + name, path_);
        }
        return made;
    }

    void close() {
        if (file_.reset() < 0) h5_fail("H5Fclose", path_);
    }

  private:
    [[nodiscard]] h5_handle space_of(std::vector<hsize_t> const& dimensions) const {
        if (dimensions.empty()) return {};
        return h5_own(
            H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr),
            H5Sclose,
            "H5Screate_simple",
            path_);
    }

    std::filesystem::path const& path_;
    h5_handle links_ = utf8_links_with_groups();
    h5_handle layout_ = plain_layout();
    h5_handle scalar_{H5Screate(H5S_SCALAR), H5Sclose};
    std::unordered_map<std::string, h5_handle> types_; ///< by signature
    h5_handle file_;
};

namespace {

std::uint64_t place_of(h5_handle const& dataset) {
    auto const address = H5Dget_offset(dataset.get());
    return address == HADDR_UNDEF ? 0 : static_cast<std::uint64_t>(address);
}

void describe_by_attributes(hid_t dataset, stored_object const& object) {
    h5_write_attribute(dataset, "shmwin_kind", std::string(name(object.kind)));
    h5_write_attribute(dataset, "shmwin_type", object.type);
    h5_write_attribute(dataset, "shmwin_layout", static_cast<std::int64_t>(object.order));
    h5_write_attribute(dataset, "shmwin_levels", std::int64_t{object.n_levels});
    h5_write_attribute(
        dataset, "shmwin_first_block", static_cast<std::int64_t>(object.first_block));
}

h5_handle fixed_text(std::size_t width) {
    h5_handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), width);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    return type;
}

template <typename Into>
void write_texts(Into const& into,
                 std::string const& name,
                 std::vector<std::string_view> const& texts) {
    std::size_t width = 1;
    for (auto const& each : texts) {
        width = std::max(width, each.size() + 1);
    }
    std::string all(width * texts.size(), '\0');
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i].copy(&all[i * width], width - 1);
    }
    into.write(name, fixed_text(width).get(), texts.size(), all.data());
}

template <typename Into>
void write_names(Into const& into, std::vector<stored_object> const& objects) {
    std::vector<std::string_view> names;
    names.reserve(objects.size());
    for (auto const& each : objects) {
        names.emplace_back(each.name);
    }
    write_texts(into, ".shmwin/objects", names);
}

template <typename Into>
void write_descriptions(Into const& into, std::vector<stored_object> const& objects) {
    description_table const table(objects);
    write_texts(into, ".shmwin/words", {table.words().begin(), table.words().end()});
    auto const made = into.write(".shmwin/descriptions",
                                 description_table::row_type().get(),
                                 table.rows().size(),
                                 table.rows().data());
    auto const sum = table.sum();
    h5_write_attribute(made.get(), "checksum_low", static_cast<std::int64_t>(sum.low));
    h5_write_attribute(made.get(), "checksum_high", static_cast<std::int64_t>(sum.high));
}

void write_labels(hid_t file, checkpoint_info const& info) {
    h5_write_attribute(file, "shmwin_format", checkpoint_format);
    h5_write_attribute(file, "shmwin_version", std::string(SHMWIN_VERSION));
    h5_write_attribute(file, "step", info.step);
    h5_write_attribute(file, "time", info.time);
    h5_write_attribute(file, "created", time_text(info.created_ns));
    h5_write_attribute(file, "created_ns", info.created_ns);
    h5_write_attribute(file, "uuid", info.uuid);
    h5_write_attribute(file, "parent_uuid", info.parent_uuid);
    h5_write_attribute(file, "n_ranks", std::int64_t{info.n_ranks});
    write_attributes(file, info.attributes);
}

} // namespace

std::uint64_t checkpoint_file::payload_bytes() const noexcept {
    return std::accumulate(objects.begin(),
                           objects.end(),
                           std::uint64_t{0},
                           [](std::uint64_t sum, auto const& each) { return sum + each.n_bytes; });
}

checkpoint_writer::checkpoint_writer(std::filesystem::path const& path,
                                     checkpoint_info const& info,
                                     std::vector<stored_object> const& objects,
                                     int deflate)
    : path_(path) {
    h5_quiet const quiet;
    into_ = std::make_unique<maker>(path_, objects.size());
    made_.info = info;
    made_.info.file = path;
    made_.objects = objects;
    write_labels(into_->file(), info);
    bool const by_attributes = objects.size() <= most_with_attributes;
    for (auto& each : made_.objects) {
        auto const dataset = into_->create(each, deflate);
        each.file_offset = place_of(dataset);
        made_.n_blocks += each.n_blocks();
        if (by_attributes) describe_by_attributes(dataset.get(), each);
    }
    write_names(*into_, objects);
    if (!by_attributes) write_descriptions(*into_, objects);
    auto const table = into_->create(".shmwin/checksums", H5T_STD_U64LE, {made_.n_blocks, 2});
    h5_write_attribute(table.get(), "algorithm", std::string("XXH3_128bits"));
    h5_write_attribute(table.get(), "block_bytes", static_cast<std::int64_t>(checksum_block_bytes));
    made_.checksums_offset = place_of(table);
    make_room_for_chunks();
    made_.record_offset = place_of(into_->create(".shmwin/record", H5T_STD_U64LE, {4}));
}

checkpoint_writer::~checkpoint_writer() {
    h5_quiet const quiet; // a file that could not be written whole is not closed whole either
    open_.reset();
    into_.reset();
}

void checkpoint_writer::write_chunk(std::size_t object,
                                    std::uint64_t chunk,
                                    std::span<std::byte const> bytes) {
    h5_quiet const quiet;
    auto const& one = made_.objects[object];
    if (!open_ || open_object_ != object) {
        open_ = h5_own(H5Dopen2(into_->file(), one.name.c_str(), H5P_DEFAULT),
                       H5Dclose,
                       "H5Dopen2 of " + one.name,
                       path_);
        open_object_ = object;
    }
    auto const dimensions = file_dimensions(one);
    auto const first = one.chunks.first_of(
        chunk, std::vector<std::uint64_t>(dimensions.begin(), dimensions.end()));
    std::vector<hsize_t> const place(first.begin(), first.end());
    if (is_to_fail()) { // as HDF5 would tell it
        raise(is_about_space(errno) ? errc::no_space : errc::io_failure,
              text("H5Dwrite_chunk of ", one.name, " failed (", path_.native(), ')'));
    }
    if (H5Dwrite_chunk(open_.get(), H5P_DEFAULT, 0, place.data(), bytes.size(), bytes.data()) < 0) {
        h5_fail("H5Dwrite_chunk of " + one.name, path_);
    }
    one.places->all[chunk] = {0, bytes.size(), checksum_of(bytes)};
}

void checkpoint_writer::make_room_for_chunks() {
    std::uint64_t n_chunks = 0;
    for (auto& each : made_.objects) {
        if (each.chunks.n_chunks() == 0) continue;
        n_chunks += each.chunks.n_chunks();
        each.places = std::make_shared<stored_chunks>(
            stored_chunks{each.chunks, std::vector<stored_chunk>(each.chunks.n_chunks())});
    }
    if (n_chunks == 0) return;
    made_.chunks_offset = place_of(into_->create(".shmwin/chunks", H5T_STD_U64LE, {n_chunks, 4}));
}

void checkpoint_writer::find_chunks() {
    for (auto const& each : made_.objects) {
        if (each.places == nullptr) continue;
        auto const dataset = h5_own(H5Dopen2(into_->file(), each.name.c_str(), H5P_DEFAULT),
                                    H5Dclose,
                                    "H5Dopen2 of " + each.name,
                                    path_);
        if (!find_places(dataset.get(), *each.places)) {
            h5_fail("H5Dget_chunk_info of " + each.name, path_);
        }
    }
}

void checkpoint_writer::close() {
    h5_quiet const quiet;
    open_.reset();
    find_chunks();
    at(step::close, [&] { into_->close(); });
    made_.n_bytes = file(path_, file::mode::read).n_bytes();
}

} // namespace shmwin::inline v1::detail
