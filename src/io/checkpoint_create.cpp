// SPDX-License-Identifier: MIT
// How a checkpoint's structure is written: by HDF5, on one rank, before any payload.
#include "shmwin/base/error.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/object_info.hpp"

#include "io/attributes.hpp"
#include "io/checkpoint_file.hpp"
#include "io/datatype.hpp"
#include "io/fail_point.hpp"

#include <algorithm>
#include <numeric>

namespace shmwin::inline v1::detail {
namespace {

constexpr hsize_t align_above = 65536; // smaller data sets share pages

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

// HDF5 has the slowest dimension first: of a layout_left array, the last.
std::vector<hsize_t> file_dimensions(stored_object const& object) {
    std::vector<hsize_t> dimensions(object.shape.begin(), object.shape.end());
    if (object.order == memory_order_kind::left) std::ranges::reverse(dimensions);
    return dimensions;
}

h5_handle create_dataset(hid_t file,
                         std::filesystem::path const& path,
                         std::string const& name,
                         hid_t type,
                         std::vector<hsize_t> const& dimensions) {
    auto const space =
        dimensions.empty()
            ? h5_own(H5Screate(H5S_SCALAR), H5Sclose, "H5Screate", path)
            : h5_own(
                H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr),
                H5Sclose,
                "H5Screate_simple",
                path);
    auto const links = utf8_links_with_groups();
    auto const layout = plain_layout();
    return h5_own(
        H5Dcreate2(file, name.c_str(), type, space.get(), links.get(), layout.get(), H5P_DEFAULT),
        H5Dclose,
        "H5Dcreate2 of " + name,
        path);
}

void write_object(hid_t file, std::filesystem::path const& path, stored_object const& object) {
    auto const type = h5_type_of(*dtype_of_signature(object.type));
    auto const made = create_dataset(file, path, object.name, type.get(), file_dimensions(object));
    h5_write_attribute(made.get(), "shmwin_kind", std::string(name(object.kind)));
    h5_write_attribute(made.get(), "shmwin_type", object.type);
    h5_write_attribute(made.get(), "shmwin_layout", static_cast<std::int64_t>(object.order));
    h5_write_attribute(made.get(), "shmwin_levels", std::int64_t{object.n_levels});
    h5_write_attribute(
        made.get(), "shmwin_first_block", static_cast<std::int64_t>(object.first_block));
}

void write_names(hid_t file,
                 std::filesystem::path const& path,
                 std::vector<stored_object> const& objects) {
    constexpr std::size_t width = max_name_bytes + offsets_ending.size() + 1;
    h5_handle const type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), width);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    std::string all(width * objects.size(), '\0');
    for (std::size_t i = 0; i < objects.size(); ++i) {
        objects[i].name.copy(&all[i * width], width - 1);
    }
    auto const made = create_dataset(file, path, ".shmwin/objects", type.get(), {objects.size()});
    if (H5Dwrite(made.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) {
        h5_fail("H5Dwrite of .shmwin/objects", path);
    }
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

void create_checkpoint(std::filesystem::path const& path,
                       checkpoint_info const& info,
                       std::vector<stored_object> const& objects) {
    h5_quiet const quiet;
    auto const access = h5_file_access();
    H5Pset_alignment(access.get(), align_above, 4096);
    auto file = h5_own(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access.get()),
                       H5Fclose,
                       "H5Fcreate",
                       path);
    write_labels(file.get(), info);
    hsize_t n_blocks = 0;
    for (auto const& each : objects) {
        write_object(file.get(), path, each);
        n_blocks += each.n_blocks();
    }
    write_names(file.get(), path, objects);
    auto table =
        create_dataset(file.get(), path, ".shmwin/checksums", H5T_STD_U64LE, {n_blocks, 2});
    h5_write_attribute(table.get(), "algorithm", std::string("XXH3_128bits"));
    h5_write_attribute(table.get(), "block_bytes", static_cast<std::int64_t>(checksum_block_bytes));
    table.reset();
    create_dataset(file.get(), path, ".shmwin/record", H5T_STD_U64LE, {4}).reset();
    at(step::close, [&] {
        if (file.reset() < 0) h5_fail("H5Fclose", path);
    });
}

} // namespace shmwin::inline v1::detail
