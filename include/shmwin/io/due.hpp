// SPDX-License-Identifier: MIT
// due: why it is time for a checkpoint.
//
// Layer: io.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstdint>
#include <string>

namespace shmwin::inline v1 {

enum class due_kind : std::uint8_t {
    no,
    steps,            ///< .every_steps
    time,             ///< .every_time
    overhead,         ///< .overhead
    failure_interval, ///< .failure_interval
    wall_clock,       ///< the job is ended soon: there is time for one more save
    signal,           ///< one of .signals came, at some rank
};

/// The answer of checkpoint_store::due(). All functions are local.
class due_reason {
  public:
    constexpr due_reason() noexcept = default;
    constexpr explicit due_reason(due_kind kind, int signal = 0) noexcept
        : kind_(kind), signal_(static_cast<std::uint8_t>(signal)) {}

    /// True if a checkpoint is due.
    constexpr explicit operator bool() const noexcept { return kind_ != due_kind::no; }
    /// True if the job should end after it: wall clock, signal.
    [[nodiscard]] constexpr bool stop() const noexcept {
        return kind_ == due_kind::wall_clock || kind_ == due_kind::signal;
    }
    [[nodiscard]] constexpr due_kind kind() const noexcept { return kind_; }
    /// The signal's number; 0 if it was none.
    [[nodiscard]] constexpr int signal() const noexcept { return signal_; }

    /// "steps", "signal 10", ...
    [[nodiscard]] SHMWIN_API std::string text() const;

    friend constexpr bool operator==(due_reason const& a, due_reason const& b) noexcept = default;

  private:
    due_kind kind_ = due_kind::no;
    std::uint8_t signal_ = 0;
};

} // namespace shmwin::inline v1
