// SPDX-License-Identifier: MIT
// LockedValue: the property `value` of an object of ctypes, loaded and stored with a lock held. In
// C++, since that is what counters spend their time with.
#include "python/fast_method.hpp"
#include "python/sync.hpp"

namespace shmwin::python {
namespace {

// Holds a lock, of ours or of anybody's, for a call.
class held {
  public:
    explicit held(py::handle lock, rlock_door const* ours) : lock_(lock), ours_(ours) {
        if (ours_ != nullptr) {
            acquire(*ours_, true, std::nullopt);
        } else {
            lock_.attr("acquire")();
        }
    }
    held(held const&) = delete;
    held(held&&) = delete;
    held& operator=(held const&) = delete;
    held& operator=(held&&) = delete;
    ~held() { // NOLINT(bugprone-exception-escape): it is held
        if (ours_ != nullptr) {
            ours_->here("release").unlock(ours_->waits(), ours_->what("release"));
            return;
        }
        py::error_scope const kept; // what get or set raised
        try {
            lock_.attr("release")();
        } catch (py::error_already_set& failed) {
            failed.discard_as_unraisable("release() of the lock of a value");
        }
    }

  private:
    py::handle lock_;
    rlock_door const* ours_;
};

class locked_value {
  public:
    locked_value(py::object obj, py::object lock)
        : obj_(std::move(obj)),
          lock_(std::move(lock)),
          ours_(py::isinstance<rlock_door>(lock_) ? &py::cast<rlock_door const&>(lock_) : nullptr) {
    }

    [[nodiscard]] py::object get() const {
        held const while_it_loads(lock_, ours_);
        return obj_.attr("value");
    }
    void set(py::handle value) const {
        held const while_it_stores(lock_, ours_);
        obj_.attr("value") = value;
    }

    /// The object if its lock was free, and is now held; else null.
    [[nodiscard]] PyObject* take() const noexcept {
        return ours_ != nullptr && take_free(*ours_) ? obj_.ptr() : nullptr;
    }
    void give_back() const noexcept { static_cast<void>(shmwin::python::give_back(*ours_)); }

  private:
    py::object obj_;
    py::object lock_;
    rlock_door const* ours_;
};

PyObject* name_of_value() {
    static PyObject* const name = PyUnicode_InternFromString("value");
    return name;
}

PyObject* get_fast(PyObject* self, void* /*none*/) {
    auto const* const value = object_in<locked_value>(self);
    auto* const obj = value != nullptr ? value->take() : nullptr;
    if (obj == nullptr) return call_bound(self, "_get");
    auto* const got = PyObject_GetAttr(obj, name_of_value());
    value->give_back();
    return got;
}

int set_fast(PyObject* self, PyObject* given, void* /*none*/) {
    if (given == nullptr) {
        PyErr_SetString(PyExc_AttributeError, "the value cannot be deleted");
        return -1;
    }
    auto const* const value = object_in<locked_value>(self);
    auto* const obj = value != nullptr ? value->take() : nullptr;
    if (obj == nullptr) {
        auto* const done = PyObject_CallMethod(self, "_set", "O", given);
        Py_XDECREF(done);
        return done != nullptr ? 0 : -1;
    }
    int const failed = PyObject_SetAttr(obj, name_of_value(), given);
    value->give_back();
    return failed;
}

} // namespace

void bind_locked_value(py::module_& module) {
    using py::arg;
    py::class_<locked_value> made(module, "LockedValue");
    made.def(py::init<py::object, py::object>(), arg("obj"), arg("lock"))
        .def("_get", &locked_value::get)
        .def("_set", &locked_value::set);
    static PyGetSetDef property{"value", &get_fast, &set_fast, nullptr, nullptr};
    add_property(made, &property);
}

} // namespace shmwin::python
