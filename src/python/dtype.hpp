// SPDX-License-Identifier: MIT
// dtype: element types between shmwin and NumPy.
//
// Layer: python.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "python/module.hpp"

#include <pybind11/numpy.h>

namespace shmwin::python {

/// Local. NumPy's type of the same bytes. What NumPy cannot say (char and wchar_t, the names of an
/// enumeration, more alignment than members need) stands in its metadata, so that it comes back.
[[nodiscard]] py::dtype to_numpy(dtype const& type);

/// Local. The type of the same bytes, of this machine's byte order.
/// @throws py::type_error  objects, dates, half precision, another byte order, overlapping fields
[[nodiscard]] dtype from_numpy(py::dtype const& type);

/// Local. from_numpy() of whatever numpy.dtype() takes: "f8", float, a dtype, a list of fields.
[[nodiscard]] dtype dtype_from(py::handle like);

} // namespace shmwin::python
