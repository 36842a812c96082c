// SPDX-License-Identifier: MIT
// save_in_flight: the asynchronous save of a store that ends behind it, and what the store is to
// know of it then.
//
// Layer: io.
#pragma once

#include "io/background_save.hpp"
#include "io/pending_state.hpp"
#include "io/previous_blocks.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

struct save_in_flight {
    std::shared_ptr<pending_state> pending;
    std::shared_ptr<background_save> writer; ///< rank 0's
    std::string uuid;                        ///< rank 0 knows
    bool noticed = false;                    ///< the store knows that it ended

    // If .incremental, for the next one.
    std::vector<earlier_object> objects;
    std::uint64_t checksums_offset = 0;
    std::uint64_t n_blocks = 0;
};

} // namespace shmwin::inline v1::detail
