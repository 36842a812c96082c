// SPDX-License-Identifier: MIT
// Locks, semaphores and events. What users see is shmwin/_locks.py.
#include "python/sync.hpp"

#include "shmwin/segment/event.hpp"
#include "shmwin/segment/semaphore.hpp"

#include "python/fast_method.hpp"

namespace shmwin::python {

using namespace shmwin::detail;

void raise_not_held(char const* call, lock_holder const& holder) {
    auto const held = holder ? text("rank ", holder.rank, ", thread ", holder.thread, " holds it")
                             : std::string("nobody holds it");
    auto const error = py::module_::import("shmwin.sync").attr("NotHeld");
    PyErr_SetString(error.ptr(),
                    text(call, " is not possible (", held, ", not the calling thread)").c_str());
    throw py::error_already_set();
}

namespace {

template <typename State>
py::object holder_of(sync_door<State> const& lock) {
    auto const holder = lock.here("holder").holder();
    return holder ? py::object(py::make_tuple(holder.rank, holder.thread)) : py::none();
}

template <typename State>
bool acquire_to_repair(sync_door<State> const& lock) {
    auto& state = lock.open("acquire_to_repair");
    return without_gil(
        [&] { return state.lock_to_repair(lock.waits(), lock.what("acquire_to_repair")); });
}

template <typename State>
PyObject* enter(PyObject* self, PyObject* /*none*/) {
    auto const* const lock = object_in<sync_door<State>>(self);
    if (lock != nullptr && take_free(*lock)) Py_RETURN_TRUE;
    return call_bound(self, "acquire");
}

template <typename State>
PyObject* leave(PyObject* self, PyObject* const* /*raised*/, Py_ssize_t /*3*/) {
    auto const* const lock = object_in<sync_door<State>>(self);
    if (lock != nullptr && give_back(*lock)) Py_RETURN_NONE;
    return call_bound(self, "release");
}

// CPython calls either kind through one type of pointer.
template <typename Function>
PyCFunction as_method(Function* function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

template <typename State, typename Create, typename Find>
void bind_lock(py::module_& module, char const* name, Create create, Find find) {
    using py::arg;
    using door = sync_door<State>;
    py::class_<door> made(module, name);
    made.def(py::init<std::shared_ptr<shared_block>, std::size_t>(), arg("block"), arg("offset"))
        .def(py::init([create, find](group_door const& in, std::string const& of, bool is_new) {
                 auto const where = caller();
                 if (!is_new) return door(in.names().core(), find(in.names(), of));
                 auto const& names = in.names();
                 return door(names.core(), without_gil([&] { return create(names, of, where); }));
             }),
             arg("segment"),
             arg("name"),
             arg("is_new"))
        .def("acquire",
             &acquire<State>,
             arg("block") = true,
             arg("timeout") = py::none(),
             "Wait until the calling thread holds it, `timeout` seconds at most; False if it does "
             "not. "
             "With block=False it never waits. Local.")
        .def("release",
             &release<State>,
             "Give it back. NotHeld if the calling thread has none. Local.")
        .def(
            "locked",
            [](door const& lock) { return static_cast<bool>(lock.here("locked").holder()); },
            "True if somebody holds it: a snapshot. Local.")
        .def("holder",
             &holder_of<State>,
             "Rank and thread that hold it, or None: a snapshot. Local.")
        .def("_is_mine",
             [](door const& lock) { return lock.here("_is_mine").is_mine(lock.waits()); })
        .def("acquire_to_repair",
             &acquire_to_repair<State>,
             "acquire(), also after OwnerDied. True if the last holder died: mend the data, then "
             "mark_consistent(). Local.")
        .def(
            "mark_consistent",
            [](door const& lock) {
                lock.here("mark_consistent")
                    .mark_consistent(lock.waits(), lock.what("mark_consistent"));
            },
            "Say, before release(), that the data are whole again. Local.");
    static PyMethodDef enter_method{"__enter__", &enter<State>, METH_NOARGS, nullptr};
    static PyMethodDef exit_method{"__exit__", as_method(&leave<State>), METH_FASTCALL, nullptr};
    add_method(made, &enter_method);
    add_method(made, &exit_method);
}

using semaphore_door = sync_door<semaphore_state>;
using event_door = sync_door<event_state>;

bool acquire_unit(semaphore_door const& units, bool block, std::optional<double> timeout) {
    auto& state = units.open("acquire");
    if (try_acquire(state)) return true;
    if (!block) return false;
    auto const until = deadline_of(timeout);
    return without_gil([&] { return acquire(state, units.waits(), units.what("acquire"), until); });
}

bool wait_until_set(event_door const& event, std::optional<double> timeout) {
    auto& state = event.open("wait");
    if (is_set(state)) return true;
    auto const until = deadline_of(timeout);
    return without_gil(
        [&] { return wait_for_event(state, event.waits(), event.what("wait"), until); });
}

// What a semaphore's block begins with.
py::bytes semaphore_bytes(std::int64_t initial, std::int64_t maximum) {
    check_semaphore(initial, maximum);
    semaphore_state made{};
    made.units.word = static_cast<std::uint32_t>(initial);
    made.maximum = static_cast<std::uint32_t>(maximum);
    return {reinterpret_cast<char const*>(&made), sizeof made};
}

void bind_semaphore(py::module_& module) {
    using py::arg;
    py::class_<semaphore_door>(module, "Semaphore")
        .def(py::init<std::shared_ptr<shared_block>, std::size_t>(), arg("block"), arg("offset"))
        .def(py::init([](group_door const& in,
                         std::string const& of,
                         std::int64_t initial,
                         std::int64_t maximum) {
                 auto const where = caller();
                 auto const& names = in.names();
                 return semaphore_door(names.core(), without_gil([&] {
                                           return names.create_semaphore(
                                               of, initial, maximum, where);
                                       }));
             }),
             arg("segment"),
             arg("name"),
             arg("initial"),
             arg("maximum"))
        .def(py::init([](group_door const& in, std::string const& of) {
                 auto const& names = in.names();
                 return semaphore_door(names.core(), names.find_semaphore(of));
             }),
             arg("segment"),
             arg("name"))
        .def_static("initial_bytes", &semaphore_bytes)
        .def_readonly_static("most_units", &most_units)
        .def(
            "acquire",
            &acquire_unit,
            arg("block") = true,
            arg("timeout") = py::none(),
            "Wait for a unit and take it, `timeout` seconds at most; False if there was none. With "
            "block=False it never waits. Local.")
        .def(
            "release",
            [](semaphore_door const& units, std::int64_t n) { release(units.here("release"), n); },
            arg("n") = 1,
            "Give n units back. InvalidArgument if there would be more than its bound. Local.")
        .def("__enter__",
             [](semaphore_door const& units) { return acquire_unit(units, true, std::nullopt); })
        .def("__exit__",
             [](semaphore_door const& units, py::handle, py::handle, py::handle) {
                 release(units.here("release"), 1);
             })
        .def(
            "get_value",
            [](semaphore_door const& units) { return units.here("get_value").units.word.load(); },
            "Units that are there: a snapshot. Local.");
}

void bind_event(py::module_& module) {
    using py::arg;
    py::class_<event_door>(module, "Event")
        .def(py::init<std::shared_ptr<shared_block>, std::size_t>(), arg("block"), arg("offset"))
        .def(py::init([](group_door const& in, std::string const& of, bool is_new) {
                 auto const where = caller();
                 if (!is_new) return event_door(in.names().core(), in.names().find_event(of));
                 auto const& names = in.names();
                 return event_door(names.core(),
                                   without_gil([&] { return names.create_event(of, where); }));
             }),
             arg("segment"),
             arg("name"),
             arg("is_new"))
        .def(
            "is_set",
            [](event_door const& event) { return is_set(event.here("is_set")); },
            "True if the flag is set. Local.")
        .def(
            "set",
            [](event_door const& event) { set_event(event.here("set")); },
            "Set the flag: all who wait go on. Local.")
        .def(
            "clear",
            [](event_door const& event) { clear_event(event.here("clear")); },
            "Clear the flag. Local.")
        .def("wait",
             &wait_until_set,
             arg("timeout") = py::none(),
             "Wait until the flag is set, `timeout` seconds at most; False if it was not. Local.");
}

} // namespace

void bind_sync(py::module_& module) {
    bind_lock<mutex_state>(
        module,
        "Lock",
        [](object_group const& in, std::string const& name, source_line const& where) {
            return in.create_mutex(name, where);
        },
        [](object_group const& in, std::string const& name) { return in.find_mutex(name); });
    bind_lock<recursive_mutex_state>(
        module,
        "RLock",
        [](object_group const& in, std::string const& name, source_line const& where) {
            return in.create_recursive_mutex(name, where);
        },
        [](object_group const& in, std::string const& name) {
            return in.find_recursive_mutex(name);
        });
    bind_semaphore(module);
    bind_event(module);
}

} // namespace shmwin::python
