// SPDX-License-Identifier: MIT
// group: arrays by name. Docstrings for users stand in shmwin/_group.py, which has the rest.
#include "python/group.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "python/arguments.hpp"
#include "python/call.hpp"
#include "python/docs.hpp"
#include "python/dtype.hpp"
#include "python/ndarray.hpp"

#include <utility>

namespace shmwin::python {
namespace {

using shmwin::detail::text;

// --- which array is meant: by name, or one that was handed out ------------------------------

any_array array_of(group_door const& door, py::handle which) {
    if (py::isinstance<py::str>(which))
        return door.names().find_any_array(py::cast<std::string>(which));
    auto const* const owner = owner_of(which);
    if (owner == nullptr || !owner->array)
        throw py::type_error(text("not an array of a segment (",
                                  std::string(py::str(py::type::handle_of(which).attr("__name__"))),
                                  "; its name, or what create() and find() gave)"));
    if (!owner->array.is_valid())
        raise(errc::not_found, "the array is gone (it was destroyed before)");
    return owner->array;
}

// An array as Python asks for it, and the line that does.
struct asked_array {
    asked_array(py::handle shape,
                py::handle dtype,
                std::string const& layout,
                array_options const& how)
        : type(py::dtype::from_args(py::reinterpret_borrow<py::object>(dtype))),
          element(from_numpy(type)),
          extents(shape_from(shape)),
          options(how),
          order(order_from(layout)),
          where(caller()) {}

    py::dtype type;
    shmwin::dtype element;
    decltype(shape_from(py::handle())) extents;
    array_options options;
    memory_order_kind order;
    source_line where;
};

py::array create(group_door& door,
                 std::string const& name,
                 py::handle shape,
                 py::handle type,
                 std::string const& order,
                 std::string const& touch,
                 std::size_t align,
                 bool saved,
                 bool whole_pages) {
    asked_array const asked(
        shape, type, order, array_options_from(touch, align, saved, whole_pages));
    auto const& names = door.names();
    auto const made = without_gil([&] {
        return names.create_array(
            name, asked.element, asked.extents, asked.order, asked.options, asked.where);
    });
    return door.given()->give(made, &asked.type);
}

py::tuple require(group_door& door,
                  std::string const& name,
                  py::handle shape,
                  py::handle type,
                  std::string const& order,
                  std::string const& touch,
                  std::size_t align,
                  bool saved,
                  bool whole_pages) {
    asked_array const asked(
        shape, type, order, array_options_from(touch, align, saved, whole_pages));
    auto const& names = door.names();
    auto const found = without_gil([&] {
        return names.find_or_create_array(
            name, asked.element, asked.extents, asked.order, asked.options, asked.where);
    });
    return py::make_tuple(door.given()->give(found.handle, &asked.type), found.created);
}

// An object of an element type: C++ made it, and changes it.
py::array find_object(group_door const& door, std::string const& name) {
    auto const& names = door.names();
    return ndarray_of(names.find_any(name), keep({{}, {}, names.core()}));
}

void destroy(group_door& door, py::handle which) {
    auto const where = caller();
    auto const& names = door.names();
    auto const array = array_of(door, which);
    without_gil([&] { names.destroy(array, where); });
    door.given()->forget(array.where());
}

void freeze(group_door& door, py::handle which, bool protect) {
    auto const where = caller();
    auto const& names = door.names();
    auto const array = array_of(door, which);
    if (protect) {
        without_gil([&] { array.freeze(protect_pages, where); });
    } else { // what was written before, all see from now on
        without_gil([&] { names.core()->fence(where); });
    }
    door.given()->freeze(array);
}

void thaw(group_door& door, py::handle which, bool protected_pages) {
    auto const where = caller();
    auto const& names = door.names();
    auto const array = array_of(door, which);
    if (protected_pages) {
        without_gil([&] { array.thaw(where); });
    } else {
        without_gil([&] { names.core()->fence(where); });
    }
    door.given()->thaw(array);
}

py::slice as_slice(range const& rows) {
    return {static_cast<py::ssize_t>(rows.first), static_cast<py::ssize_t>(rows.last), 1};
}

py::slice rows(group_door const& door, py::handle which, std::optional<int> rank) {
    auto const& core = *door.names().core();
    auto const of = rank.value_or(core.rank());
    if (of < 0 || of >= core.n_ranks())
        raise(errc::out_of_range, text("no such rank (", of, " of ", core.n_ranks(), ")"));
    if (PyIndex_Check(which.ptr()) != 0 && !py::isinstance<py::array>(which))
        return as_slice(block_range(py::cast<std::int64_t>(which), core.n_ranks(), of));
    if (auto const* const owner = owner_of(which); owner != nullptr && owner->levels)
        return as_slice(owner->levels.rows_of(of));
    return as_slice(array_of(door, which).rows_of(of));
}

py::array
adopt(group_door& door, std::string const& name, py::array const& source, bool shared, bool saved) {
    auto const where = caller();
    auto const& names = door.names();
    std::vector<std::int64_t> const shape(source.shape(), source.shape() + source.ndim());
    std::vector<std::int64_t> const strides(source.strides(), source.strides() + source.ndim());
    // NOLINTNEXTLINE(*-const-cast): the view says whether one may write
    any_view const view(from_numpy(source.dtype()),
                        const_cast<void*>(source.data()),
                        shape,
                        strides,
                        !source.writeable());
    // The last handle may go anywhere: without the GIL, or when Python is no more.
    std::shared_ptr<void const> const owner(source.inc_ref().ptr(), [](PyObject* of) {
        if (Py_IsInitialized() == 0) return;
        py::gil_scoped_acquire const acquired;
        Py_DECREF(of);
    });
    adopt_options options;
    options.shared = shared;
    options.saved = saved;
    auto const made = without_gil([&] { return names.adopt(name, view, owner, options, where); });
    return door.given()->give(made);
}

py::dict info_of(object_info const& of) {
    py::dict made;
    made["name"] = of.name;
    made["kind"] = name(of.kind);
    made["type"] = of.type;
    made["dtype"] = of.element ? py::object(to_numpy(*of.element)) : py::none();
    made["shape"] = py::tuple(py::cast(of.shape));
    made["order"] = of.order == memory_order_kind::left    ? "F"
                    : of.order == memory_order_kind::right ? "C"
                                                           : "";
    made["nbytes"] = of.n_bytes;
    made["offset"] = of.offset;
    made["creator"] = of.creator;
    made["where"] = of.where;
    made["created_ns"] = of.created_ns;
    made["saved"] = of.saved;
    made["foreign"] = of.foreign;
    return made;
}

} // namespace

group_door::group_door(object_group names, std::shared_ptr<given_arrays> given)
    : names_(std::move(names)), given_(std::move(given)) {}

group_door::~group_door() = default;

void bind_group(py::module_& module) {
    using py::arg;
    py::class_<group_door>(module, "Group")
        .def(py::init([](group_door const& of, std::string const& name) {
                 return group_door(of.names().group(name), of.given());
             }),
             arg("parent"),
             arg("name"))
        .def("create",
             &create,
             arg("name"),
             arg("shape"),
             arg("dtype") = "f8",
             arg("order") = "C",
             py::kw_only(),
             arg("touch") = "by_rows",
             arg("align") = 64,
             arg("saved") = true,
             arg("whole_pages") = false,
             docs::create)
        .def("_require",
             &require,
             arg("name"),
             arg("shape"),
             arg("dtype") = "f8",
             arg("order") = "C",
             py::kw_only(),
             arg("touch") = "by_rows",
             arg("align") = 64,
             arg("saved") = true,
             arg("whole_pages") = false)
        .def("_find_array",
             [](group_door& door, std::string const& name) {
                 return door.given()->give(door.names().find_any_array(name));
             })
        .def("_find_object", &find_object)
        .def("_destroy", &destroy)
        .def("_destroy_any",
             [](group_door const& door, std::string const& name) {
                 auto const where = caller();
                 without_gil([&] { door.names().destroy_any(name, where); });
             })
        .def("freeze", &freeze, arg("array"), py::kw_only(), arg("protect") = false, docs::freeze)
        .def("thaw", &thaw, arg("array"), py::kw_only(), arg("protect") = false, docs::thaw)
        .def("rows", &rows, arg("array"), py::kw_only(), arg("rank") = py::none(), docs::rows)
        .def("adopt",
             &adopt,
             arg("name"),
             arg("array"),
             py::kw_only(),
             arg("shared") = false,
             arg("saved") = true,
             docs::adopt)
        .def("_rank", [](group_door const& door) { return door.names().core()->rank(); })
        .def("_fence",
             [](group_door const& door) {
                 auto const where = caller();
                 auto const& core = door.names().core();
                 without_gil([&] { core->fence(where); });
             })
        .def("__contains__",
             [](group_door const& door, std::string const& name) {
                 return door.names().contains(name);
             })
        .def("_info",
             [](group_door const& door, std::string const& name) -> py::object {
                 auto const found = door.names().info(name);
                 return found ? py::object(info_of(*found)) : py::none();
             })
        .def("_list",
             [](group_door const& door) {
                 py::list all;
                 for (auto const& each : door.names().list())
                     all.append(info_of(each));
                 return all;
             })
        .def_property_readonly(
            "prefix", [](group_door const& door) { return door.names().prefix(); }, docs::prefix);
}

} // namespace shmwin::python
