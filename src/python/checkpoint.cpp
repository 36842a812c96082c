// SPDX-License-Identifier: MIT
// checkpoint: the store of checkpoints. Results go to Python as dictionaries; shmwin/_checkpoint.py
// makes tuples with names of them, and has the docstrings.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/io/checkpoint_store.hpp"

#include "python/arguments.hpp"
#include "python/call.hpp"
#include "python/communicator.hpp"
#include "python/docs.hpp"
#include "python/group.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <pybind11/numpy.h>
#include <pybind11/stl/filesystem.h>
#include <utility>

namespace shmwin::python {
namespace {

using std::filesystem::path;
using seconds = std::chrono::duration<double>;
using names = std::vector<std::string>;

// --- what Python passes ------------------------------------------------------------------------

template <typename T>
std::vector<T> numbers_from(py::array const& given) {
    return py::cast<std::vector<T>>(given.attr("tolist")());
}

using attribute_value = decltype(checkpoint_attribute::value);

attribute_value attribute_from(std::string const& name, py::handle given) {
    if (py::isinstance<py::str>(given)) return py::cast<std::string>(given);
    auto const array = py::cast<py::array>(py::module_::import("numpy").attr("asarray")(given));
    auto const kind = array.dtype().kind();
    bool const is_whole = kind == 'i' || kind == 'u' || kind == 'b';
    if ((!is_whole && kind != 'f') || array.ndim() > 1) {
        throw py::type_error(shmwin::detail::text(
            "attribute \"", name, "\" cannot be kept (a number, text, or a list of numbers)"));
    }
    if (array.ndim() == 1 && is_whole) return numbers_from<std::int64_t>(array);
    if (array.ndim() == 1) return numbers_from<double>(array);
    auto const one = array.attr("item")();
    if (is_whole) return py::cast<std::int64_t>(py::int_(one));
    return py::cast<double>(one);
}

checkpoint_label label_from(std::int64_t step, double time, py::dict const& attributes) {
    checkpoint_label made;
    made.step = step;
    made.time = time;
    for (auto const& [name, value] : attributes) {
        auto const text = py::cast<std::string>(name);
        made.attributes.push_back({text, attribute_from(text, value)});
    }
    return made;
}

template <typename T>
T option(py::dict const& given, char const* name) {
    return py::cast<T>(given[name]);
}

// The names and defaults stand in _checkpoint.py.
checkpoint_options options_from(py::dict const& given) {
    checkpoint_options made;
    made.keep = option<int>(given, "keep");
    made.keep_every = option<std::int64_t>(given, "keep_every");
    made.durable = option<bool>(given, "durable");
    made.verify_first = option<bool>(given, "verify_first");
    made.only = option<names>(given, "only");
    made.except = option<names>(given, "exclude");
    made.incremental = option<bool>(given, "incremental");
    made.deflate = option<int>(given, "deflate");
    made.staging = static_cast<staging>(choice_from(
        "staging", option<std::string>(given, "staging"), {"full", "bounded", "frozen"}));
    made.staging_bytes = bytes_from(given["staging_bytes"]);
    made.when_busy = static_cast<when_busy>(choice_from(
        "when_busy", option<std::string>(given, "when_busy"), {"wait", "skip", "refuse"}));
    made.every_steps = option<std::int64_t>(given, "every_steps");
    made.every_time = seconds(option<double>(given, "every_time"));
    made.overhead = option<double>(given, "overhead");
    made.failure_interval = seconds(option<double>(given, "failure_interval"));
    made.wall_clock = seconds(option<double>(given, "wall_clock"));
    made.signals = option<std::vector<int>>(given, "signals");
    return made;
}

restore_options restore_options_from(py::dict const& given) {
    restore_options made;
    made.partial = option<bool>(given, "partial");
    made.convert = option<bool>(given, "convert");
    made.only = option<names>(given, "only");
    made.except = option<names>(given, "exclude");
    made.other_ranks = static_cast<other_ranks>(choice_from(
        "other_ranks", option<std::string>(given, "other_ranks"), {"redistribute", "refuse"}));
    return made;
}

// --- what Python gets --------------------------------------------------------------------------

py::dict to_python(checkpoint_info const& of) {
    py::dict attributes;
    for (auto const& each : of.attributes)
        attributes[py::str(each.name)] = py::cast(each.value);
    py::dict made;
    made["file"] = of.file;
    made["step"] = of.step;
    made["time"] = of.time;
    made["n_ranks"] = of.n_ranks;
    made["created_ns"] = of.created_ns;
    made["uuid"] = of.uuid;
    made["parent_uuid"] = of.parent_uuid;
    made["attributes"] = attributes;
    made["only_in_file"] = of.only_in_file;
    made["only_in_segment"] = of.only_in_segment;
    return made;
}

py::object to_python(std::optional<checkpoint_info> const& of) {
    return of ? py::object(to_python(*of)) : py::none();
}

py::dict to_python(save_report const& of) {
    py::dict left_out;
    for (auto const& each : of.left_out)
        left_out[py::str(each.name)] = name(each.reason);
    py::dict made;
    made["file"] = of.file;
    made["nbytes"] = of.n_bytes;
    made["nbytes_written"] = of.n_bytes_written;
    made["nbytes_reused"] = of.n_bytes_reused;
    made["seconds"] = of.seconds;
    made["skipped"] = of.skipped;
    made["saved"] = of.saved;
    made["left_out"] = left_out;
    return made;
}

char const* name_of(verdict of) noexcept {
    switch (of) {
    case verdict::intact:
        return "intact";
    case verdict::repacked:
        return "repacked";
    case verdict::damaged:
        break;
    }
    return "damaged";
}

py::dict to_python(verify_report const& of) {
    py::dict made;
    made["verdict"] = name_of(of.result);
    made["problems"] = of.problems;
    made["nbytes"] = of.n_bytes;
    return made;
}

char const* name_of(save_phase of) noexcept {
    switch (of) {
    case save_phase::writing:
        return "writing";
    case save_phase::committing:
        return "committing";
    case save_phase::done:
        return "done";
    case save_phase::failed:
        break;
    }
    return "failed";
}

py::dict to_python(save_progress const& of) {
    py::dict made;
    made["phase"] = name_of(of.phase);
    made["nbytes"] = of.n_bytes;
    made["nbytes_done"] = of.n_bytes_done;
    made["seconds"] = of.seconds;
    made["bytes_per_second"] = of.bytes_per_second;
    made["seconds_left"] = of.seconds_left;
    return made;
}

// --- the store ---------------------------------------------------------------------------------

class store_door {
  public:
    store_door(py::handle comm, path const& where, py::dict const& given) {
        auto const options = options_from(given);
        auto const handle = communicator_from(comm);
        without_gil([&] { store_.emplace(handle, where, options); });
    }

    [[nodiscard]] checkpoint_store& here() {
        if (!store_) raise(errc::closed, "the store cannot be used (it is closed)");
        return *store_;
    }
    void close() {
        without_gil([&] { store_.reset(); });
    }

  private:
    std::optional<checkpoint_store> store_;
};

py::dict save(store_door& door,
              segment_door& seg,
              std::int64_t step,
              double time,
              py::dict const& attributes) {
    auto const label = label_from(step, time, attributes);
    auto const where = caller();
    auto& store = door.here();
    return to_python(without_gil([&] { return store.save(seg.here(), label, where); }));
}

pending_save save_async(store_door& door,
                        segment_door& seg,
                        std::int64_t step,
                        double time,
                        py::dict const& attributes) {
    auto const label = label_from(step, time, attributes);
    auto const where = caller();
    auto& store = door.here();
    return without_gil([&] { return store.save_async(seg.here(), label, where); });
}

py::dict restore(store_door& door, segment_door& seg, path const& file, py::dict const& given) {
    auto const how = restore_options_from(given);
    auto const where = caller();
    auto& store = door.here();
    return to_python(without_gil([&] { return store.restore(seg.here(), file, how, where); }));
}

py::object restore_latest(store_door& door, segment_door& seg, py::dict const& given) {
    auto const how = restore_options_from(given);
    auto const where = caller();
    auto& store = door.here();
    return to_python(without_gil([&] { return store.restore_latest(seg.here(), how, where); }));
}

py::dict due(store_door& door, std::int64_t step) {
    auto const where = caller();
    auto& store = door.here();
    auto const why = without_gil([&] { return store.due(step, where); });
    py::dict made;
    made["is_due"] = static_cast<bool>(why);
    made["stop"] = why.stop();
    made["signal"] = why.signal();
    made["text"] = why.text();
    return made;
}

void bind_pending(py::module_& module) {
    py::class_<pending_save>(module, "PendingSave")
        .def("test", &pending_save::test)
        .def("_wait",
             [](pending_save& save) { return to_python(without_gil([&] { return save.wait(); })); })
        .def("_progress", [](pending_save const& save) { return to_python(save.progress()); });
}

} // namespace

void bind_checkpoint(py::module_& module) {
    bind_pending(module);
    using door = store_door;
    py::class_<door>(module, "Checkpoint")
        .def(py::init<py::handle, path const&, py::dict const&>())
        .def("_save", &save)
        .def("_save_async", &save_async)
        .def("_restore", &restore)
        .def("_restore_latest", &restore_latest)
        .def("_due", &due)
        .def("_latest",
             [](door& of) { return to_python(without_gil([&] { return of.here().latest(); })); })
        .def("_verify",
             [](door& of, path const& file) {
                 return to_python(without_gil([&] { return of.here().verify(file); }));
             })
        .def(
            "list",
            [](door& of) { return without_gil([&] { return of.here().list(); }); },
            docs::list)
        .def(
            "pin",
            [](door& of, path const& file) { without_gil([&] { of.here().pin(file); }); },
            py::arg("file"),
            docs::pin)
        .def(
            "unpin",
            [](door& of, path const& file) { without_gil([&] { of.here().unpin(file); }); },
            py::arg("file"),
            docs::unpin)
        .def(
            "pinned",
            [](door& of) { return without_gil([&] { return of.here().pinned(); }); },
            docs::pinned)
        .def(
            "discard_after",
            [](door& of, std::int64_t step) {
                return without_gil([&] { return of.here().discard_after(step); });
            },
            py::arg("step"),
            docs::discard_after)
        .def("close", &door::close, docs::close_store);
}

} // namespace shmwin::python
