// SPDX-License-Identifier: MIT
// shared_block: what Value, Array and the locks without a name are made of.
#include "shmwin/base/hash.hpp"

#include "python/sync.hpp"

#include <cstring>

namespace shmwin::python {

using shmwin::detail::text;

shared_block::shared_block(group_door const& in,
                           std::string const& kind,
                           std::size_t n_bytes,
                           std::string const& initial,
                           std::size_t initial_at,
                           source_line const& where)
    : core_(in.names().core()),
      bytes_(in.names().scratch_array<std::byte>(
          shape(static_cast<std::int64_t>(n_bytes)), {}, where)) {
    auto* const first = at(initial_at, initial.size());
    auto const hash = shmwin::detail::hash_with(shmwin::detail::hash(initial), initial_at);
    // All have the block; what it begins with is stored before anybody goes on.
    core_->meet({operation::scratch_array, kind, {}, {}, hash, where},
                [&] { std::memcpy(first, initial.data(), initial.size()); });
}

std::byte* shared_block::at(std::size_t offset, std::size_t n) const {
    if (offset > n_bytes() || n > n_bytes() - offset) {
        raise(errc::out_of_range,
              text("no such bytes (", offset, " to ", offset + n, " of ", n_bytes(), ")"));
    }
    return data() + offset;
}

namespace {

std::shared_ptr<shared_block> make_block(group_door const& in,
                                         std::string const& kind,
                                         std::size_t n_bytes,
                                         py::bytes const& initial,
                                         std::size_t initial_at) {
    auto const where = caller();
    std::string const bytes = initial;
    return without_gil([&] {
        return std::make_shared<shared_block>(in, kind, n_bytes, bytes, initial_at, where);
    });
}

} // namespace

void bind_shared_block(py::module_& module) {
    using py::arg;
    py::class_<shared_block, std::shared_ptr<shared_block>>(
        module, "SharedBlock", py::buffer_protocol())
        .def(py::init(&make_block),
             arg("segment"),
             arg("kind"),
             arg("nbytes"),
             arg("initial") = py::bytes(),
             arg("initial_at") = 0)
        .def_buffer([](shared_block const& block) {
            return py::buffer_info(reinterpret_cast<unsigned char*>(block.data()),
                                   static_cast<py::ssize_t>(block.n_bytes()));
        });
    module.def(
        "segment_uuid",
        [](group_door const& of) {
            auto const& uuid = of.names().core()->memory().where().header().uuid;
            return py::bytes(reinterpret_cast<char const*>(uuid.data()), sizeof uuid);
        },
        arg("segment"),
        "Which segment it is: the same on all ranks.");
}

} // namespace shmwin::python
