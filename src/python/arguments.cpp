// SPDX-License-Identifier: MIT
#include "python/arguments.hpp"

#include "shmwin/base/environment.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>

namespace shmwin::python {

using shmwin::detail::text;

std::vector<std::int64_t> shape_from(py::handle shape) {
    auto const extent = [](py::handle each) {
        auto const whole = py::reinterpret_steal<py::int_>(PyNumber_Index(each.ptr()));
        if (!whole) throw py::error_already_set();
        return py::cast<std::int64_t>(whole);
    };
    if (PyIndex_Check(shape.ptr()) != 0) return {extent(shape)};
    std::vector<std::int64_t> all;
    for (auto const& each : py::reinterpret_borrow<py::object>(shape))
        all.push_back(extent(each));
    return all;
}

memory_order_kind order_from(std::string const& order) {
    if (order == "C") return memory_order_kind::right;
    if (order == "F") return memory_order_kind::left;
    throw py::value_error(text("order is not known (\"", order, "\"; \"C\" or \"F\")"));
}

std::size_t bytes_from(py::handle size) {
    if (size.is_none()) return 0;
    if (!py::isinstance<py::str>(size)) {
        auto const whole = py::reinterpret_steal<py::int_>(PyNumber_Index(size.ptr()));
        if (!whole) throw py::error_already_set();
        return py::cast<std::size_t>(whole);
    }
    auto const given = py::cast<std::string>(size);
    auto const found = parse_bytes(given);
    if (!found)
        throw py::value_error(
            text("no size in bytes (\"", given, "\"; as \"512 MiB\" or \"8GiB\")"));
    return *found;
}

std::size_t
choice_from(char const* what, std::string const& given, std::vector<std::string> const& all) {
    auto const found = std::ranges::find(all, given);
    if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
    std::string names;
    for (auto const& each : all)
        names += (names.empty() ? "\"" : ", \"") + each + '"';
    throw py::value_error(text(what, " is not known (\"", given, "\"; one of ", names, ")"));
}

array_options
array_options_from(std::string const& touch, std::size_t align, bool saved, bool whole_pages) {
    array_options made;
    made.touch =
        static_cast<shmwin::touch>(choice_from("touch", touch, {"by_rows", "interleave", "later"}));
    made.align = align;
    made.saved = saved;
    made.whole_pages = whole_pages;
    return made;
}

} // namespace shmwin::python
