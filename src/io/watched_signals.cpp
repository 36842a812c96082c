// SPDX-License-Identifier: MIT
#include "io/watched_signals.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

using plain_handler = void (*)(int);
using informed_handler = void (*)(int, siginfo_t*, void*);

// What the handler reads. Handlers of the process are process-wide, and so is this.
struct entry {
    std::atomic<std::uint32_t> n_arrived{0};
    std::atomic<plain_handler> plain{nullptr};       // of before: this one,
    std::atomic<informed_handler> informed{nullptr}; // or this one, or none
    // The rest is for who holds the mutex.
    int n_watching = 0;
    bool is_installed = false;
    struct sigaction before {};
};

// NOLINTBEGIN(*-non-const-global-*): above
std::array<entry, NSIG> entries;
std::atomic<std::uint32_t> n_arrived_in_all{0};
std::mutex entries_mutex;
// NOLINTEND(*-non-const-global-*)
static_assert(std::atomic<std::uint32_t>::is_always_lock_free
              && std::atomic<plain_handler>::is_always_lock_free);

entry& entry_of(int signal) noexcept {
    return entries[static_cast<std::size_t>(signal)]; // NOLINT(*-constant-array-index): checked
}

// Safe in a signal: lock-free atomics alone.
void handle(int signal, siginfo_t* info, void* context) {
    int const saved = errno;
    auto& mine = entry_of(signal);
    mine.n_arrived.fetch_add(1, std::memory_order_relaxed);
    n_arrived_in_all.fetch_add(1, std::memory_order_release);
    if (auto const informed = mine.informed.load(std::memory_order_acquire)) {
        informed(signal, info, context);
    } else if (auto const plain = mine.plain.load(std::memory_order_acquire)) {
        plain(signal);
    }
    errno = saved;
}

// NOLINTNEXTLINE(*-cstyle-cast,performance-no-int-to-ptr): the system's macros
bool is_none(struct sigaction const& action) noexcept {
    return action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN;
}

bool is_ours(struct sigaction const& action) noexcept {
    return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handle;
}

void note_before(entry& mine, struct sigaction const& before) noexcept {
    mine.before = before;
    bool const is_informed = (before.sa_flags & SA_SIGINFO) != 0;
    mine.informed.store(is_informed && !is_none(before) ? before.sa_sigaction : nullptr);
    mine.plain.store(is_informed || is_none(before) ? nullptr : before.sa_handler);
}

[[noreturn]] void fail(int signal) {
    raise(errc::system_failure,
          text("signal ", signal, " cannot be caught (sigaction: ", errno_text(errno), ")"));
}

// If another's handler stands before ours, ours is still there behind it: twice would be a circle.
// Mask and stack of before hold for ours, which calls it.
void install(entry& mine, int signal) {
    struct sigaction before {};
    if (::sigaction(signal, nullptr, &before) != 0) fail(signal);
    if (mine.is_installed && !is_none(before)) return;
    note_before(mine, before); // first: a signal may come at once
    struct sigaction ours = before;
    ours.sa_sigaction = handle;
    ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | (before.sa_flags & SA_NODEFER);
    if (::sigaction(signal, &ours, nullptr) != 0) fail(signal);
    mine.is_installed = true;
}

std::uint32_t begin_watch(int signal) {
    std::scoped_lock const hold(entries_mutex);
    auto& mine = entry_of(signal);
    auto const seen = mine.n_arrived.load();
    install(mine, signal);
    ++mine.n_watching;
    return seen;
}

void end_watch(int signal) noexcept {
    std::scoped_lock const hold(entries_mutex);
    auto& mine = entry_of(signal);
    if (--mine.n_watching > 0) return;
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) == 0 && is_ours(now)
        && ::sigaction(signal, &mine.before, nullptr) == 0) {
        mine.is_installed = false;
        return;
    }
    log(log_level::warning,
        text("handler of signal ",
             signal,
             " is not put back (another one was installed after ours, and may call it)"));
}

} // namespace

watched_signals::watched_signals(std::vector<int> const& signals) : n_seen_(n_arrived_in_all) {
    watched_signals made; // ends the watches if one of them fails
    made.all_.reserve(signals.size());
    for (int const each : signals) {
        made.all_.push_back({each, begin_watch(each)});
    }
    all_ = std::move(made.all_);
}

watched_signals::watched_signals(watched_signals&& other) noexcept
    : all_(std::exchange(other.all_, {})), n_seen_(other.n_seen_) {}

watched_signals& watched_signals::operator=(watched_signals&& other) noexcept {
    std::swap(all_, other.all_);
    std::swap(n_seen_, other.n_seen_);
    return *this;
}

watched_signals::~watched_signals() {
    for (auto const& each : all_) {
        end_watch(each.signal);
    }
}

std::uint64_t watched_signals::take() noexcept {
    if (all_.empty()) return 0;
    auto const n_in_all = n_arrived_in_all.load(std::memory_order_acquire);
    if (n_in_all == std::exchange(n_seen_, n_in_all)) return 0;
    std::uint64_t came = 0;
    for (auto& each : all_) {
        auto const n = entry_of(each.signal).n_arrived.load(std::memory_order_relaxed);
        if (n != std::exchange(each.n_seen, n)) came |= std::uint64_t{1} << (each.signal - 1);
    }
    return came;
}

} // namespace shmwin::inline v1::detail
