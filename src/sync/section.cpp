// SPDX-License-Identifier: MIT
#include "shmwin/sync/section.hpp"

#include "shmwin/sync/missing.hpp"
#include "shmwin/sync/value_wait.hpp"

#include <new>

namespace shmwin::inline v1::detail {
namespace {

constexpr lock_words words{"died or gave up before the end of its write_section()",
                           "repair_section(), and fill it to the end"};

std::span<shared_mutex_line> lock_lines(void* at, int n_ranks) noexcept {
    auto* const first = reinterpret_cast<shared_mutex_line*>(static_cast<section_state*>(at) + 1);
    return {first, static_cast<std::size_t>(n_ranks) + 1};
}

} // namespace

void make_section(void* at, int n_ranks) noexcept {
    new (at) section_state{};
    for (auto& each : lock_lines(at, n_ranks)) {
        new (&each) shared_mutex_line{};
    }
}

section_access::section_access(void* at, wait_context const& by, awaited const& what) noexcept
    : state_(*static_cast<section_state*>(at)),
      by_(by),
      what_(what),
      lock_(lock_lines(at, by.who().size()), by, what, words) {}

bool section_access::begin_writing(wait_deadline until) {
    return lock_.lock_until(until);
}

bool section_access::begin_repair() {
    return lock_.lock_to_repair();
}

// Under the lock: who reads never sees the old number beside the new data.
void section_access::finish_writing() {
    lock_.mark_consistent();
    state_.version.fetch_add(1);
    lock_.unlock();
    notify_line(state_.changed);
}

void section_access::give_up() {
    lock_.unlock_broken();
    notify_line(state_.changed);
}

bool section_access::begin_reading(std::uint64_t at_least, wait_deadline until) {
    auto const ready = [&] { return version() >= at_least || lock_.is_broken(); };
    auto const check = [&](bool look) {
        if (look) lock_.notice_dead_writer();
        if (!ready()) check_all_there(by_, what_, look);
    };
    long_wait whole(by_, what_);
    for (;;) { // who repairs may write less than was asked for
        if (!wait_on_line(state_.changed, whole, ready, check, until)) return false;
        if (!lock_.lock_shared_until(until, whole)) return false;
        if (version() >= at_least) return true;
        lock_.unlock_shared();
    }
}

void section_access::finish_reading() {
    lock_.unlock_shared();
}

} // namespace shmwin::inline v1::detail
