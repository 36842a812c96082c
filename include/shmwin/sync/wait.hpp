// SPDX-License-Identifier: MIT
// Waiting: a bounded spin, then a few yields, then sleep in slices. Never unbounded spinning: with
// more ranks than cores a spin barrier costs milliseconds. Between slices the waiter drives
// MPI (a hook; null below mpi/) and looks whether those it waits for are still there.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/futex.hpp"

#include <chrono>
#include <cstdint>
#include <exception>

namespace shmwin::inline v1 {

/// What wait_policy::interrupt throws: no error of the library, the wait's caller wanted its end.
class SHMWIN_API wait_interrupted : public std::exception {
  public:
    wait_interrupted() = default;
    wait_interrupted(wait_interrupted const&) = default;
    wait_interrupted(wait_interrupted&&) = default;
    wait_interrupted& operator=(wait_interrupted const&) = default;
    wait_interrupted& operator=(wait_interrupted&&) = default;
    ~wait_interrupted() override; // in one place: exceptions are known by their type's address
    [[nodiscard]] char const* what() const noexcept override;
};

/// How to wait. The same on all ranks is usual, not needed.
struct wait_policy {
    static constexpr int max_spin = 1'000'000;
    static constexpr std::chrono::microseconds min_slice{10};
    static constexpr std::chrono::microseconds max_slice{1'000'000};

    int spin = 2000;                           ///< looks at the word before anything else
    int yield = 50;                            ///< looks with the processor given away between
    std::chrono::microseconds slice{50'000};   ///< longest sleep between two checks
    std::chrono::seconds warn_after{0};        ///< a wait that lasts so long is warned of; 0: none
    void (*progress)(void* context) = nullptr; ///< called at each slice; drives MPI
    void* progress_context = nullptr;
    /// Called at each slice of a wait that drives MPI, in the thread that waits, without a lock of
    /// the library. It ends the wait by throwing wait_interrupted: a rank whose wait in a
    /// collective call ends so has left, as one that throws; a local call has changed nothing.
    void (*interrupt)() = nullptr;

    /// Local. What suits `n_waiting` ranks on `n_cores` cores: with fewer cores than ranks, whoever
    /// is waited for needs the waiter's core. SHMWIN_SPIN, SHMWIN_WAIT_SLICE_US and
    /// SHMWIN_WAIT_WARN (seconds; 0: never) override it.
    ///
    /// Nobody is warned unless asked for it: in a correct program ranks may wait for an hour, while
    /// one of them reads a file, and shmwin_dump() tells the same at any time.
    /// @throws argument_error (invalid_argument)  a variable is no whole number
    [[nodiscard]] SHMWIN_API static wait_policy for_ranks(int n_waiting, int n_cores);

    /// Local. As above, on the cores that this process may use: for ranks that are not bound.
    [[nodiscard]] SHMWIN_API static wait_policy for_ranks(int n_waiting);
};

namespace detail {

/// A word to sleep on, and how many sleep: whoever changes the word wakes them only if there are
/// any. A sleeper that is killed leaves the count too high, which costs later wakers a system
/// call each and nothing else.
struct waitable {
    futex_word word;
    std::atomic<std::uint32_t> n_sleepers;

    /// Stores `value` and wakes all sleepers.
    SHMWIN_API void publish(std::uint32_t value) noexcept;
    /// Wakes all sleepers, so that they check.
    SHMWIN_API void wake() noexcept;
};

/// When a wait ends though what it waits for has not come.
using wait_deadline = std::chrono::steady_clock::time_point;
inline constexpr wait_deadline no_deadline = wait_deadline::max();

/// Returns when `w.word` no longer holds `old`, or at `until`. `check` is called at each slice,
/// with true when it is time for a thorough look (every 100 ms); it ends the wait by throwing.
/// @returns  false if the word still holds `old`; after a deadline that has passed it looks once
SHMWIN_API bool wait_while(waitable& w,
                           std::uint32_t old,
                           wait_policy const& policy,
                           function_ref<void(bool)> check,
                           wait_deadline until = no_deadline);

/// Sleeps on a word of which the caller knows more than its value: `changed()` says whether the
/// wait has ended, the kernel compares `word` with `old`. No spin; else as wait_while().
SHMWIN_API bool sleep_on(futex_word& word,
                         std::uint32_t old,
                         function_ref<bool()> changed,
                         wait_policy const& policy,
                         function_ref<void(bool)> check,
                         wait_deadline until = no_deadline);

/// One look's worth of patience for a hand-written spin loop.
inline void cpu_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

/// Asks for the line of a word that is about to be changed, so that it comes while other work is
/// done. Where the compiler has no way to say it, nothing happens.
inline void prefetch_to_write(void const* word) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" : : "m"(*static_cast<char const*>(word)));
#else
    __builtin_prefetch(word, 1);
#endif
}

/// Between the looks of a spin. None between the first ones: a pause takes up to 140 cycles (Intel
/// 64 and IA-32 Architectures Optimization Reference Manual, "Pause latency in Skylake Client
/// microarchitecture"), as long as another core's store takes to arrive.
inline void pause_after(int n_looks) noexcept {
    if (n_looks >= 100) cpu_pause();
}

} // namespace detail
} // namespace shmwin::inline v1
