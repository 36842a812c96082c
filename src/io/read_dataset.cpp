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
    if (H5Sget_simple_extent_type(opened.space.get()) == H5S_NULL) {
        raise(errc::shape_mismatch,
              text("data set has no shape (\"", path, "\" in ", file.native(), " is empty)"));
    }
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

// Selects rows in the file; returns the shape that they have in memory.
h5_handle select_rows(opened_dataset const& opened, range rows) {
    if (opened.shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
    std::vector<hsize_t> start(opened.shape.size(), 0);
    auto count = opened.shape;
    start.front() = static_cast<hsize_t>(rows.first);
    count.front() = static_cast<hsize_t>(rows.size());
    H5Sselect_hyperslab(
        opened.space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    return {H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose};
}

std::size_t elements_in_a_row(opened_dataset const& opened) {
    std::size_t n = 1;
    for (std::size_t d = 1; d < opened.shape.size(); ++d) {
        n *= opened.shape[d];
    }
    return n;
}

// Reads rows as elements of one type.
class row_reader {
  public:
    row_reader(opened_dataset const& opened, dtype const& type, std::byte* target)
        : opened_(opened),
          target_(target),
          n_elements_(elements_in_a_row(opened)),
          wanted_(h5_type_of(type)),
          native_(H5Tget_native_type(opened.type.get(), H5T_DIR_ASCEND), H5Tclose) {}

    // False if HDF5 failed, or a value did not fit: see why().
    bool read(range rows) {
        bool const same = H5Tequal(opened_.type.get(), wanted_.get()) > 0
                          || H5Tequal(native_.get(), wanted_.get()) > 0;
        if (same) return read_as(wanted_.get(), rows, at(rows.first));
        auto const chunk = rows_of_a_chunk(opened_);
        auto const fit =
            static_cast<std::int64_t>(buffer_bytes / std::max<std::size_t>(1, row_bytes()));
        auto const step = std::max(fit / chunk * chunk, chunk);
        for (auto first = rows.first; first < rows.last; first += step) {
            if (!read_and_convert({first, std::min(first + step, rows.last)})) return false;
        }
        return true;
    }
    [[nodiscard]] char const* why() const noexcept { return watch_.why(); }

  private:
    static constexpr std::size_t buffer_bytes = std::size_t{4} << 20U;

    [[nodiscard]] std::size_t wanted_bytes() const { return H5Tget_size(wanted_.get()); }
    // Of a row while it is converted in place.
    [[nodiscard]] std::size_t row_bytes() const {
        return n_elements_ * std::max(wanted_bytes(), H5Tget_size(native_.get()));
    }
    [[nodiscard]] std::byte* at(std::int64_t row) const {
        return target_ + static_cast<std::size_t>(row) * n_elements_ * wanted_bytes();
    }

    bool read_as(hid_t type, range rows, std::byte* target) {
        auto const memory = select_rows(opened_, rows);
        return H5Dread(opened_.dataset.get(),
                       type,
                       memory.get(),
                       opened_.space.get(),
                       watch_.transfer(),
                       target)
               >= 0;
    }

    // HDF5 1.10 takes a negative number for a large unsigned one, and whole numbers for
    // fractions, where byte order and type change at once. So it reads what the file has, in the
    // byte order of this machine, and converts between this machine's types.
    bool read_and_convert(range rows) {
        auto const n = static_cast<std::size_t>(rows.size()) * n_elements_;
        buffer_.resize(static_cast<std::size_t>(rows.size()) * row_bytes());
        background_.assign(buffer_.size(), std::byte{}); // of compounds: their padding is 0
        if (!read_as(native_.get(), rows, buffer_.data())) return false;
        if (H5Tconvert(native_.get(),
                       wanted_.get(),
                       n,
                       buffer_.data(),
                       background_.data(),
                       watch_.transfer())
            < 0) {
            return false;
        }
        std::copy_n(buffer_.data(), n * wanted_bytes(), at(rows.first));
        return true;
    }

    opened_dataset const& opened_;
    std::byte* target_;
    std::size_t n_elements_;
    h5_handle wanted_;
    h5_handle native_;
    exact_conversion watch_;
    std::vector<std::byte> buffer_;
    std::vector<std::byte> background_;
};

void read_rows(opened_dataset const& opened,
               range rows,
               dtype const& type,
               std::byte* target,
               std::filesystem::path const& file,
               std::string const& path) {
    if (rows.empty()) return;
    row_reader reader(opened, type, target);
    if (reader.read(rows)) return;
    if (reader.why() == nullptr) h5_fail("reading data set " + path, file);
    raise(errc::out_of_range,
          text("data set does not fit (\"",
               path,
               "\" in ",
               file.native(),
               ": ",
               reader.why(),
               " in rows ",
               rows.first,
               " to ",
               rows.last - 1,
               "; ",
               describe_type(opened.type.get()),
               " into ",
               type.signature(),
               ")"));
}

void check_type(opened_dataset const& opened,
                dtype const& type,
                std::filesystem::path const& file,
                std::string const& path) {
    if (auto const fault = fault_between(opened.type.get(), type); !fault.empty()) {
        raise(errc::type_mismatch,
              text("data set cannot be read as that type (\"",
                   path,
                   "\" in ",
                   file.native(),
                   ": ",
                   fault,
                   "; it is ",
                   describe_type(opened.type.get()),
                   ", asked for as ",
                   type.signature(),
                   ")"));
    }
}

// True if some member does not stand where its type could be read.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the type
bool is_packed(dtype const& type) {
    if (type.kind() == dtype_kind::array) return is_packed(type.element());
    if (type.kind() != dtype_kind::structure) return false;
    for (auto const& each : type.members()) {
        if (is_packed(each.type)) return true;
    }
    return type.alignment() < natural_alignment(type.members());
}

// As the file has it, but for the byte order, and members that are not aligned: then they lie as
// C++ has them.
dtype element_in_memory(opened_dataset const& opened,
                        std::filesystem::path const& file,
                        std::string const& path) {
    auto const found = dtype_of_h5(opened.type.get());
    if (found.type && !is_packed(*found.type)) return *found.type;
    h5_handle const native(H5Tget_native_type(opened.type.get(), H5T_DIR_ASCEND), H5Tclose);
    if (auto const swapped = native ? dtype_of_h5(native.get()) : found; swapped.type) {
        return *swapped.type;
    }
    raise(errc::unsupported,
          text("data set has a type without a dtype (\"",
               path,
               "\" in ",
               file.native(),
               ": ",
               found.why,
               ")"));
}

// The call, as the ranks compare it.
std::uint64_t hash_of(std::filesystem::path const& file, std::string const& path) {
    return hash_with(hash(file.native()), hash(path));
}

} // namespace

dataset_info shared_dataset_info(object_group const& where,
                                 std::filesystem::path const& file,
                                 std::string const& path,
                                 std::optional<std::size_t> n_dimensions,
                                 source_line const& line) {
    auto& core = *where.core();
    core.require_open(operation::read_dataset);
    dataset_info found;
    auto const failure = failure_of([&] {
        h5_quiet const quiet;
        auto const opened = open_dataset(file, path);
        found.type = describe_type(opened.type.get());
        found.shape.assign(opened.shape.begin(), opened.shape.end());
        if (!n_dimensions) found.element = element_in_memory(opened, file, path);
        if (!n_dimensions || found.shape.size() == *n_dimensions) return;
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
                   *n_dimensions,
                   ")"));
    });
    core.meeting().meet(
        {operation::read_dataset, path, found.type, found.shape, hash_of(file, path), line},
        failure ? &*failure : nullptr);
    return found;
}

void fill_from_file(object_group const& where,
                    placed_object const& target,
                    dtype const& type,
                    std::span<std::int64_t const> shape,
                    std::filesystem::path const& file,
                    std::string const& path,
                    source_line const& line) {
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
        check_type(opened, type, file, path);
        read_rows(opened,
                  rows_of_rank(opened, core.n_ranks(), core.rank()),
                  type,
                  target.address,
                  file,
                  path);
    });
    try {
        core.meeting().meet({operation::read_dataset, path, {}, {}, hash_of(file, path), line},
                            failure ? &*failure : nullptr);
    } catch (error const& failed) {
        if (failed.code() != errc::peer_left) core.destroy_together(target, path);
        throw;
    }
}

} // namespace shmwin::inline v1::detail

namespace shmwin::inline v1 {

any_array read_dataset(object_group const& where,
                       std::string_view name,
                       std::filesystem::path const& file,
                       std::string const& path,
                       array_options const& options,
                       source_line const& line) {
    auto const found = detail::shared_dataset_info(where, file, path, std::nullopt, line);
    auto const made = where.create_array(name, *found.element, found.shape, options, line);
    detail::fill_from_file(where, made.where(), *found.element, found.shape, file, path, line);
    return made;
}

} // namespace shmwin::inline v1
