// SPDX-License-Identifier: MIT
// The slot of those threads of a rank that have none of their own.
//
// Layer: memory.
#pragma once

#include "shmwin/memory/slabs.hpp"
#include "shmwin/sync/robust_mutex.hpp"

#include "memory/slab.hpp"

namespace shmwin::inline v1::detail {

class slabs::shared_slot_lock {
  public:
    explicit shared_slot_lock(slabs const& all)
        : number_(all.shared_slot()),
          hold_(all.slot(number_).mutex, all.who_, all.policy_, repair{&all, number_}) {}

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  private:
    struct repair {
        slabs const* all;
        std::uint32_t number;
        void operator()() const noexcept { all->rebuild(number); }
    };
    std::uint32_t number_;
    robust_lock<repair> hold_;
};

} // namespace shmwin::inline v1::detail
