// SPDX-License-Identifier: MIT
// Life of a segment: open, fence, close, leave.
#include "shmwin/segment/core.hpp"

#include "shmwin/base/environment.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"
#include "shmwin/mpi/progress.hpp"

#include "mpi/node_state.hpp"
#include "mpi/space.hpp"
#include "mpi/window_backing.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

backing_kind backing_of_environment() {
    auto const chosen = environment("SHMWIN_BACKING");
    if (!chosen) return backing_kind::automatic;
    for (auto const each :
         {backing_kind::automatic, backing_kind::mpi_window, backing_kind::memfd}) {
        if (*chosen == name(each)) return each;
    }
    raise(errc::invalid_argument,
          text("SHMWIN_BACKING is not known (\"", *chosen, "\"; automatic, mpi_window or memfd)"));
}

// What is not set in code comes from the environment.
segment_options resolve(segment_options options) {
    if (options.capacity == 0) options.capacity = environment_bytes("SHMWIN_CAPACITY").value_or(0);
    if (options.backing == backing_kind::automatic) options.backing = backing_of_environment();
    if (options.threads_per_rank == 0) {
        auto const asked = environment_count("SHMWIN_THREADS_PER_RANK").value_or(1);
        options.threads_per_rank = static_cast<int>(std::clamp<std::int64_t>(asked, 1, 1024));
    }
    return options;
}

std::uint64_t hash_of(segment_options const& options) {
    auto const h = hash_with(options.capacity, static_cast<std::uint64_t>(options.backing));
    return hash_with(hash_with(h, static_cast<std::uint64_t>(options.threads_per_rank)),
                     options.in_all_core_dumps ? 1 : 0);
}

// How this rank waits here. Reads the environment.
wait_policy policy_of(node_state const& on, segment_options const& asked) {
    auto policy = wait_policy::for_ranks(on.size, on.n_cores);
    if (asked.spin >= 0) policy.spin = std::min(asked.spin, wait_policy::max_spin);
    if (asked.wait_slice.count() > 0) {
        policy.slice = std::clamp(asked.wait_slice, wait_policy::min_slice, wait_policy::max_slice);
    }
    if (asked.wait_warn.count() >= 0) policy.warn_after = asked.wait_warn;
    policy.interrupt = asked.interrupt;
    return policy;
}

// Half of what is free, as rank 0 sees it.
std::size_t default_capacity(node_state const& on, backing_kind backing) {
    std::uint64_t half = 0;
    if (on.rank == 0) {
        bool const in_file = backing == backing_kind::mpi_window && on.size > 1;
        auto const found = in_file ? file_space(backing_directory()) : memory_space();
        using namespace literals;
        half = found.available == SIZE_MAX ? 1_GiB : std::max(found.available / 2, 1_MiB);
    }
    check_mpi("MPI_Bcast", MPI_Bcast(&half, 1, MPI_UINT64_T, 0, on.local));
    return static_cast<std::size_t>(half);
}

// The options that all ranks go on with.
segment_options
agree_on_options(node_state const& on, segment_options const& asked, source_line const& where) {
    segment_options options = asked;
    auto const failure = failure_of([&] {
        options = resolve(asked);
        static_cast<void>(policy_of(on, asked)); // whatever it throws, here all know of it
    });
    auto const call = text("segment(capacity ",
                           bytes_text(options.capacity),
                           ", backing ",
                           name(options.backing),
                           ", ",
                           options.threads_per_rank,
                           " threads per rank)",
                           place_text(where));
    agree(on.local, call, hash_of(options), failure ? &*failure : nullptr);
    if (options.capacity == 0) options.capacity = default_capacity(on, options.backing);
    return options;
}

// Rank 0 writes the header and makes the heap; the others check what they find.
void initialise(node const& on, window const& memory, segment_header header) {
    region const where(memory.bytes().data(), memory.source());
    agree_on(on.state().local, "segment", [&] {
        if (on.rank() != 0) return;
        header.backing = static_cast<std::uint32_t>(memory.backing());
        header.uuid = {random_number(), random_number()};
        header.created_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
        where.create(header);
        participants const who(where.as<participant_slot>(section_id::participants), 0);
        page_runs(where, who, wait_policy{}).create();
    });
    agree_on(
        on.state().local, "segment", [&] { check_header(where.header(), memory.bytes().size()); });
}

[[noreturn]] void raise_closed(std::string_view call) {
    raise(errc::closed, text(call, " is not possible (the segment is closed)"));
}

} // namespace

// A segment that one node cannot make is no other node's either.
std::shared_ptr<segment_core>
segment_core::open(node const& on, segment_options const& asked, source_line const& where) {
    if (on.n_nodes() == 1) return open_on_node(on, asked, where);
    std::shared_ptr<segment_core> made;
    auto const failure = failure_of([&] { made = open_on_node(on, asked, where); });
    try {
        agree(on.all(), "segment", 0, failure ? &*failure : nullptr);
    } catch (error const&) {
        if (made != nullptr) made->close(); // all ranks of this node are here
        throw;
    }
    return made;
}

std::shared_ptr<segment_core>
segment_core::open_on_node(node const& on, segment_options const& asked, source_line const& where) {
    if (on.rank() == 0) warn_of_unknown_variables();
    auto const options = agree_on_options(on.state(), asked, where);
    segment_header header{};
    agree_on(on.state().local, "segment", [&] {
        header = plan_layout({options.capacity, on.size(), options.threads_per_rank});
    });
    window memory(on, header.total_bytes, {options.backing, options.in_all_core_dumps});
    try {
        initialise(on, memory, header);
    } catch (error const& failed) {
        if (failed.agreed()) memory.free();
        throw;
    }
    auto keep_alive = memory.keep_alive();
    std::shared_ptr<segment_core> made(new segment_core(
        on, std::move(memory), std::move(keep_alive), policy_of(on.state(), options)));
    made->who_.attach();
    join_finalize(made);
    agree(on.state().local, "segment", 0, nullptr); // all are attached
    return made;
}

segment_core::segment_core(node const& on,
                           window&& memory,
                           std::shared_ptr<void const> keep_alive,
                           wait_policy const& how)
    : node_(on),
      window_(std::move(memory)),
      keep_alive_(std::move(keep_alive)),
      region_(window_.bytes().data(), window_.source()),
      who_(region_.as<participant_slot>(section_id::participants), on.rank()),
      policy_(with_progress(how, on)),
      local_policy_(with_local_progress(how, on)),
      lock_policy_(how),
      lot_(region_.as<parking_line>(section_id::parking_lot)),
      races_(*region_.as<race_list>(section_id::races).data()),
      sites_(region_.as<call_site>(section_id::call_sites), on.rank()),
      long_waits_(*this),
      activity_(region_.as<activity_slot>(section_id::activity), on.rank(), &long_waits_),
      rendezvous_(*region_.as<rendezvous_state>(section_id::rendezvous).data(),
                  region_.as<meeting_slot>(section_id::meeting_slots),
                  who_,
                  lot_,
                  policy_,
                  &sites_,
                  activity_),
      waits_(who_, local_policy_, lot_, rendezvous_, activity_),
      heap_(region_, who_, lock_policy_),
      retired_(heap_),
      attachment_(heap_, &retired_),
      directory_(heap_, who_, lock_policy_, activity_),
      listing_(*this) {
    rendezvous_.observe(retired_);
}

segment_core::~segment_core() = default;

// In each fence: what there is to say is made only for an error.
void segment_core::require_open(operation op) const {
    if (!is_open() || is_forked_child()) [[unlikely]]
        raise_not_open(op);
}

void segment_core::raise_not_open(operation op) const {
    if (!is_forked_child()) raise_closed(name(op));
    raise(errc::unsupported,
          text(name(op),
               " is not possible (in a child that rank ",
               rank(),
               " forked; it may use memory, locks and heap: collective calls are the rank's)"));
}

void segment_core::require_open(std::string_view call) const {
    if (!is_open()) raise_closed(call);
}

void segment_core::fence(source_line const& where) {
    require_open(operation::fence);
    note(operation::fence);
    rendezvous_.meet({operation::fence, {}, {}, {}, 0, where},
                     has_races(), // each rank knows its own
                     [this](meeting_values&) { raise_races(); });
}

void segment_core::fence(std::span<int const> ranks, source_line const& where) {
    require_open(operation::fence);
    note(operation::fence);
    if (!subsets_.meet(*this, ranks)) fence(where);
}

std::size_t segment_core::trim(source_line const& where) {
    require_open(operation::trim);
    note(operation::trim);
    collective_call const call{operation::trim, {}, {}, {}, 0, where};
    rendezvous_.meet(call); // all have freed what they will
    auto const failure = failure_of([&] { heap_.collect(); });
    return rendezvous_.meet(call, failure ? &*failure : nullptr, [&](meeting_values& result) {
        result[0] = heap_.trim();
    })[0];
}

void segment_core::meet(collective_call const& call, function_ref<void()> completion) {
    require_open(call.op);
    note(call.op);
    rendezvous_.meet(call, nullptr, [&](meeting_values&) { completion(); });
}

void segment_core::meet(collective_call const& call, bool needed, function_ref<void()> completion) {
    require_open(call.op);
    note(call.op);
    rendezvous_.meet(call, needed, [&](meeting_values&) { completion(); });
}

void segment_core::close(source_line const& where) {
    if (!is_open()) return;
    require_open(operation::close);
    note(operation::close);
    warn_of_held_locks("close()");
    rendezvous_.meet({operation::close, {}, {}, {}, 0, where},
                     [this](meeting_values&) { log_races(); });
    who_.close();
    open_ = false;
    window_.free();
    foreign_.clear();
    leave_finalize(this);
}

void segment_core::leave(std::string_view why) noexcept {
    depart(why);
    foreign_.clear();
}

void segment_core::depart(std::string_view why) noexcept {
    if (!open_.exchange(false) || is_forked_child()) return;
    warn_of_held_locks("its end");
    auto const last = rendezvous_.last_call(rank());
    rendezvous_.leave(text("the code after ", last.empty() ? name(last_call_.load()) : last), why);
}

// Owners stay: what releases them may use what a program that ends has destroyed.
void segment_core::at_exit() noexcept {
    depart("the program ended without close()");
}

// The window frees itself: it is on the list too.
void segment_core::at_finalize() noexcept {
    foreign_.clear();
}

} // namespace shmwin::inline v1::detail
