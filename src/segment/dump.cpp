// SPDX-License-Identifier: MIT
#include "shmwin/segment/dump.hpp"

#include "shmwin/base/log.hpp"
#include "shmwin/segment/core.hpp"

#include "base/plain_text.hpp"
#include "segment/report.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace shmwin::inline v1::detail {

/// Never freed, only used again: who walks the list may be a signal handler.
struct listed_segment {
    std::atomic<segment_core const*> segment{nullptr}; ///< nullptr: not in use
    listed_segment* next = nullptr;
};

namespace {

// A walk ends by itself, but for one of a debugger's that was abandoned: then it is not waited for.
constexpr std::chrono::seconds longest_walk{10};

// Of the process, since a signal handler and a debugger can reach nothing else.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
constinit std::atomic<listed_segment*> first{nullptr};
constinit std::atomic<int> n_walkers{0};
constinit std::mutex changing;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

listed_segment* unused_entry() noexcept {
    auto* entry = first.load(std::memory_order_relaxed);
    while (entry != nullptr && entry->segment.load(std::memory_order_relaxed) != nullptr) {
        entry = entry->next;
    }
    return entry;
}

listed_segment* enter(segment_core const& of) {
    std::lock_guard const lock(changing);
    auto* entry = unused_entry();
    bool const fresh = entry == nullptr;
    if (fresh) entry = new listed_segment; // NOLINT(cppcoreguidelines-owning-memory): never freed
    entry->segment.store(&of);
    if (!fresh) return entry;
    entry->next = first.load(std::memory_order_relaxed);
    first.store(entry);
    return entry;
}

// Until nobody can still look at a segment that is off the list.
void wait_for_walkers() noexcept {
    auto const until = std::chrono::steady_clock::now() + longest_walk;
    while (n_walkers.load() > 0) {
        if (std::chrono::steady_clock::now() > until) n_walkers.store(0);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

bool tell_all(plain_text& out) noexcept {
    bool any = false;
    n_walkers.fetch_add(1);
    for (auto* entry = first.load(); entry != nullptr; entry = entry->next) {
        auto const* const segment = entry->segment.load();
        if (segment == nullptr || !segment->is_open()) continue;
        any = true;
        tell_segment(out, *segment);
    }
    n_walkers.fetch_sub(1);
    return any;
}

void append(void* context, std::string_view piece) noexcept {
    try {
        static_cast<std::string*>(context)->append(piece);
    } catch (std::exception const&) { // NOLINT(bugprone-empty-catch): no memory for words
    }
}

// The log takes lines without their end.
void log_lines(void* /*context*/, std::string_view line) noexcept {
    if (line.ends_with('\n')) line.remove_suffix(1);
    log(log_level::warning, line);
}

} // namespace

listing::listing(segment_core const& of) : entry_(enter(of)) {}

listing::~listing() {
    entry_->segment.store(nullptr);
    wait_for_walkers();
}

void dump(segment_core const& segment) noexcept {
    int descriptor = STDERR_FILENO;
    plain_text out(write_to_descriptor, &descriptor);
    tell_segment(out, segment);
}

std::string report_of(segment_core const& segment) {
    std::string all;
    plain_text out(append, &all);
    tell_segment(out, segment);
    out.flush();
    return all;
}

void long_waits::waits_too_long(awaited const& what,
                                std::chrono::nanoseconds how_long,
                                bool at_length) noexcept {
    plain_text out(log_lines, nullptr);
    out << "rank " << of_.rank() << " waits for " << seconds_text{how_long} << " in ";
    tell_wait(out, of_, of_.rank(), what.call, what.object);
    out << "; SHMWIN_WAIT_WARN says after how long this is told\n";
    if (at_length) tell_segment(out, of_);
}

} // namespace shmwin::inline v1::detail

extern "C" {
[[gnu::used]] void shmwin_dump() {
    using namespace shmwin::detail;
    auto const before = errno;
    int descriptor = STDERR_FILENO;
    plain_text out(write_to_descriptor, &descriptor);
    if (!tell_all(out)) out << "shmwin: no segment is open in this process\n";
    out.flush();
    errno = before;
}
}
