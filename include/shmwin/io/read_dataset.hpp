// SPDX-License-Identifier: MIT
// read_dataset: other people's HDF5 data, straight into a shared array.
//
// Layer: io.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/segment.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1 {

/// A data set in a file.
struct dataset_info {
    std::vector<std::int64_t> shape; ///< in elements, slowest dimension first
    std::string type;                ///< as HDF5 has it: "int16", "float64 big-endian", ...
    std::optional<dtype> element{};  ///< what of the same numbers is in memory; nothing: no dtype
};

namespace detail {

/// Node, collective. The data set's type and shape, the same on all ranks or the same error.
/// @param n_dimensions  what it must have; nothing: any, but its type must have a dtype
SHMWIN_API dataset_info shared_dataset_info(object_group const& where,
                                            std::filesystem::path const& file,
                                            std::string const& path,
                                            std::optional<std::size_t> n_dimensions,
                                            source_line const& line);

/// Node, collective. Each rank reads its rows into the array; on an error the array goes again.
SHMWIN_API void fill_from_file(object_group const& where,
                               placed_object const& target,
                               dtype const& type,
                               std::span<std::int64_t const> shape,
                               std::filesystem::path const& file,
                               std::string const& path,
                               source_line const& line);

} // namespace detail

/// Node, collective. Creates the array `name` with the shape of data set `path` in `file`, and
/// reads it: each rank its rows, whatever the file's layout (contiguous, chunked, compressed),
/// byte order and number type. Values that T cannot hold exactly enough (out of its range; a
/// fraction or a too large integer for an integer type) are an error, not another number.
/// A structure is read from a compound that has all its members, by name, in any order and with
/// any others besides; each member as if alone. What lies between members is 0 if the file's
/// types differ from T.
///
/// @tparam T  element type of the array; boolean and character types are not converted to, text
///            only to text that is as long or longer, enumerations only by all their names
/// @tparam N  number of dimensions; must be that of the data set
/// @throws argument_error (not_found)      no such data set in the file
/// @throws argument_error (shape_mismatch) it has another number of dimensions
/// @throws argument_error (type_mismatch)  its type cannot become T
/// @throws out_of_range                    a value does not fit T; the array is removed again
/// @throws runtime_failure (io_failure, not_a_checkpoint, damaged)  the file cannot be read, is no
///         HDF5, or is not whole
/// @throws as object_group::create_array
template <element T, std::size_t N>
array<T, N> read_dataset(object_group const& where,
                         std::string_view name,
                         std::filesystem::path const& file,
                         std::string const& path,
                         array_options const& options = {},
                         source_line const& line = source_line::current()) {
    auto const found = detail::shared_dataset_info(where, file, path, N, line);
    std::array<std::int64_t, N> extents{};
    std::copy_n(found.shape.begin(), N, extents.begin());
    auto made = where.create_array<T>(name, array_extents<N>(extents), options, line);
    detail::fill_from_file(where, made.where(), dtype_of<T>, extents, file, path, line);
    return made;
}

/// Node, collective. As read_dataset<T, N>, with the type and the dimensions that the file has, in
/// this machine's byte order: a compound becomes a structure, laid out as in the file, or as C++
/// does it where the file has members that are not aligned. Numbers that no type here has become
/// wider ones.
/// @throws runtime_failure (unsupported)  a type that has no dtype: text of variable length,
///         references, ...; which member
SHMWIN_API any_array read_dataset(object_group const& where,
                                  std::string_view name,
                                  std::filesystem::path const& file,
                                  std::string const& path,
                                  array_options const& options = {},
                                  source_line const& line = source_line::current());

} // namespace shmwin::inline v1
