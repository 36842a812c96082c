// SPDX-License-Identifier: MIT
#include "python/call.hpp"

#include "shmwin/sync/wait.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace shmwin::python {
namespace {

using std::chrono::steady_clock;

// Between two looks: taking the GIL may cost other threads of Python their turn.
constexpr std::chrono::milliseconds look_every{50};

// Only Python's main thread runs handlers of signals.
bool is_time_to_look() {
    thread_local steady_clock::time_point next{};
    auto const now = steady_clock::now();
    if (now < next) return false;
    next = now + look_every;
    return true;
}

// This package's folder, with a slash at the end.
std::string const& folder() {
    static auto const& made = *new std::string([] {
        auto const file = py::cast<std::string>(py::module_::import("shmwin").attr("__file__"));
        return file.substr(0, file.rfind('/') + 1);
    }());
    return made;
}

std::string_view file_of(PyCodeObject* code) {
    Py_ssize_t n = 0;
    auto const* const text = PyUnicode_AsUTF8AndSize(code->co_filename, &n);
    if (text == nullptr) {
        PyErr_Clear();
        return {};
    }
    return {text, static_cast<std::size_t>(n)};
}

} // namespace

void look_for_signals() {
    if (!is_time_to_look() || Py_IsInitialized() == 0) return;
    bool raised = false;
    {
        py::gil_scoped_acquire const acquired;
        // One that waits again while it cleans up after the first is left to it.
        raised = PyErr_Occurred() == nullptr && PyErr_CheckSignals() != 0;
    }
    if (raised) throw wait_interrupted();
}

source_line caller() {
    auto* frame = PyEval_GetFrame();
    Py_XINCREF(reinterpret_cast<PyObject*>(frame));
    source_line found;
    while (frame != nullptr) {
        auto* const code = PyFrame_GetCode(frame);
        auto const file = file_of(code);
        bool const is_ours = file.starts_with(folder());
        if (!is_ours)
            found = source_line::kept(file, static_cast<unsigned>(PyFrame_GetLineNumber(frame)));
        Py_DECREF(reinterpret_cast<PyObject*>(code));
        auto* const back = is_ours ? PyFrame_GetBack(frame) : nullptr;
        Py_DECREF(reinterpret_cast<PyObject*>(frame));
        frame = back;
    }
    return found;
}

void raise_pending() {
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
}

} // namespace shmwin::python
