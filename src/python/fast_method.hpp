// SPDX-License-Identifier: MIT
// fast_method: methods and properties of a bound class by CPython's own calls, which cost a third
// of pybind11's: for what counters and locks spend their time with. A fast path that does not
// succeed at once, or throws, leaves everything to the bound method that it stands before.
//
// Layer: python.
#pragma once

#include "python/module.hpp"

namespace shmwin::python {

/// The C++ object in an instance of a class with one bound base; null before its __init__. The
/// descriptors that call this have checked the class.
template <typename T>
[[nodiscard]] T* object_in(PyObject* self) noexcept {
    auto const* const instance = reinterpret_cast<py::detail::instance*>(self);
    return instance->simple_layout ? static_cast<T*>(instance->simple_value_holder[0]) : nullptr;
}

/// `self.name()`, by the bound method.
[[nodiscard]] inline PyObject* call_bound(PyObject* self, char const* name) {
    return PyObject_CallMethod(self, name, nullptr);
}

/// Adds a method; the definition lives as long as the program.
inline void add_method(py::object const& to, PyMethodDef* definition) {
    auto* const type = reinterpret_cast<PyTypeObject*>(to.ptr());
    to.attr(definition->ml_name) =
        py::reinterpret_steal<py::object>(PyDescr_NewMethod(type, definition));
}

/// Adds a property likewise.
inline void add_property(py::object const& to, PyGetSetDef* definition) {
    auto* const type = reinterpret_cast<PyTypeObject*>(to.ptr());
    auto const made = py::reinterpret_steal<py::object>(PyDescr_NewGetSet(type, definition));
    to.attr(definition->name) = made;
}

} // namespace shmwin::python
