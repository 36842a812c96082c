// SPDX-License-Identifier: MIT
// arguments: what Python passes, as the library takes it.
//
// Layer: python.
#pragma once

#include "shmwin/memory/object_record.hpp"
#include "shmwin/segment/options.hpp"

#include "python/module.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shmwin::python {

/// Local. A shape as NumPy takes it: an integer or a sequence of them.
[[nodiscard]] std::vector<std::int64_t> shape_from(py::handle shape);

/// Local. "C" or "F".
/// @throws py::value_error
[[nodiscard]] memory_order_kind order_from(std::string const& order);

/// Local. Bytes: an integer, or text as "1.5 GiB"; None is 0.
/// @throws py::value_error, py::type_error
[[nodiscard]] std::size_t bytes_from(py::handle size);

/// Local. One of the names in `all`, as its place there.
/// @throws py::value_error
[[nodiscard]] std::size_t
choice_from(char const* what, std::string const& given, std::vector<std::string> const& all);

/// Local. Options of arrays and levels.
[[nodiscard]] array_options
array_options_from(std::string const& touch, std::size_t align, bool saved, bool whole_pages);

} // namespace shmwin::python
