// SPDX-License-Identifier: MIT
// The extension module shmwin._core. What users see is the package around it (shmwin/__init__.py).
#include "python/module.hpp"

// NOLINTNEXTLINE: pybind11's macro
PYBIND11_MODULE(_core, module) {
    using namespace shmwin::python;
    module.doc() = "The compiled part of shmwin. Private: import shmwin.";
    module.attr("__version__") = SHMWIN_VERSION;
    bind_errors(module);
    bind_dtype(module);
    bind_group(module);
    bind_levels(module);
    bind_value(module);
    bind_segment(module);
    bind_checkpoint(module);
    bind_shared_block(module);
    bind_sync(module);
    bind_condition(module);
    bind_locked_value(module);
}
