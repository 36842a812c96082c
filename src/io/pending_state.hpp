// SPDX-License-Identifier: MIT
// pending_state: an asynchronous save, as each rank sees it.
//
// Layer: io.
#pragma once

#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/sync/process.hpp"

#include "io/save_status.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace shmwin::inline v1::detail {

struct pending_state {
    std::shared_ptr<void const> memory; ///< keeps the status where it is
    save_status* status = nullptr;      ///< null: it was over from the start
    std::uint32_t number = 0;           ///< of the store's asynchronous saves, this one included
    process_identity writer{};
    std::weak_ptr<segment_core> source; ///< while it is open, waits drive MPI as its waits do
    save_report report;                 ///< all but what the end will tell
    std::optional<save_outcome> outcome;
    bool told = false; ///< the caller has got the error

    [[nodiscard]] bool has_ended() const noexcept {
        return outcome || status == nullptr || status->has_ended(number);
    }

    /// Local. Waits for the end, and takes over what it was.
    /// @throws peer_left  the writer died
    void await();

    /// Local, after await(). Throws its error.
    void raise_failure();
};

} // namespace shmwin::inline v1::detail
