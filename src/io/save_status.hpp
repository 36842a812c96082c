// SPDX-License-Identifier: MIT
// save_status: how far an asynchronous save is, where all ranks can read it. Written by one thread,
// of the rank that owns the file; one save after the other. What a save came to stays until the
// next begins.
//
// Layer: io. In shared memory.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/io/pending_save.hpp"
#include "shmwin/sync/process.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace shmwin::inline v1::detail {

/// How a save ended.
struct save_outcome {
    errc code = errc::ok;
    std::string text{};
    double seconds = 0.0;
    std::uint64_t n_reused = 0; ///< bytes that were taken from the checkpoint before
};

class alignas(64) save_status {
  public:
    // --- of the rank that owns the file ------------------------------------------------------

    /// Local. Of fresh memory: so many saves have ended.
    void reset(std::uint32_t n_ended) noexcept { n_ended_.word.store(n_ended); }

    /// Local. Before any other rank can ask.
    void begin(std::uint64_t n_bytes, std::chrono::steady_clock::time_point when) {
        n_done_.store(0);
        n_reused_.store(0);
        n_bytes_.store(n_bytes);
        phase_.store(save_phase::writing);
        begun_ns_.store(ns_of(when));
        code_.store(errc::ok);
        writer_ = this_process();
    }
    void written(std::uint64_t n_bytes, std::uint64_t n_reused) noexcept {
        n_done_.fetch_add(n_bytes, std::memory_order_relaxed);
        n_reused_.fetch_add(n_reused, std::memory_order_relaxed);
    }
    void enter(save_phase phase) noexcept { phase_.store(phase); }

    /// Local. What was stored before is seen by all who see that it has ended.
    void end(error_info const* failure) noexcept;

    // --- of all ------------------------------------------------------------------------------

    /// Local. True if that many saves have ended, modulo 2^32.
    [[nodiscard]] bool has_ended(std::uint32_t number) const noexcept {
        return is_at_least(n_ended_.word.load(std::memory_order_acquire), number);
    }
    [[nodiscard]] waitable& n_ended() noexcept { return n_ended_; }
    [[nodiscard]] static bool is_at_least(std::uint32_t n_ended, std::uint32_t number) noexcept {
        return static_cast<std::int32_t>(n_ended - number) >= 0;
    }

    /// Local. Who writes, or did.
    [[nodiscard]] process_identity const& writer() const noexcept { return writer_; }
    /// Local. Of the last one that ended; none may have begun since.
    [[nodiscard]] save_outcome outcome() const;
    [[nodiscard]] save_progress progress() const noexcept;

  private:
    using clock = std::chrono::steady_clock; // the same in all processes
    static std::int64_t ns_of(clock::time_point when) noexcept {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch())
            .count();
    }
    static std::int64_t now_ns() noexcept { return ns_of(clock::now()); }

    waitable n_ended_;
    std::atomic<std::uint64_t> n_done_;
    std::atomic<std::uint64_t> n_reused_;
    std::atomic<std::uint64_t> n_bytes_;
    std::atomic<std::int64_t> begun_ns_;
    std::atomic<std::int64_t> ended_ns_;
    std::atomic<errc> code_;
    std::atomic<save_phase> phase_;
    process_identity writer_;
    std::array<char, 1024> text_{};
};

} // namespace shmwin::inline v1::detail
