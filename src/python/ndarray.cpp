// SPDX-License-Identifier: MIT
#include "python/ndarray.hpp"

#include "python/dtype.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace shmwin::python {
namespace {

constexpr char const* capsule_name = "shmwin.owner";

constexpr int writeable = py::detail::npy_api::NPY_ARRAY_WRITEABLE_;

// The library's dimensions, and those of a fixed array, which NumPy has at the end.
struct shown_elements {
    shown_elements(any_view const& view, py::dtype of) : dtype(std::move(of)) {
        auto const n = view.n_dims();
        std::ranges::copy(view.shape(), shape.begin());
        std::ranges::copy(view.strides(), strides.begin());
        n_dims = static_cast<int>(n);
        if (view.type().kind() != dtype_kind::array) return;
        if (auto const fixed = dtype.attr("subdtype"); !fixed.is_none()) append(fixed);
    }

    py::dtype dtype;
    int n_dims = 0;
    std::array<Py_intptr_t, 2 * shmwin::detail::max_view_dimensions> shape{};
    std::array<Py_intptr_t, 2 * shmwin::detail::max_view_dimensions> strides{};

  private:
    void append(py::tuple const& fixed) {
        dtype = py::cast<py::dtype>(fixed[0]);
        auto const extents = py::cast<std::vector<Py_intptr_t>>(fixed[1]);
        auto const first = static_cast<std::size_t>(n_dims);
        auto stride = static_cast<Py_intptr_t>(dtype.itemsize());
        for (std::size_t d = extents.size(); d-- > 0;) {
            shape.at(first + d) = extents[d];
            strides.at(first + d) = stride;
            stride *= extents[d];
        }
        n_dims += static_cast<int>(extents.size());
    }
};

py::handle base_of(py::handle array) noexcept {
    return py::detail::array_proxy(array.ptr())->base;
}

void set_writeable(py::handle array, bool on) noexcept {
    auto& flags = py::detail::array_proxy(array.ptr())->flags;
    flags = on ? flags | writeable : flags & ~writeable;
}

} // namespace

py::capsule keep(array_owner&& owner) {
    auto made = std::make_unique<array_owner>(std::move(owner));
    py::capsule capsule(made.get(), capsule_name, [](PyObject* of) {
        delete static_cast<array_owner*>(PyCapsule_GetPointer(of, capsule_name)); // NOLINT
    });
    static_cast<void>(made.release()); // NOLINT(bugprone-unused-return-value)
    return capsule;
}

py::array ndarray_of(any_view const& view, py::handle base, py::dtype const* like) {
    auto const& api = py::detail::npy_api::get();
    shown_elements shown(view, like != nullptr ? *like : to_numpy(view.type()));
    // NOLINTNEXTLINE(*-const-cast): the flag says whether one may write
    auto* const data = const_cast<void*>(view.data());
    auto* const made = api.PyArray_NewFromDescr_(api.PyArray_Type_,
                                                 shown.dtype.release().ptr(),
                                                 shown.n_dims,
                                                 shown.shape.data(),
                                                 shown.strides.data(),
                                                 data,
                                                 view.is_read_only() ? 0 : writeable,
                                                 nullptr);
    if (made == nullptr) throw py::error_already_set();
    auto array = py::reinterpret_steal<py::array>(made);
    if (api.PyArray_SetBaseObject_(made, py::reinterpret_borrow<py::object>(base).release().ptr())
        < 0) {
        throw py::error_already_set();
    }
    return array;
}

array_owner const* owner_of(py::handle array) noexcept {
    auto const is_array = [](py::handle what) {
        return py::detail::npy_api::get().PyArray_Check_(what.ptr());
    };
    while (array && is_array(array))
        array = base_of(array);
    if (!array || PyCapsule_IsValid(array.ptr(), capsule_name) == 0) return nullptr;
    return static_cast<array_owner const*>(PyCapsule_GetPointer(array.ptr(), capsule_name));
}

void forbid_writing(py::handle array) noexcept {
    set_writeable(array, false);
}

py::array given_arrays::give(any_array const& array, py::dtype const* like) {
    auto made = ndarray_of(array.view(), keep({array, {}, {}}), like);
    auto& of = entries_[key(array.where())];
    if (of.is_frozen) set_writeable(made, false);
    note(of, made);
    return made;
}

void given_arrays::note(entry& of, py::array const& made) const {
    auto& all = of.arrays;
    if (all.size() == all.capacity())
        std::erase_if(all, [](py::weakref const& each) { return each().is_none(); });
    all.emplace_back(py::handle(made));
}

void given_arrays::freeze(any_array const& array) {
    auto& of = entries_[key(array.where())];
    of.is_frozen = true;
    for (auto const& each : of.arrays) {
        if (auto const living = each(); !living.is_none()) set_writeable(living, false);
    }
}

void given_arrays::thaw(any_array const& array) {
    auto& of = entries_[key(array.where())];
    of.is_frozen = false;
    for (auto const& each : of.arrays) {
        if (auto const living = each(); !living.is_none())
            set_writeable(living, !array.view().is_read_only());
    }
}

void given_arrays::forget(shmwin::detail::placed_object const& what) {
    auto const found = entries_.find(key(what));
    if (found == entries_.end()) return;
    for (auto const& each : found->second.arrays) {
        if (auto const living = each(); !living.is_none()) set_writeable(living, false);
    }
    entries_.erase(found);
}

} // namespace shmwin::python
