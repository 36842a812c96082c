// SPDX-License-Identifier: MIT
#include "shmwin/sync/wait.hpp"

#include "shmwin/base/environment.hpp"
#include "shmwin/sync/look_clock.hpp"

#include <algorithm>
#include <sched.h>

namespace shmwin::inline v1 {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

// A pending MPI transfer advances by one step a call: short slices, while the wait is young.
constexpr microseconds first_slice{50};
constexpr microseconds longest_slice_with_progress{2'000};

int cores_of_this_process() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    return std::max(1, CPU_COUNT(&allowed));
}

} // namespace

wait_interrupted::~wait_interrupted() = default;

char const* wait_interrupted::what() const noexcept {
    return "a wait was interrupted";
}

wait_policy wait_policy::for_ranks(int n_waiting) {
    return for_ranks(n_waiting, cores_of_this_process());
}

wait_policy wait_policy::for_ranks(int n_waiting, int n_cores) {
    wait_policy policy;
    if (n_waiting > n_cores) {
        policy.spin = 20;
        policy.yield = 200;
    }
    if (auto const spin = detail::environment_count("SHMWIN_SPIN")) {
        policy.spin = static_cast<int>(std::min<std::int64_t>(*spin, wait_policy::max_spin));
    }
    if (auto const slice = detail::environment_count("SHMWIN_WAIT_SLICE_US")) {
        policy.slice = microseconds(std::clamp<std::int64_t>(
            *slice, wait_policy::min_slice.count(), wait_policy::max_slice.count()));
    }
    if (auto const warn = detail::environment_count("SHMWIN_WAIT_WARN")) {
        policy.warn_after = std::chrono::seconds(std::min<std::int64_t>(*warn, 1'000'000'000));
    }
    return policy;
}

namespace detail {
namespace {

// Looks at the word for a while without sleeping. True if it changed.
bool changed_soon(waitable const& w, std::uint32_t old, wait_policy const& policy) noexcept {
    for (int i = 0; i < policy.spin; ++i) {
        if (w.word.load(std::memory_order_acquire) != old) return true;
        pause_after(i);
    }
    for (int i = 0; i < policy.yield; ++i) {
        if (w.word.load(std::memory_order_acquire) != old) return true;
        ::sched_yield();
    }
    return w.word.load(std::memory_order_acquire) != old;
}

// Not less than a microsecond: the futex would not sleep at all.
microseconds time_left(wait_deadline now, wait_deadline until) noexcept {
    if (until - now > std::chrono::hours(1)) return std::chrono::hours(1);
    return std::max(microseconds(1), std::chrono::ceil<microseconds>(until - now));
}

void sleep_once(waitable& w, std::uint32_t old, microseconds slice) noexcept {
    w.n_sleepers.fetch_add(1);
    if (w.word.load() == old) futex_wait(w.word, old, slice);
    w.n_sleepers.fetch_sub(1);
}

// Until `changed()`, or `until`: then false.
bool sleep_in_slices(function_ref<bool()> changed,
                     function_ref<void(microseconds)> sleep,
                     wait_policy const& policy,
                     function_ref<void(bool)> check,
                     wait_deadline until) {
    bool const drives = policy.progress != nullptr;
    auto const longest =
        drives ? std::min(policy.slice, longest_slice_with_progress) : policy.slice;
    auto slice = drives ? std::min(first_slice, longest) : longest;
    look_clock looks;
    while (!changed()) {
        if (drives) policy.progress(policy.progress_context);
        if (drives && policy.interrupt != nullptr) policy.interrupt();
        auto const before = until == no_deadline ? wait_deadline() : steady_clock::now();
        if (until <= before) return false;
        sleep(until == no_deadline ? slice : std::min(slice, time_left(before, until)));
        if (changed()) return true;
        check(looks.is_due());
        slice = std::min(2 * slice, longest);
    }
    return true;
}

} // namespace

void waitable::publish(std::uint32_t value) noexcept {
    word.store(value); // sequentially consistent: ordered against a sleeper's count and look
    wake();
}

void waitable::wake() noexcept {
    if (n_sleepers.load() != 0) futex_wake_all(word);
}

bool wait_while(waitable& w,
                std::uint32_t old,
                wait_policy const& policy,
                function_ref<void(bool)> check,
                wait_deadline until) {
    auto const changed = [&] { return w.word.load(std::memory_order_acquire) != old; };
    if (changed()) return true;
    if (until != no_deadline && until <= steady_clock::now()) return false;
    if (changed_soon(w, old, policy)) return true;
    return sleep_in_slices(
        changed, [&](microseconds slice) { sleep_once(w, old, slice); }, policy, check, until);
}

bool sleep_on(futex_word& word,
              std::uint32_t old,
              function_ref<bool()> changed,
              wait_policy const& policy,
              function_ref<void(bool)> check,
              wait_deadline until) {
    return sleep_in_slices(
        changed, [&](microseconds slice) { futex_wait(word, old, slice); }, policy, check, until);
}

} // namespace detail
} // namespace shmwin::inline v1
