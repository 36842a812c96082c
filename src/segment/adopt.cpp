// SPDX-License-Identifier: MIT
// How memory of others gets a name.
#include "shmwin/segment/adopt.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/shared_window.hpp"
#include "shmwin/segment/core.hpp"

#include "segment/request.hpp"

#include <algorithm>
#include <optional>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t key_of(std::uint32_t index, std::uint32_t generation) {
    return std::uint64_t{index} << 32U | generation;
}

void check_alignment(object_request const& request, std::byte const* first, std::size_t n_bytes) {
    auto const needed = std::max(request.options.align, request.type->alignment);
    if (n_bytes == 0 || reinterpret_cast<std::uintptr_t>(first) % needed == 0) return;
    raise(errc::bad_pointer,
          text("memory cannot be adopted (\"",
               request.name,
               "\" begins at ",
               static_cast<void const*>(first),
               " in this process, not aligned to ",
               needed,
               " bytes; see .align and .offset_bytes)"));
}

void check_room(object_request const& request,
                shared_window_bytes const& window,
                std::uint64_t offset) {
    auto const needed = element_bytes(request);
    if (offset <= window.n_bytes && needed <= window.n_bytes - offset) return;
    raise(errc::invalid_argument,
          text("window is too small (\"",
               request.name,
               "\" needs ",
               bytes_text(needed),
               " from byte ",
               offset,
               " on; the parts of all ranks have ",
               bytes_text(window.n_bytes),
               " together)"));
}

// Of packed elements, as the request orders them.
std::array<std::int64_t, max_dimensions> packed_strides(object_request const& request) {
    std::array<std::int64_t, max_dimensions> strides{};
    auto const n = request.extents.size();
    std::int64_t stride = 1;
    for (std::size_t i = 0; i < n; ++i) {
        auto const d = request.order == memory_order_kind::left ? i : n - 1 - i;
        strides.at(d) = stride;
        stride *= request.extents[d];
    }
    return strides;
}

} // namespace

// --- what each process knows of it ---------------------------------------------------------------

foreign_table::place foreign_table::make_place(foreign_memory&& memory) {
    std::map<std::uint64_t, entry> one;
    one.emplace(0, std::make_shared<foreign_memory>(std::move(memory)));
    place made;
    made.node_ = one.extract(one.begin());
    return made;
}

foreign_table::entry
foreign_table::add(place&& where, std::uint32_t index, std::uint32_t generation) noexcept {
    where.node_.key() = key_of(index, generation);
    std::scoped_lock const hold(mutex_);
    return entries_.insert(std::move(where.node_)).position->second;
}

foreign_table::entry foreign_table::find(std::uint32_t index, std::uint32_t generation) const {
    std::scoped_lock const hold(mutex_);
    auto const found = entries_.find(key_of(index, generation));
    return found == entries_.end() ? nullptr : found->second;
}

// What releases an owner may take its time, and may ask the segment: not under the lock.
void foreign_table::remove(std::uint32_t index, std::uint32_t generation) noexcept {
    std::map<std::uint64_t, entry>::node_type gone;
    std::scoped_lock const hold(mutex_);
    gone = entries_.extract(key_of(index, generation));
}

void foreign_table::clear() noexcept {
    std::map<std::uint64_t, entry> gone;
    std::scoped_lock const hold(mutex_);
    gone.swap(entries_);
}

// --- the calls -----------------------------------------------------------------------------------

placed_object segment_core::adopt(object_request const& request,
                                  function_ref<foreign_memory()> look) {
    require_open(request.op);
    note(request.op);
    std::optional<foreign_table::place> place;
    std::uint64_t same = 0;
    auto const failure = failure_of([&] {
        check_request(request);
        auto memory = look();
        check_alignment(request, memory.first, element_bytes(request));
        memory.segment = this;
        same = memory.same;
        place = foreign_table::make_place(std::move(memory));
    });
    auto call = call_of(request);
    call.options = hash_with(call.options, same);
    auto const values =
        rendezvous_.meet(call, failure ? &*failure : nullptr, [&](meeting_values& result) {
            auto record = make_record(request, -1);
            enter(record, foreign_offset, result);
        });
    placed_object made;
    made.index = static_cast<std::uint32_t>(values[1]);
    made.generation = static_cast<std::uint32_t>(values[2]);
    made.foreign = foreign_.add(std::move(*place), made.index, made.generation);
    made.address = made.foreign->first;
    std::ranges::copy(request.extents, made.extents.begin());
    return made;
}

placed_object
segment_core::adopt(object_request const& request, MPI_Win window, std::uint64_t offset) {
    return adopt(request, [&] {
        auto const bytes = look_at_window(window, node_);
        check_room(request, bytes, offset);
        foreign_memory memory;
        memory.first = bytes.first == nullptr ? nullptr : bytes.first + offset;
        memory.strides = packed_strides(request);
        memory.shared = true;
        memory.read_only = request.read_only;
        memory.same = hash_with(bytes.hash, offset * 2 + (request.read_only ? 1 : 0));
        return memory;
    });
}

} // namespace shmwin::inline v1::detail
