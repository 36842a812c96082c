// SPDX-License-Identifier: MIT
// value: an atomic that all ranks share, of any type of 1, 2, 4 or 8 bytes.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/any_value.hpp"
#include "shmwin/sync/deadline.hpp"

#include "python/call.hpp"
#include "python/docs.hpp"
#include "python/dtype.hpp"
#include "python/group.hpp"
#include "python/ndarray.hpp"

#include <array>
#include <chrono>
#include <cstring>

namespace shmwin::python {
namespace {

/// Bytes of one element.
struct element_bytes {
    alignas(8) std::array<std::byte, 8> data{};

    template <typename T>
    static element_bytes of(T value) noexcept {
        element_bytes made;
        std::memcpy(made.data.data(), &value, sizeof value);
        return made;
    }
    template <typename T>
    [[nodiscard]] T as() const noexcept {
        T value{};
        std::memcpy(&value, data.data(), sizeof value);
        return value;
    }
};

bool is_integer(dtype const& type) noexcept {
    return type.kind() == dtype_kind::signed_integer || type.kind() == dtype_kind::unsigned_integer;
}

// By the first bytes: of this machine's order, little-endian.
element_bytes integer_from(dtype const& type, py::handle given) {
    auto const whole = py::reinterpret_steal<py::int_>(PyNumber_Index(given.ptr()));
    if (!whole) throw py::error_already_set();
    bool const has_sign = type.kind() == dtype_kind::signed_integer;
    element_bytes made;
    if (_PyLong_AsByteArray(reinterpret_cast<PyLongObject*>(whole.ptr()),
                            reinterpret_cast<unsigned char*>(made.data.data()),
                            type.n_bytes(),
                            1,
                            has_sign ? 1 : 0)
        != 0) {
        throw py::error_already_set(); // OverflowError
    }
    return made;
}

py::object integer_to(dtype const& type, element_bytes const& bytes) {
    return py::reinterpret_steal<py::object>(
        _PyLong_FromByteArray(reinterpret_cast<unsigned char const*>(bytes.data.data()),
                              type.n_bytes(),
                              1,
                              type.kind() == dtype_kind::signed_integer ? 1 : 0));
}

class value_door {
  public:
    explicit value_door(any_value value)
        : value_(std::move(value)), type_(to_numpy(value_.type())) {}

    [[nodiscard]] any_value const& here() const {
        if (!value_.is_valid()) raise(errc::not_found, "the value is gone (destroyed before)");
        return value_;
    }
    [[nodiscard]] any_value const& value() const noexcept { return value_; }
    [[nodiscard]] py::dtype const& type() const noexcept { return type_; }

    [[nodiscard]] element_bytes from(py::handle given) const {
        return bytes_from(value_.type(), type_, given);
    }
    [[nodiscard]] py::object to(element_bytes const& bytes) const {
        auto const& type = value_.type();
        if (is_integer(type)) return integer_to(type, bytes);
        if (type == dtype_of<double>) return py::float_(bytes.as<double>());
        if (type == dtype_of<bool>) return py::bool_(bytes.as<bool>());
        return py::array(type_, std::vector<py::ssize_t>{}, bytes.data.data())[py::tuple()];
    }

    [[nodiscard]] static element_bytes
    bytes_from(dtype const& type, py::dtype const& numpy_type, py::handle given) {
        if (is_integer(type)) return integer_from(type, given);
        if (type == dtype_of<double>) {
            auto const real = PyFloat_AsDouble(given.ptr());
            if (real == -1.0 && PyErr_Occurred() != nullptr) throw py::error_already_set();
            return element_bytes::of(real);
        }
        auto const numpy = py::module_::import("numpy");
        auto const array = py::cast<py::array>(numpy.attr("asarray")(given, numpy_type));
        if (array.ndim() != 0)
            throw py::value_error("one element was expected (an array was given)");
        element_bytes made;
        std::memcpy(made.data.data(), array.data(), type.n_bytes());
        return made;
    }

  private:
    any_value value_;
    py::dtype type_;
};

value_door
create(group_door const& door, std::string const& name, py::handle type, py::handle initial) {
    auto const numpy_type = py::dtype::from_args(py::reinterpret_borrow<py::object>(type));
    auto const element = from_numpy(numpy_type);
    auto const where = caller();
    auto const& names = door.names();
    // Of another size it is the library that refuses, on all ranks alike.
    bool const fits = element.n_bytes() <= sizeof(element_bytes);
    element_bytes first;
    if (fits && !initial.is_none()) first = value_door::bytes_from(element, numpy_type, initial);
    return value_door(
        without_gil([&] { return names.create_value(name, element, first.data.data(), where); }));
}

void destroy(group_door const& door, value_door const& which) {
    auto const where = caller();
    auto const& names = door.names();
    without_gil([&] { names.destroy(which.value(), where); });
}

// A change that gives what was there before.
template <void (any_value::*change)(void const*, void*) const>
py::object fetch(value_door const& of, py::handle operand) {
    auto const given = of.from(operand);
    element_bytes before;
    (of.here().*change)(given.data.data(), before.data.data());
    return of.to(before);
}

py::object load(value_door const& of) {
    element_bytes seen;
    of.here().load(seen.data.data());
    return of.to(seen);
}

void store(value_door const& of, py::handle desired) {
    auto const given = of.from(desired);
    of.here().store(given.data.data());
}

py::tuple compare_exchange(value_door const& of, py::handle expected, py::handle desired) {
    auto seen = of.from(expected);
    auto const wanted = of.from(desired);
    bool const stored = of.here().compare_exchange(seen.data.data(), wanted.data.data());
    return py::make_tuple(stored, of.to(seen));
}

py::object wait(value_door const& of, py::handle old, std::optional<double> timeout) {
    auto const before = of.from(old);
    auto const until = timeout
                           ? shmwin::detail::deadline_after(std::chrono::duration<double>(*timeout))
                           : shmwin::detail::no_deadline;
    auto const& value = of.here();
    element_bytes seen;
    without_gil([&] { value.wait(before.data.data(), seen.data.data(), until); });
    return of.to(seen);
}

} // namespace

void bind_value(py::module_& module) {
    using py::arg;
    py::class_<value_door>(module, "AtomicValue", docs::value_class)
        .def("get", &load, docs::get)
        .def("set", &store, arg("value"), docs::set)
        .def_property("value", &load, &store, docs::value_property)
        .def("exchange", &fetch<&any_value::exchange>, arg("value"), docs::exchange)
        .def("compare_exchange",
             &compare_exchange,
             arg("expected"),
             arg("desired"),
             docs::compare_exchange)
        .def("fetch_add", &fetch<&any_value::fetch_add>, arg("change"), docs::fetch_add)
        .def("fetch_sub", &fetch<&any_value::fetch_sub>, arg("change"), docs::fetch_sub)
        .def("fetch_min", &fetch<&any_value::fetch_min>, arg("other"), docs::fetch_min)
        .def("fetch_max", &fetch<&any_value::fetch_max>, arg("other"), docs::fetch_max)
        .def("fetch_and", &fetch<&any_value::fetch_and>, arg("bits"), docs::fetch_and)
        .def("fetch_or", &fetch<&any_value::fetch_or>, arg("bits"), docs::fetch_or)
        .def("fetch_xor", &fetch<&any_value::fetch_xor>, arg("bits"), docs::fetch_xor)
        .def("wait", &wait, arg("old"), arg("timeout") = py::none(), docs::wait)
        .def(
            "notify", [](value_door const& of) { of.here().notify(); }, docs::notify)
        .def_property_readonly("dtype", &value_door::type, docs::value_dtype);

    auto group = py::class_<group_door>(module.attr("Group"));
    group
        .def("value",
             &create,
             arg("name"),
             arg("dtype") = "i8",
             arg("initial") = py::none(),
             docs::value)
        .def("_find_value",
             [](group_door const& door, std::string const& name) {
                 return value_door(door.names().find_any_value(name));
             })
        .def("_destroy", &destroy, py::prepend());
}

} // namespace shmwin::python
