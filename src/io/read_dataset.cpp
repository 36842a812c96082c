// SPDX-License-Identifier: MIT
#include "shmwin/io/read_dataset.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/conversion.hpp"
#include "io/datatype.hpp"
#include "io/hdf5.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

// A data set that is open for reading.
struct opened_dataset {
    h5_handle file;
    h5_handle dataset;
    h5_handle space;
    h5_handle type;
    std::vector<hsize_t> shape;
};

opened_dataset open_dataset(std::filesystem::path const& file, std::string const& path) {
    opened_dataset opened;
    opened.file = h5_open_for_reading(file);
    opened.dataset = h5_handle(H5Dopen2(opened.file.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!opened.dataset) {
        raise(errc::not_found,
              text("no such data set (\"",
                   path,
                   "\" in ",
                   file.native(),
                   ": ",
                   h5_reason(),
                   "; h5ls -r lists all)"));
    }
    opened.space = h5_own(H5Dget_space(opened.dataset.get()), H5Sclose, "H5Dget_space", file);
    opened.type = h5_own(H5Dget_type(opened.dataset.get()), H5Tclose, "H5Dget_type", file);
    auto const n = H5Sget_simple_extent_ndims(opened.space.get());
    opened.shape.resize(static_cast<std::size_t>(std::max(0, n)));
    H5Sget_simple_extent_dims(opened.space.get(), opened.shape.data(), nullptr);
    return opened;
}

// Rows that one decompression yields: ranks that share a chunk would both unpack it.
std::int64_t rows_of_a_chunk(opened_dataset const& opened) {
    h5_handle const list(H5Dget_create_plist(opened.dataset.get()), H5Pclose);
    if (H5Pget_layout(list.get()) != H5D_CHUNKED) return 1;
    std::vector<hsize_t> chunk(opened.shape.size(), 1);
    H5Pget_chunk(list.get(), static_cast<int>(chunk.size()), chunk.data());
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(chunk.front()));
}

range rows_of_rank(opened_dataset const& opened, int n_ranks, int rank) {
    if (opened.shape.empty()) return rank == 0 ? range{0, 1} : range{};
    auto const n_rows = static_cast<std::int64_t>(opened.shape.front());
    auto const unit = rows_of_a_chunk(opened);
    auto const units = block_range((n_rows + unit - 1) / unit, n_ranks, rank);
    return range{units.first * unit, units.last * unit}.clip(0, n_rows);
}

void read_rows(opened_dataset const& opened,
               range rows,
               dtype type,
               std::byte* target,
               std::filesystem::path const& file,
               std::string const& path) {
    if (rows.empty()) return;
    h5_handle memory(H5Screate(H5S_SCALAR), H5Sclose);
    if (!opened.shape.empty()) {
        std::vector<hsize_t> start(opened.shape.size(), 0);
        auto count = opened.shape;
        start.front() = static_cast<hsize_t>(rows.first);
        count.front() = static_cast<hsize_t>(rows.size());
        H5Sselect_hyperslab(
            opened.space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
        memory = h5_handle(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                           H5Sclose);
        auto row_bytes = type.n_bytes();
        for (std::size_t d = 1; d < opened.shape.size(); ++d) {
            row_bytes *= opened.shape[d];
        }
        target += static_cast<std::size_t>(rows.first) * row_bytes;
    }
    exact_conversion const watch(type);
    auto const wanted = h5_type_of(type);
    if (H5Dread(opened.dataset.get(),
                wanted.get(),
                memory.get(),
                opened.space.get(),
                watch.transfer(),
                target)
        >= 0) {
        return;
    }
    if (watch.why() != nullptr) {
        raise(errc::out_of_range,
              text("data set does not fit (\"",
                   path,
                   "\" in ",
                   file.native(),
                   " of ",
                   describe_type(opened.type.get()),
                   " into ",
                   type.signature(),
                   ": ",
                   watch.why(),
                   " in rows ",
                   rows.first,
                   " to ",
                   rows.last - 1,
                   ")"));
    }
    h5_fail("reading data set " + path, file);
}

// The call, as the ranks compare it.
std::uint64_t hash_of(std::filesystem::path const& file, std::string const& path) {
    return hash_with(hash(file.native()), hash(path));
}

} // namespace

dataset_info shared_dataset_info(object_group const& where,
                                 std::filesystem::path const& file,
                                 std::string const& path,
                                 std::size_t n_dimensions) {
    auto& core = *where.core();
    core.require_open(operation::read_dataset);
    dataset_info found;
    auto const failure = failure_of([&] {
        h5_quiet const quiet;
        auto const opened = open_dataset(file, path);
        found.type = describe_type(opened.type.get());
        found.shape.assign(opened.shape.begin(), opened.shape.end());
        if (found.shape.size() == n_dimensions) return;
        raise(errc::shape_mismatch,
              text("number of dimensions differs (\"",
                   path,
                   "\" in ",
                   file.native(),
                   " has ",
                   found.shape.size(),
                   ", ",
                   shape_text(found.shape),
                   "; asked for with ",
                   n_dimensions,
                   ")"));
    });
    core.meeting().meet(
        {operation::read_dataset, path, found.type, found.shape, hash_of(file, path)},
        failure ? &*failure : nullptr,
        [](meeting_values&) {});
    return found;
}

void fill_from_file(object_group const& where,
                    placed_object const& target,
                    dtype type,
                    std::span<std::int64_t const> shape,
                    std::filesystem::path const& file,
                    std::string const& path) {
    auto& core = *where.core();
    auto const failure = failure_of([&] {
        h5_quiet const quiet;
        auto const opened = open_dataset(file, path);
        if (!std::ranges::equal(opened.shape, shape, [](hsize_t a, std::int64_t b) {
                return a == static_cast<hsize_t>(b);
            })) {
            raise(
                errc::io_failure,
                text("data set changed while it was read (\"", path, "\" in ", file.native(), ")"));
        }
        if (!can_become(opened.type.get(), type)) {
            raise(errc::type_mismatch,
                  text("data set cannot be read as that type (\"",
                       path,
                       "\" in ",
                       file.native(),
                       " is ",
                       describe_type(opened.type.get()),
                       ", asked for as ",
                       type.signature(),
                       ")"));
        }
        read_rows(opened,
                  rows_of_rank(opened, core.n_ranks(), core.rank()),
                  type,
                  target.address,
                  file,
                  path);
    });
    try {
        core.meeting().meet({operation::read_dataset, path, {}, {}, hash_of(file, path)},
                            failure ? &*failure : nullptr,
                            [](meeting_values&) {});
    } catch (error const& failed) {
        if (failed.code() != errc::peer_left) core.destroy_together(target, path);
        throw;
    }
}

} // namespace shmwin::inline v1::detail
