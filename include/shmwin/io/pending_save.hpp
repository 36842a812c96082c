// SPDX-License-Identifier: MIT
// pending_save: an asynchronous save that may still be in flight. See
// checkpoint_store::save_async().
//
// Layer: io.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace shmwin::inline v1 {

struct save_report;

namespace detail {
struct pending_state;
}

enum class save_phase : std::uint8_t {
    writing,    ///< payload and checksums
    committing, ///< until it is durable and has its name
    done,
    failed, ///< wait() tells why
};

struct save_progress {
    save_phase phase = save_phase::done;
    std::size_t n_bytes = 0;       ///< of payload
    std::size_t n_bytes_done = 0;  ///< of it, handed to the system
    double seconds = 0.0;          ///< since it began; of one that is over, how long it took
    double bytes_per_second = 0.0; ///< since it began
    double seconds_left = 0.0;     ///< until all is handed to the system, at that rate
};

/// Handle to one save. Cheap to copy: copies refer to the same. Destroying it is local and waits
/// for nothing: the save goes on, and the store throws the error that nobody waited for (see
/// checkpoint_store::save_async()). It may outlive store, segment and MPI.
class SHMWIN_API pending_save {
  public:
    /// Of no save: over, with an empty report.
    pending_save() = default;

    /// Local. True if the save is over, well or not. Waits for nothing.
    [[nodiscard]] bool test() const noexcept;

    /// All, collective. Waits until the save is over, and drives MPI meanwhile. Every rank learns
    /// it in shared memory: no rank waits for another to call it.
    /// @returns what checkpoint_store::save() would have
    /// @throws out_of_memory (no_space)      the disk has no room; nothing is left of this save
    /// @throws runtime_failure (io_failure)  writing failed; nothing is left of this save
    /// @throws peer_left  the process that writes died, or ended without MPI_Finalize and exit();
    ///         within a second
    save_report wait();

    /// Local. How far it is. Not from several threads at once with wait().
    [[nodiscard]] save_progress progress() const noexcept;

    /// Internal: made by checkpoint_store.
    explicit pending_save(std::shared_ptr<detail::pending_state> state) noexcept
        : state_(std::move(state)) {}

  private:
    std::shared_ptr<detail::pending_state> state_;
};

} // namespace shmwin::inline v1
