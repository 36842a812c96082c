// SPDX-License-Identifier: MIT
// Layer: memory.
#pragma once

#include "shmwin/memory/slabs.hpp"
#include "shmwin/sync/robust_mutex.hpp"

#include "memory/slab.hpp"

namespace shmwin::inline v1::detail {

// The last slot of the rank, for threads that have none of their own.
class slabs::shared_slot_lock {
  public:
    explicit shared_slot_lock(slabs const& all)
        : number_(all.my_first_number_ + all.slots_per_rank_ - 1),
          hold_(all.slot(number_).mutex, all.who_, all.policy_, repair{&all, number_}) {}

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  private:
    struct repair {
        slabs const* all;
        std::uint32_t number;
        void operator()() const { all->rebuild(number); }
    };
    std::uint32_t number_;
    robust_lock<repair> hold_;
};

} // namespace shmwin::inline v1::detail
