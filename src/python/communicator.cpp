// SPDX-License-Identifier: MIT
#include "python/communicator.hpp"

#include "shmwin/base/text.hpp"

#include <array>
#include <string>

namespace shmwin::python {
namespace {

std::string our_library() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int n = 0;
    MPI_Get_library_version(text.data(), &n);
    return text.data(); // to its first zero: Open MPI counts that, too
}

// Handles of another MPI would be taken for ours.
void check_library(py::module_ const& mpi) {
    static bool checked = false;
    if (checked) return;
    auto theirs = py::cast<std::string>(mpi.attr("Get_library_version")());
    while (!theirs.empty() && theirs.back() == '\0')
        theirs.pop_back();
    auto const ours = our_library();
    if (theirs != ours)
        throw py::type_error(shmwin::detail::text(
            "mpi4py is built for another MPI (it: ", theirs, "; this module: ", ours, ")"));
    checked = true;
}

} // namespace

MPI_Comm communicator_from(py::handle comm) {
    auto const mpi = py::module_::import("mpi4py.MPI"); // initialises MPI, unless told not to
    check_library(mpi);
    if (PyLong_Check(comm.ptr())) return MPI_Comm_f2c(py::cast<MPI_Fint>(comm));
    auto const given =
        comm.is_none() ? mpi.attr("COMM_WORLD") : py::reinterpret_borrow<py::object>(comm);
    if (!py::isinstance(given, mpi.attr("Comm")))
        throw py::type_error(
            shmwin::detail::text("not a communicator (", std::string(py::repr(given)), ")"));
    auto const address = py::cast<std::uintptr_t>(mpi.attr("_addressof")(given));
    return *reinterpret_cast<MPI_Comm const*>(address); // NOLINT(*-int-to-ptr)
}

} // namespace shmwin::python
