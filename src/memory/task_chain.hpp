// SPDX-License-Identifier: MIT
// task_queue::chain: chunks that are not in a queue yet, or no longer. What is left is given back
// to the heap when it goes. And the bits of a slot's word.
#pragma once

#include "shmwin/memory/task_queue.hpp"

#include <cstdint>
#include <utility>

namespace shmwin::inline v1::detail {

enum class slot_state : std::uint8_t { empty = 0, queued = 1, leased = 2, done = 3 };

inline constexpr unsigned holder_shift = 2;
inline constexpr unsigned attempts_shift = 17;
inline constexpr unsigned number_shift = 32;
inline constexpr std::uint64_t max_15_bits = 0x7fff;

[[nodiscard]] constexpr slot_state state_of(std::uint64_t word) noexcept {
    return static_cast<slot_state>(word & 3U);
}
[[nodiscard]] constexpr std::uint64_t holder_of(std::uint64_t word) noexcept {
    return word >> holder_shift & max_15_bits;
}
[[nodiscard]] constexpr std::uint64_t attempts_of(std::uint64_t word) noexcept {
    return word >> attempts_shift & max_15_bits;
}
[[nodiscard]] constexpr std::uint64_t word_of(slot_state state,
                                              std::uint64_t attempts = 0,
                                              std::uint64_t holder = 0,
                                              std::uint64_t number = 0) noexcept {
    return static_cast<std::uint64_t>(state) | holder << holder_shift | attempts << attempts_shift
           | number << number_shift;
}

/// The first `n` slots.
[[nodiscard]] constexpr std::uint64_t first_bits(unsigned n) noexcept {
    return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

class task_queue::chain {
  public:
    explicit chain(heap const& memory, std::uint64_t first = 0) noexcept
        : memory_(memory), first_(first) {}
    chain(chain const&) = delete;
    chain(chain&&) = delete;
    chain& operator=(chain const&) = delete;
    chain& operator=(chain&&) = delete;
    ~chain() {
        while (first_ != 0) {
            auto& gone = at(first_);
            first_ = gone.next.load(std::memory_order_relaxed);
            try {
                memory_.deallocate(&gone);
            } catch (error const&) { // NOLINT(bugprone-empty-catch): damaged, so it stays
            }
        }
    }

    void push_back(std::uint64_t where) noexcept {
        if (first_ == 0) {
            first_ = where;
        } else {
            at(last_).next.store(where, std::memory_order_relaxed);
        }
        last_ = where;
    }
    void push_front(std::uint64_t where) noexcept {
        at(where).next.store(first_, std::memory_order_relaxed);
        first_ = where;
    }
    /// Somebody else owns them now.
    std::uint64_t release() noexcept { return std::exchange(first_, 0); }

    [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
    [[nodiscard]] std::uint64_t last() const noexcept { return last_; }

  private:
    [[nodiscard]] task_chunk& at(std::uint64_t where) const noexcept {
        return *static_cast<task_chunk*>(memory_.at(where));
    }

    heap const& memory_;
    std::uint64_t first_;
    std::uint64_t last_ = 0; ///< of those pushed back
};

/// Holds the lock for a scope.
class task_queue::locked {
  public:
    explicit locked(task_queue const& of) noexcept
        : hold_(of.state_.mutex, of.waits_.who(), of.waits_.policy(), repair{of}) {}

  private:
    struct repair {
        task_queue const& of;
        void operator()() const noexcept { of.rebuild(); }
    };
    robust_lock<repair> hold_;
};

} // namespace shmwin::inline v1::detail
