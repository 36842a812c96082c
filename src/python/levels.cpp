// SPDX-License-Identifier: MIT
// levels: time levels, each an ndarray.
#include "shmwin/base/error.hpp"
#include "shmwin/segment/any_levels.hpp"

#include "python/arguments.hpp"
#include "python/call.hpp"
#include "python/docs.hpp"
#include "python/dtype.hpp"
#include "python/group.hpp"
#include "python/ndarray.hpp"

namespace shmwin::python {
namespace {

class levels_door {
  public:
    explicit levels_door(any_levels levels)
        : levels_(std::move(levels)),
          type_(to_numpy(levels_.type())),
          owner_(keep({{}, levels_, {}})) {}

    [[nodiscard]] any_levels const& here() const {
        if (!levels_.is_valid()) raise(errc::not_found, "the levels are gone (destroyed before)");
        return levels_;
    }
    [[nodiscard]] py::array show(any_view const& view) const {
        return ndarray_of(view, owner_, &type_);
    }
    [[nodiscard]] any_levels const& levels() const noexcept { return levels_; }
    [[nodiscard]] py::dtype const& type() const noexcept { return type_; }

  private:
    any_levels levels_;
    py::dtype type_;
    py::capsule owner_;
};

levels_door create(group_door const& door,
                   std::string const& name,
                   py::handle shape,
                   py::handle type,
                   std::string const& order,
                   int n_levels,
                   std::string const& touch,
                   std::size_t align,
                   bool saved,
                   bool whole_pages) {
    auto const element = dtype_from(type);
    auto const extents = shape_from(shape);
    auto options = array_options_from(touch, align, saved, whole_pages);
    options.levels = n_levels;
    auto const layout = order_from(order);
    auto const where = caller();
    auto const& names = door.names();
    return levels_door(without_gil(
        [&] { return names.create_levels(name, element, extents, layout, options, where); }));
}

void destroy(group_door const& door, levels_door const& which) {
    auto const where = caller();
    auto const& names = door.names();
    without_gil([&] { names.destroy(which.levels(), where); });
}

void flip(levels_door const& of) {
    auto const where = caller();
    auto const& levels = of.here();
    without_gil([&] { levels.flip(where); });
}

} // namespace

void bind_levels(py::module_& module) {
    using py::arg;
    py::class_<levels_door>(module, "Levels", docs::levels_class)
        .def(
            "now", [](levels_door const& of) { return of.show(of.here().now()); }, docs::now)
        .def(
            "next", [](levels_door const& of) { return of.show(of.here().next()); }, docs::next)
        .def(
            "ago",
            [](levels_door const& of, int steps) { return of.show(of.here().ago(steps)); },
            arg("steps"),
            docs::ago)
        .def(
            "level",
            [](levels_door const& of, int which) { return of.show(of.here().level(which)); },
            arg("which"),
            docs::level)
        .def("flip", &flip, docs::flip)
        .def("__len__", [](levels_door const& of) { return of.here().n_levels(); })
        .def(
            "rows",
            [](levels_door const& of, std::optional<int> rank) {
                auto const rows = rank ? of.here().rows_of(*rank) : of.here().rows();
                return py::slice(
                    static_cast<py::ssize_t>(rows.first), static_cast<py::ssize_t>(rows.last), 1);
            },
            arg("rank") = py::none(),
            docs::levels_rows)
        .def_property_readonly("dtype", &levels_door::type, docs::levels_dtype)
        .def_property_readonly(
            "shape",
            [](levels_door const& of) {
                auto const shape = of.levels().shape();
                return py::tuple(py::cast(std::vector<std::int64_t>(shape.begin(), shape.end())));
            },
            docs::levels_shape)
        .def_property_readonly(
            "index_of_now",
            [](levels_door const& of) { return of.here().index_of_now(); },
            docs::index_of_now);

    auto group = py::class_<group_door>(module.attr("Group"));
    group
        .def("levels",
             &create,
             arg("name"),
             arg("shape"),
             arg("dtype") = "f8",
             arg("order") = "C",
             py::kw_only(),
             arg("levels") = 2,
             arg("touch") = "by_rows",
             arg("align") = 64,
             arg("saved") = true,
             arg("whole_pages") = false,
             docs::levels)
        .def("_find_levels",
             [](group_door const& door, std::string const& name) {
                 return levels_door(door.names().find_any_levels(name));
             })
        .def("_destroy", &destroy, py::prepend());
}

} // namespace shmwin::python
