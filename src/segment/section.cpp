// SPDX-License-Identifier: MIT
#include "shmwin/segment/section.hpp"

#include "segment/request.hpp"
#include "segment/section_name.hpp"

#include <array>
#include <exception>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

// The one of that array, which the first who asks makes.
void* find_or_make(segment_core const& in, placed_object const& of, char const* call) {
    in.require_open(call);
    auto const name = section_name(of.index, of.generation);
    if (auto const found = in.names().find_head(name)) return in.memory().at(found->head.offset);
    object_request request{operation::none, name, object_kind::sync};
    request.type = &type_id_of<section_state>();
    std::array const extents{
        static_cast<std::int64_t>(section_bytes(in.n_ranks()) / sizeof(section_state))};
    request.extents = extents;
    request.options.saved = false;
    auto const made =
        in.names().find_or_construct(make_record(request, in.rank()),
                                     alignof(section_state),
                                     in.waits().policy(),
                                     [&](void* at) { make_section(at, in.n_ranks()); });
    return in.memory().at(made.entry.record.offset);
}

section_access access_to(segment_core const& in, void* at, char const* call) noexcept {
    return {at, in.waits(), {call, in.memory().offset_of(at)}};
}

} // namespace

section_access section_hold::access(char const* call) const noexcept {
    return access_to(*core_, at_, call);
}

write_hold::write_hold(std::shared_ptr<segment_core> core,
                       void* at,
                       std::uint64_t version,
                       bool is_repair)
    : section_hold(std::move(core), at, version),
      n_exceptions_(std::uncaught_exceptions()),
      is_repair_(is_repair) {}

std::optional<write_hold> write_hold::begin(std::shared_ptr<segment_core> const& core,
                                            placed_object const& of,
                                            char const* call,
                                            wait_deadline until) {
    core->note_locks();
    auto* const at = find_or_make(*core, of, call);
    auto section = access_to(*core, at, call);
    if (!section.begin_writing(until)) return std::nullopt;
    return write_hold(core, at, section.version() + 1, false);
}

write_hold write_hold::begin_repair(std::shared_ptr<segment_core> const& core,
                                    placed_object const& of) {
    auto const* const call = "array::repair_section";
    core->note_locks();
    auto* const at = find_or_make(*core, of, call);
    auto section = access_to(*core, at, call);
    bool const is_repair = section.begin_repair();
    return {core, at, section.version() + 1, is_repair};
}

write_hold::~write_hold() {
    end(std::uncaught_exceptions() <= n_exceptions_);
}

void write_hold::end(bool is_whole) noexcept {
    if (!is_held()) return;
    auto section = access("the end of a write_section");
    if (is_whole) {
        section.finish_writing();
    } else {
        section.give_up();
    }
    forget();
}

std::optional<read_hold> read_hold::begin(std::shared_ptr<segment_core> const& core,
                                          placed_object const& of,
                                          char const* call,
                                          std::uint64_t at_least,
                                          wait_deadline until) {
    core->note_locks();
    auto* const at = find_or_make(*core, of, call);
    auto section = access_to(*core, at, call);
    if (!section.begin_reading(at_least, until)) return std::nullopt;
    return read_hold(core, at, section.version());
}

read_hold::~read_hold() {
    if (is_held()) access("the end of a read_section").finish_reading();
}

void end_section(segment_core const& in, std::uint32_t index, std::uint32_t generation) {
    auto const found = in.names().find_head(section_name(index, generation));
    if (!found) return;
    auto const ended = in.names().erase(found->index, found->head.generation);
    if (ended) in.memory().deallocate(in.memory().at(ended->offset));
}

} // namespace shmwin::inline v1::detail
