// SPDX-License-Identifier: MIT
#include "shmwin/segment/held_locks.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/object_info.hpp"
#include "shmwin/segment/section.hpp"
#include "shmwin/segment/shared_mutex.hpp"
#include "shmwin/segment/sync_group.hpp"

#include "segment/section_name.hpp"

#include <string>

namespace shmwin::inline v1 {
namespace detail {
namespace {

bool is_shared_mutex(object_record const& record) {
    return record.kind == object_kind::sync
           && record.type_hash == type_id_of<shared_mutex_line>().hash;
}

bool is_section(object_record const& record) {
    return record.kind == object_kind::sync && record.type_hash == type_id_of<section_state>().hash;
}

// Where the lock is in the object.
std::byte const* lock_in(region const& in, object_record const& record) {
    return in.at(record.offset + (is_section(record) ? sizeof(section_state) : 0));
}

// A shared_mutex begins with its writer's word, which names who it is as a mutex does.
bool is_a_lock(object_record const& record) {
    if (record.kind == object_kind::synchronized || is_shared_mutex(record)) return true;
    if (is_section(record)) return true;
    return record.kind == object_kind::sync
           && (record.type_hash == type_id_of<mutex_state>().hash
               || record.type_hash == type_id_of<recursive_mutex_state>().hash);
}

bool is_read_by(region const& in, object_record const& record, int rank) {
    if (!is_shared_mutex(record) && !is_section(record)) return false;
    auto const* const lines = reinterpret_cast<shared_mutex_line const*>(lock_in(in, record));
    return lines[1 + rank].n_readers.load(std::memory_order_relaxed) != 0;
}

std::string title_of(directory const& names, object_record const& record) {
    auto const place = array_of_section(record.name_text());
    auto const array = place ? names.at(place->index, place->generation) : std::nullopt;
    if (array) return text("a section of \"", array->name_text(), '"');
    return text('"', record.name_text(), '"');
}

void warn_of(std::string const& title, char const* when, std::string const& holder) {
    log(log_level::warning,
        text("lock is held at ",
             when,
             " (",
             title,
             ", by ",
             holder,
             "; who waits for it gets an error)"));
}

} // namespace

std::optional<lock_holder> holder_of(region const& in, object_record const& record) {
    if (!is_a_lock(record)) return std::nullopt;
    return reinterpret_cast<mutex_state const*>(lock_in(in, record))->holder();
}

// Nobody holds the sections of an array of which none has begun yet.
std::optional<lock_holder> holder_of(segment_core const& in, directory_entry const& found) {
    auto const& where = in.memory().where();
    if (found.record.kind != object_kind::array) return holder_of(where, found.record);
    auto const sections = in.look_up(section_name(found.index, found.record.generation));
    return sections ? holder_of(where, sections->record) : lock_holder();
}

// No thread of this rank will unlock them.
void segment_core::warn_of_held_locks(char const* when) const noexcept {
    if (!uses_locks_.load(std::memory_order_relaxed)) return;
    try {
        for (auto const& each : directory_.list()) {
            auto const holder = holder_of(region_, each.record);
            if (holder && holder->rank == rank()) {
                warn_of(title_of(directory_, each.record),
                        when,
                        text("thread ", holder->thread, " of rank ", rank()));
            } else if (is_read_by(region_, each.record, rank())) {
                warn_of(title_of(directory_, each.record), when, text("a reader of rank ", rank()));
            }
        }
    } catch (...) { // no memory for a warning
        static_cast<void>(when);
    }
}

} // namespace detail

std::optional<lock_holder> sync_group::who_holds(std::string_view name) const {
    std::string const whole(std::string_view(full(name)));
    auto const found = core_->look_up(whole);
    if (!found) {
        raise(errc::not_found, detail::text("no such object (\"", whole, "\"; list() names all)"));
    }
    auto const holder = detail::holder_of(*core_, *found);
    if (!holder) {
        raise(errc::type_mismatch,
              detail::text("object is no lock with a holder (\"",
                           whole,
                           "\" is of kind ",
                           shmwin::name(found->record.kind),
                           ", ",
                           core_->type_text(found->record),
                           ")"));
    }
    return *holder ? holder : std::nullopt;
}

} // namespace shmwin::inline v1
