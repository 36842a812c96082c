// SPDX-License-Identifier: MIT
// call: how calls of the library are made from Python: without the GIL, so that other threads of
// Python run meanwhile; ended by Ctrl-C; known by the line of the user's program.
//
// Layer: python.
#pragma once

#include "shmwin/base/source_line.hpp"

#include "python/module.hpp"

#include <string_view>
#include <utility>

namespace shmwin::python {

/// Local. For segment_options::interrupt. Looks for signals now and then; throws wait_interrupted
/// if a handler of Python's raised something, which then stands in this thread's error indicator.
void look_for_signals();

/// Local. The line of Python that called, outside of this package.
[[nodiscard]] source_line caller();

/// Local. With the GIL: throws what a signal's handler raised meanwhile, if anything.
void raise_pending();

/// Calls `f`, which waits, or works for long, without the GIL. What `f` throws is thrown, but what
/// a signal's handler raised meanwhile comes first.
template <typename F>
auto without_gil(F&& f) -> decltype(f()) {
    try {
        py::gil_scoped_release const released;
        if constexpr (std::is_void_v<decltype(f())>) {
            f();
        } else {
            return f();
        }
    } catch (...) {
        raise_pending();
        throw;
    }
}

} // namespace shmwin::python
