// SPDX-License-Identifier: MIT
// segment: opening and closing, and what is of the whole segment. Docstrings for users stand in
// shmwin/_segment.py.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "python/arguments.hpp"
#include "python/call.hpp"
#include "python/communicator.hpp"
#include "python/docs.hpp"
#include "python/group.hpp"
#include "python/ndarray.hpp"

#include <chrono>
#include <utility>

namespace shmwin::python {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;

// Seconds; None is `unset`.
template <typename Unit>
Unit seconds_or(std::optional<double> given, Unit unset) {
    return given ? std::chrono::ceil<Unit>(duration<double>(*given)) : unset;
}

std::unique_ptr<segment_door> open(py::handle comm,
                                   py::handle capacity,
                                   std::string const& backing,
                                   int threads_per_rank,
                                   bool in_all_core_dumps,
                                   int spin,
                                   std::optional<double> wait_slice,
                                   std::optional<double> wait_warn) {
    segment_options options;
    options.capacity = bytes_from(capacity);
    options.backing = static_cast<backing_kind>(
        choice_from("backing", backing, {"automatic", "mpi_window", "memfd"}));
    options.threads_per_rank = threads_per_rank;
    options.in_all_core_dumps = in_all_core_dumps;
    options.spin = spin;
    options.wait_slice = seconds_or(wait_slice, options.wait_slice);
    options.wait_warn = seconds_or(wait_warn, options.wait_warn);
    options.interrupt = look_for_signals;
    auto const where = caller();
    auto const handle = communicator_from(comm);
    return without_gil([&] {
        node on(handle);
        segment opened(on, options, where);
        return std::make_unique<segment_door>(on, std::move(opened));
    });
}

void fence(segment_door& door, std::optional<std::vector<int>> const& ranks) {
    auto const where = caller();
    auto& seg = door.here();
    without_gil([&] {
        if (ranks)
            seg.fence(*ranks, where);
        else
            seg.fence(where);
    });
}

} // namespace

segment_door::segment_door(node const& on, segment&& opened)
    : group_door(opened, std::make_shared<given_arrays>()), on_(on), segment_(std::move(opened)) {}

segment_door::~segment_door() = default;

bool segment_door::is_open() const noexcept {
    return segment_.is_open() && !segment_.core()->is_forked_child();
}

// The node was made for it: another's would not be closed.
void segment_door::close(source_line const& where) {
    if (!segment_.is_open()) return;
    segment_.close(where);
    on_.close();
}

void bind_segment(py::module_& module) {
    using py::arg;
    py::class_<segment_door, group_door>(module, "Segment")
        .def(py::init(&open),
             arg("comm"),
             arg("capacity") = py::none(),
             py::kw_only(),
             arg("backing") = "automatic",
             arg("threads_per_rank") = 0,
             arg("in_all_core_dumps") = false,
             arg("spin") = -1,
             arg("wait_slice") = py::none(),
             arg("wait_warn") = py::none())
        .def("fence", &fence, arg("ranks") = py::none(), docs::fence)
        .def(
            "close",
            [](segment_door& door) {
                auto const where = caller();
                without_gil([&] { door.close(where); });
            },
            docs::close)
        .def(
            "leave",
            [](segment_door& door, std::string const& why) { door.here().leave(why); },
            arg("why"),
            docs::leave)
        .def(
            "trim",
            [](segment_door& door) {
                auto const where = caller();
                auto& seg = door.here();
                return without_gil([&] { return seg.trim(where); });
            },
            docs::trim)
        .def(
            "verify",
            [](segment_door const& door, std::size_t limit) {
                auto const& seg = door.here();
                return without_gil([&] { return seg.verify(limit).violations; });
            },
            arg("limit") = 20,
            docs::verify)
        .def("_memory_map",
             [](segment_door const& door) {
                 auto const map = door.here().memory_map();
                 return py::make_tuple(map.json(), map.text());
             })
        .def(
            "report", [](segment_door const& door) { return door.here().report(); }, docs::report)
        .def("_abandoned",
             [](segment_door const& door) -> py::object {
                 auto const found = door.here().abandoned();
                 return found ? py::cast(found->text) : py::object(py::none());
             })
        .def("_comm_fortran",
             [](segment_door const& door) { return MPI_Comm_c2f(door.on().comm()); })
        .def_property_readonly("is_open", &segment_door::is_open, docs::is_open)
        .def_property_readonly(
            "rank", [](segment_door const& door) { return door.here().rank(); }, docs::rank)
        .def_property_readonly(
            "n_ranks",
            [](segment_door const& door) { return door.here().n_ranks(); },
            docs::n_ranks)
        .def_property_readonly(
            "capacity",
            [](segment_door const& door) { return door.here().capacity(); },
            docs::capacity)
        .def_property_readonly(
            "backing",
            [](segment_door const& door) { return name(door.here().backing()); },
            docs::backing);
}

} // namespace shmwin::python
