// SPDX-License-Identifier: MIT
#include "segment/report.hpp"

#include "shmwin/segment/core.hpp"
#include "shmwin/segment/object_info.hpp"

#include "segment/section_name.hpp"
#include "segment/sync_states.hpp"
#include "segment/type_text.hpp"
#include "sync/process_stat.hpp"

#include <chrono>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// --- objects -----------------------------------------------------------------------------------

// Of a whole object with memory of the segment's.
std::byte const* block_of(segment_core const& in, object_record const& what) noexcept {
    auto const n_bytes = in.memory().where().header().total_bytes;
    bool const fits = what.offset < n_bytes && what.n_bytes <= n_bytes - what.offset;
    return what.is_foreign() || !fits ? nullptr : in.memory().where().at(what.offset);
}

void tell_type_and_shape(plain_text& out, object_record const& what) noexcept {
    out << name(what.kind) << " " << what.type_text();
    auto const* between = " ";
    for (auto const extent : what.shape()) {
        out << between << extent;
        between = " x ";
    }
}

void tell_object(plain_text& out,
                 segment_core const& in,
                 object_record const& what,
                 int claimant) noexcept {
    out << "    \"" << what.name_text() << "\": ";
    tell_type_and_shape(out, what);
    out << ", " << what.n_bytes << " bytes";
    if (claimant >= 0) {
        out << ", rank " << claimant << " is constructing it\n";
        return;
    }
    if (auto const* const block = block_of(in, what)) {
        out << " at " << hex_text{reinterpret_cast<std::uintptr_t>(block)} << ": ";
        if (tell_state(out, what, block)) out << ", ";
    } else {
        out << ", adopted: ";
    }
    out << "made by ";
    if (what.creator < 0) {
        out << "all";
    } else {
        out << "rank " << what.creator;
    }
    out << " at " << what.file.data() << ":" << what.line << "\n";
}

// --- ranks -------------------------------------------------------------------------------------

// What the system says of an active rank's process.
char const* word_for(process_identity const& process) noexcept {
    if (process.pid == ::getpid()) return "this process";
    auto const seen = read_stat(process.pid);
    if (!seen || seen->start_time != process.start_time) return "not to be seen from here";
    switch (seen->state) {
    case 'R':
        return "runs";
    case 'S':
    case 'D':
        return "sleeps";
    case 'T':
    case 't':
        return "is stopped";
    case 'Z':
    case 'X':
        return "is dead";
    default:
        return "lives";
    }
}

void tell_state_of(plain_text& out, participants const& who, int rank) noexcept {
    auto const process = who.process(rank);
    switch (who.state(rank)) {
    case participant_state::absent:
        out << "has not attached";
        return;
    case participant_state::active:
        out << "pid " << process.pid << ", " << word_for(process);
        return;
    case participant_state::closed:
        out << "pid " << process.pid << ", has closed the segment";
        return;
    case participant_state::left:
        out << "pid " << process.pid << ", left in " << who.call_of(rank) << ": "
            << who.text_of(rank);
        return;
    case participant_state::died:
        out << "pid " << process.pid << ", died";
        return;
    }
}

int n_ranks_here(segment_core const& of) noexcept {
    int n = 0;
    for (int rank = 0; rank < of.n_ranks(); ++rank) {
        if (of.meeting().is_here(rank)) ++n;
    }
    return n;
}

// The ranks that are in the meeting, or those that are not: "ranks 0, 2".
void tell_ranks(plain_text& out, segment_core const& of, bool here) noexcept {
    auto const n = here ? n_ranks_here(of) : of.n_ranks() - n_ranks_here(of);
    out << (n == 0 ? "nobody" : n == 1 ? "rank" : "ranks");
    auto const* between = " ";
    for (int rank = 0; rank < of.n_ranks(); ++rank) {
        if (of.meeting().is_here(rank) != here) continue;
        out << between << rank;
        between = ", ";
    }
}

void tell_collective_call(plain_text& out, segment_core const& of, int rank) noexcept {
    auto const words = of.meeting().words_of(rank);
    if (words.op == operation::none) return;
    out << (of.meeting().is_here(rank) ? ", is in " : ", was last in ") << name(words.op);
    if (words.object[0] != '\0') out << "(\"" << words.object.data() << "\")";
}

// Of the array that the sections are of; else its own.
void tell_name(plain_text& out, segment_core const& of, object_record const& what) noexcept {
    auto const place = array_of_section(what.name_text());
    auto const array = place ? of.names().at(place->index, place->generation) : std::nullopt;
    out << "\"" << (array ? array->name_text() : what.name_text()) << "\"";
}

void tell_held(plain_text& out, segment_core const& of, int rank) noexcept {
    of.names().for_each([&](directory_entry const& entry, int claimant) {
        auto const* const block = claimant < 0 ? block_of(of, entry.record) : nullptr;
        if (block == nullptr || !is_held_by(rank, entry.record, block)) return;
        out << ", holds " << (array_of_section(entry.record.name_text()) ? "a section of " : "");
        tell_name(out, of, entry.record);
    });
}

bool waits_for(segment_core const& of, int rank, std::uint64_t object) noexcept {
    bool found = false;
    of.doing().for_each(rank, [&](waiting const& each) { found = found || each.object == object; });
    return found;
}

// Of a barrier at that position.
void tell_missing_members(plain_text& out,
                          segment_core const& of,
                          rank_bits members,
                          std::uint64_t object) noexcept {
    auto const* between = ", not yet rank ";
    for (int rank = 0; rank < of.n_ranks(); ++rank) {
        if (!contains(members, rank) || waits_for(of, rank, object)) continue;
        out << between << rank;
        between = ", ";
    }
}

void tell_rank(plain_text& out, segment_core const& of, int rank) noexcept {
    out << "    rank " << rank << ": ";
    tell_state_of(out, of.who(), rank);
    if (of.who().state(rank) != participant_state::absent) tell_collective_call(out, of, rank);
    tell_held(out, of, rank);
    out << "\n";
    if (of.who().state(rank) != participant_state::active) return; // what it left there is old
    auto const now = wait_deadline::clock::now().time_since_epoch();
    of.doing().for_each(rank, [&](waiting const& each) {
        out << "      waits for " << seconds_text{now - each.since} << " in ";
        tell_wait(out, of, rank, each.call_text(), each.object);
        out << ", thread " << each.thread << "\n";
    });
}

} // namespace

void tell_wait(plain_text& out,
               segment_core const& of,
               int rank,
               std::string_view call,
               std::uint64_t object) noexcept {
    out << call;
    if (object == 0) {
        if (!of.meeting().is_here(rank)) return;
        out << " (still missing: ";
        tell_ranks(out, of, false);
        out << ")";
        return;
    }
    of.names().for_each([&](directory_entry const& entry, int claimant) {
        auto const& what = entry.record;
        if (object < what.offset || object - what.offset >= what.n_bytes) return;
        auto const* const block = claimant < 0 ? block_of(of, what) : nullptr;
        if (block == nullptr) return;
        if (!is_hidden(what.name_text()) || array_of_section(what.name_text())) {
            out << " of ";
            tell_name(out, of, what);
        }
        out << " (";
        if (!tell_state(out, what, block)) tell_type_and_shape(out, what);
        tell_missing_members(out, of, members_of(what, block), what.offset);
        out << ")";
    });
}

void tell_segment(plain_text& out, segment_core const& of) noexcept {
    auto const& header = of.memory().where().header();
    out << "shmwin: segment of " << of.n_ranks() << (of.n_ranks() == 1 ? " rank" : " ranks")
        << ", seen by rank " << of.rank() << " (pid " << ::getpid() << "), at "
        << hex_text{reinterpret_cast<std::uintptr_t>(of.memory().where().base())} << ", "
        << header.total_bytes << " bytes\n";
    if (n_ranks_here(of) > 0) {
        out << "  in a collective call: ";
        tell_ranks(out, of, true);
        out << "; not yet: ";
        tell_ranks(out, of, false);
        out << "\n";
    }
    out << "  ranks:\n";
    for (int rank = 0; rank < of.n_ranks(); ++rank) {
        tell_rank(out, of, rank);
    }
    out << "  objects:\n";
    of.names().for_each([&](directory_entry const& entry, int claimant) {
        if (!is_hidden(entry.record.name_text())) tell_object(out, of, entry.record, claimant);
    });
}

} // namespace shmwin::inline v1::detail
