// SPDX-License-Identifier: MIT
// errors: what C++ throws becomes a class of shmwin/errors.py.
#include "shmwin/base/error.hpp"

#include "python/module.hpp"

#include <exception>

namespace shmwin::python {
namespace {

// The classes are made in Python, where builtin ones are simple to inherit.
void set_error(error const& failed) {
    auto const make = py::module_::import("shmwin.errors").attr("_make");
    auto const& info = failed.info();
    auto const made = make(static_cast<int>(info.code), py::str(info.text), info.agreed, info.rank);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.ptr())), made.ptr());
}

void translate(std::exception_ptr thrown) { // NOLINT(*-unnecessary-value-param): pybind11's
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (error const& failed) {
        set_error(failed);
    }
}

} // namespace

void bind_errors(py::module_& module) {
    py::register_local_exception_translator(&translate);
    module.def(
        "raise_error",
        [](int code, std::string const& text) { raise(static_cast<errc>(code), text); },
        py::arg("code"),
        py::arg("text"),
        "Raises the exception of an error code: for code in Python, and for tests.");
    module.def(
        "error_name",
        [](int code) { return name(static_cast<errc>(code)); },
        py::arg("code"),
        "The name of an error code: \"not_found\"; \"unknown\" if there is none.");
}

} // namespace shmwin::python
