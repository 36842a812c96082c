// SPDX-License-Identifier: MIT
// module: what the sources of the Python module share. One source a concept; each enters what it
// has into the module by one function.
//
// Layer: python.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace shmwin::python {

namespace py = pybind11;

// In the order in which they must be entered: names in a signature are those known by then.
void bind_errors(py::module_& module);
void bind_dtype(py::module_& module);
void bind_group(py::module_& module);
void bind_levels(py::module_& module);
void bind_value(py::module_& module);
void bind_segment(py::module_& module);
void bind_checkpoint(py::module_& module);
void bind_shared_block(py::module_& module);
void bind_sync(py::module_& module);
void bind_condition(py::module_& module);
void bind_locked_value(py::module_& module);

} // namespace shmwin::python
